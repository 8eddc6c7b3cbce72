"""What a bundle holds, and what it leaves to the machine. A library that no list here names is packed."""

# Of glibc and gcc: every machine has its own, and libtorch is loaded beside it.
SYSTEM = {
    "ld-linux-x86-64.so.2",
    "libc.so.6",
    "libm.so.6",
    "libmvec.so.1",
    "libdl.so.2",
    "librt.so.1",
    "libpthread.so.0",
    "libresolv.so.2",
    "libutil.so.1",
    "libstdc++.so.6",
    "libgcc_s.so.1",
}

# The newest versions of those that a packed file may ask for: what Debian 12 has.
NEWEST = {"GLIBC": (2, 36), "GLIBCXX": (3, 4, 30), "CXXABI": (1, 3, 13), "GCC": (12, 0, 0)}

# libtorch, by the beginnings of its libraries' names; what these need lies beside them or in wheels of their own.
TORCH = ("libtorch", "libc10")

# Debian's FFmpeg and curl name these, and seehear never calls them: encoders and protocols that it does not ask for,
# decoders of what FFmpeg decodes itself, hardware. In their place stand libraries of the same names, with the symbols
# that are looked for. Not among them: what reads something that is read (dav1d, libjxl, snappy, lzma, bz2), and what is
# asked whether a file is its own (libgme, libopenmpt).
STAND_INS = {
    # Encoders.
    "libSvtAv1Enc",
    "libaom",
    "libmp3lame",
    "librav1e",
    "libshine",
    "libtheoraenc",
    "libtwolame",
    "libvorbisenc",
    "libwebp",
    "libwebpmux",
    "libx265",
    "libxvidcore",
    # Decoders of which FFmpeg has its own and prefers it.
    "libgsm",
    "libopenjp2",
    "libspeex",
    "libtheoradec",
    "libvpx",
    # Decoders of formats that no container on the list of seehear holds, and drawings and subtitles.
    "libcairo",
    "libcodec2",
    "libglib-2.0",
    "libgobject-2.0",
    "librsvg-2",
    "libzvbi",
    # Networks and discs; playlists.
    "libbluray",
    "libgnutls",
    "librabbitmq",
    "librist",
    "libsrt-gnutls",
    "libssh-gcrypt",
    "libxml2",
    "libzmq",
    # Protocols and logins of curl, which Swift's Foundation asks caption servers with, over HTTP alone.
    "libgssapi_krb5",
    "liblber-2.5",
    "libldap-2.5",
    "librtmp",
    "libssh2",
    # Fingerprints.
    "libchromaprint",
    # Hardware and screens.
    "libOpenCL",
    "libX11",
    "libdrm",
    "libmfx",
    "libva",
    "libva-drm",
    "libva-x11",
    "libvdpau",
}

# Functions of stand-ins that are called nevertheless, and whose callers take 0 for "not here" or "done": FFmpeg asks
# encoders for their properties when it makes its list of codecs, and Codec 2 for a decoder when it opens one; curl
# starts libssh2 and asks for its version. Any other ends the process.
ANSWERED = {
    "aom_codec_av1_cx",
    "aom_codec_get_caps",
    "aom_codec_version",
    "codec2_create",
    "libssh2_exit",
    "libssh2_init",
    "libssh2_version",
    "vpx_codec_get_caps",
    "vpx_codec_vp9_cx",
    "x265_api_get_199",
}

# Plugins of Open MPI that are left out, by the beginnings of their names: network hardware whose libraries read drivers
# and settings of the machine, OpenSHMEM, files by MPI, and measuring.
PLUGINS_LEFT_OUT = (
    "libompi_dbg",
    "mca_atomic_",
    "mca_btl_ofi",
    "mca_btl_openib",
    "mca_coll_monitoring",
    "mca_fbtl_",
    "mca_fcoll_",
    "mca_fs_",
    "mca_io_",
    "mca_memheap_",
    "mca_mtl_",
    "mca_osc_monitoring",
    "mca_osc_ucx",
    "mca_pml_monitoring",
    "mca_pml_ucx",
    "mca_scoll_",
    "mca_sharedfp_",
    "mca_spml_",
    "mca_sshmem_",
)

# What a component of the table is called, by the beginnings of its files' paths.
COMPONENTS = (
    ("programs", ("libexec/", "bin/")),
    ("Swift", ("lib/libswift", "lib/libFoundation", "lib/lib_Foundation", "lib/libdispatch", "lib/libBlocksRuntime")),
    ("FFmpeg", ("lib/libav", "lib/libsw")),
    (
        "Open MPI",
        ("openmpi/", "lib/libmpi", "lib/libopen-", "lib/libmca", "lib/libpmix", "lib/libhwloc", "lib/libevent"),
    ),
    ("other libraries", ("lib/",)),
    ("scripts, texts, licences", ("",)),
)

# From the checkout, beside the programs.
TEXTS = ("LICENSE", "NOTICE", "README.md", "docs", "cluster/README.md", "cluster/env.sh", "cluster/launch")
TEXTS += ("cluster/hostfile.example", "cluster/seehear.sbatch", "eval/protocols")

# From the checkout, in the archive of the demo.
DEMO = ("demo/world.yaml", "demo/scenes", "Models/toyworld", "Models/labels")
