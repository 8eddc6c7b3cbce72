#!/usr/bin/env python3
"""Packs the programs with what they need into archives that run on any x86-64 Linux with glibc 2.36 or newer, beside a
libtorch. `make bundle` calls it; docs/bundle.md says what is in them and how they are used.

    Tools/bundle/pack.py [--programs FOLDER] [--also FOLDER]… [--out FOLDER]
"""

import argparse
import json
import lzma
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import contents
import stand_ins
from elf import Elf

ROOT = Path(__file__).resolve().parents[2]


class PackingError(Exception):
    """What keeps a bundle from being made, and what would help."""


def output(*words: str | Path) -> str:
    """What a program prints."""
    try:
        done = subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise PackingError(f"there is no {words[0]}; `./bootstrap.sh --bundle` brings what is needed") from None
    except subprocess.CalledProcessError as error:
        raise PackingError(f"`{' '.join(map(str, words))}` failed: {error.stderr.strip()}") from None
    return done.stdout


def stem(name: str) -> str:
    """A library's name without its versions: libx265 of libx265.so.199."""
    return name.partition(".so")[0]


def libtorch_version(worker: Path) -> str:
    """The version of libtorch that a worker was built for: 2.11."""
    if not worker.is_file():
        raise PackingError(f"there is no {worker}: `make build` makes it")
    version = json.loads(output(worker, "doctor"))["libtorch"].get("version", "")
    if len(version.split(".")) < 2:
        raise PackingError(f"{worker} does not say for which libtorch it was built; see `{worker} doctor`")
    return ".".join(version.split(".")[:2])


def is_torch(name: str) -> bool:
    return name.startswith(contents.TORCH)


class Bundle:
    """A folder that becomes a bundle."""

    def __init__(self, folder: Path):
        self.folder = folder
        # Where each library that something needs lies on this machine, by the name it is needed by.
        self.places: dict[str, Path] = {}
        # Where each packed file came from.
        self.origins: dict[str, Path] = {}
        self.stood_in: list[str] = []

    # ---- What goes in -----------------------------------------------------------------------------------------------

    def add(self, source: Path, path: str) -> None:
        """Copies a program, a library or a plugin, and learns where this machine has what it needs."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
        target.chmod(0o755)
        self.origins[path] = source.resolve()
        for line in output("ldd", source).splitlines():
            name, arrow, place = line.strip().partition(" => ")
            if arrow and place.startswith("/"):
                self.places.setdefault(name, Path(place.rpartition(" (")[0]))

    def add_programs(self, programs: Path, also: list[Path]) -> None:
        """Both programs, and workers that were built for other versions of libtorch."""
        # First, since it needs no libtorch: what lies beside one is not for others.
        self.add(programs / "seehear", "libexec/seehear")
        for folder in (programs, *also):
            version = libtorch_version(folder / "seehear-worker")
            path = f"libexec/torch-{version}/seehear-worker"
            if path in self.origins:
                raise PackingError(f"{folder}/seehear-worker is the second one for libtorch {version}")
            self.add(folder / "seehear-worker", path)
        shutil.copy(ROOT / "Tools/bundle/start", self.folder / "libexec/start")
        (self.folder / "bin").mkdir()
        for name in ("seehear", "seehear-worker", "mpirun"):
            (self.folder / "bin" / name).symlink_to("../libexec/start")
        # seehear looks for the worker beside itself.
        (self.folder / "libexec/seehear-worker").symlink_to("start")

    def add_open_mpi(self) -> None:
        """`mpirun`, its daemon, plugins and texts, where they are looked for below OPAL_PREFIX."""
        paths = dict(line.split(":")[1:] for line in output("ompi_info", "--parsable", "--path", "all").splitlines())
        prefix, plugins, texts = (Path(paths[key]) for key in ("prefix", "pkglibdir", "pkgdatadir"))
        if not (prefix / "bin/orted").is_file():
            raise PackingError(
                f"the Open MPI in {prefix} has no bin/orted; an Open MPI 4 is packed (Debian: openmpi-bin)"
            )
        self.add(prefix / "bin/mpirun", "openmpi/bin/mpirun")
        self.add(prefix / "bin/orted", "openmpi/libexec/orted")
        (self.folder / "openmpi/bin/orted").symlink_to("../../libexec/start")
        for plugin in sorted(plugins.glob("*.so")):
            if not plugin.name.startswith(contents.PLUGINS_LEFT_OUT):
                self.add(plugin, f"openmpi/{plugin.relative_to(prefix)}")
        for text in sorted(texts.glob("help-*.txt")):
            self.copy(text, f"openmpi/{text.relative_to(prefix)}")
        # PMIx has plugins of its own, where start says; unless it is built into Open MPI.
        if "libpmix.so.2" in self.places:
            parts = self.places["libpmix.so.2"].resolve().parent
            for plugin in sorted((parts / "pmix").glob("*.so")):
                self.add(plugin, f"openmpi/pmix/{plugin.name}")
            for text in sorted((parts.parent / "share/pmix").glob("help-*.txt")):
                self.copy(text, f"openmpi/share/pmix/{text.name}")
        # In place of /etc/openmpi, which another Open MPI of the machine may have filled.
        settings = self.folder / "openmpi/etc/openmpi-mca-params.conf"
        settings.parent.mkdir()
        settings.write_text("# Of this bundle's Open MPI; variables and options come before it.\n")

    def add_libraries(self) -> None:
        """All that the files so far need, and what that needs, but what a machine has; stand-ins where that will do."""
        stand_in: set[str] = set()
        waiting = self.packed()
        while waiting:
            for name in Elf(self.folder / waiting.pop()).needed:
                if name in contents.SYSTEM or is_torch(name) or f"lib/{name}" in self.origins:
                    continue
                if name not in self.places:
                    raise PackingError(f"{name} is needed, and this machine has it not")
                if stem(name) in contents.STAND_INS:
                    stand_in.add(name)
                    continue
                self.add(self.places[name], f"lib/{name}")
                waiting.append(f"lib/{name}")
        users = {path: Elf(self.folder / path) for path in self.packed()}
        with tempfile.TemporaryDirectory() as work:
            for name in sorted(stand_in):
                of_it = [user for user in users.values() if name in user.needed]
                stand_ins.make(name, self.places[name], of_it, contents.ANSWERED, self.folder / "lib", Path(work))
        self.stood_in = sorted(stand_in)

    def add_texts(self) -> None:
        self.copy_from_checkout(contents.TEXTS)
        packages: dict[str, str] = {}
        lines = []
        for path in sorted(self.origins):
            package = self.package(self.origins[path])
            if package:
                packages.setdefault(package.split("=")[0], package)
            lines.append(f"{path}\t{package or 'seehear, or the Swift toolchain that built it'}")
        for name in self.stood_in:
            lines.append(f"lib/{stand_ins.name_for(name)}\tstands in for a library that is not called")
        (self.folder / "contents.tsv").write_text("\n".join(sorted(lines)) + "\n")
        for package in sorted(packages):
            self.copy(Path("/usr/share/doc", package, "copyright"), f"licenses/{package}")
        # Which Debian's texts refer to, and those of what is built in.
        for name in ("Apache-2.0", "GPL-2", "GPL-3", "LGPL-2.1", "LGPL-3"):
            self.copy(Path("/usr/share/common-licenses", name), f"licenses/common/{name}")
        for text in sorted((ROOT / ".build/checkouts").glob("*/*")):
            if text.name.startswith(("LICENSE", "NOTICE")):
                self.copy(text, f"licenses/{text.parent.name}/{text.name}")
        swift = Path(shutil.which("swift") or "").resolve().parents[1] / "share/swift/LICENSE.txt"
        self.copy(swift, "licenses/swift")

    def copy_from_checkout(self, names: tuple[str, ...]) -> None:
        """Files, and folders with all that is in them."""
        for source in (ROOT / name for name in names):
            for file in sorted(source.rglob("*")) if source.is_dir() else [source]:
                if not file.is_dir():
                    self.copy(file, str(file.relative_to(ROOT)))

    def copy(self, source: Path, path: str) -> None:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copy(source, target)
        except OSError as error:
            raise PackingError(f"{source} is needed and cannot be read: {error.strerror}") from None

    @staticmethod
    def package(path: Path) -> str | None:
        """The Debian package that a file came with, and its version: libmpi3=4.1.4-3+b1."""
        for name in (path, Path(str(path).removeprefix("/usr"))):
            found = subprocess.run(["dpkg-query", "--search", str(name)], capture_output=True, text=True)
            if found.returncode == 0:
                package = found.stdout.split(": ")[0].split(":")[0]
                version = output("dpkg-query", "--show", "--showformat=${Version}\n", package).splitlines()[0]
                return f"{package}={version}"
        return None

    def packed(self) -> list[str]:
        return sorted(self.origins)

    # ---- How it is made to fit --------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Takes off what is not needed to run, and has each file find the others by itself."""
        for path in self.packed():
            file = self.folder / path
            output("strip", "--strip-unneeded", file)
            replaced = sorted(set(self.stood_in).intersection(Elf(file).needed))
            if replaced:
                pairs = [word for name in replaced for word in ("--replace-needed", name, stand_ins.name_for(name))]
                output("patchelf", *pairs, file)
            to_libraries = os.path.relpath(self.folder / "lib", file.parent)
            # An RPATH, not a RUNPATH: it comes before LD_LIBRARY_PATH, in which other builds of the same may lie.
            output("patchelf", "--force-rpath", "--set-rpath", f"$ORIGIN/{to_libraries}".removesuffix("/."), file)

    def check(self) -> None:
        """Looks whether what is packed will start elsewhere."""
        problems = []
        lib = self.folder / "lib"
        for path in [*self.packed(), *(f"lib/{stand_ins.name_for(name)}" for name in self.stood_in)]:
            file = Elf(self.folder / path)
            for name in file.needed:
                if name not in contents.SYSTEM and not is_torch(name) and not (lib / name).is_file():
                    problems.append(f"{path} needs {name}, which is not packed")
            for versions in file.wanted.values():
                for version in versions:
                    kind, _, number = version.partition("_")
                    limit = contents.NEWEST.get(kind)
                    if limit and number[:1].isdigit() and tuple(map(int, number.split("."))) > limit:
                        newest = ".".join(map(str, limit))
                        problems.append(
                            f"{path} asks for {version}, and machines have {kind}_{newest}: build on Debian 12"
                        )
        if problems:
            raise PackingError("\n  ".join(["this would not run everywhere:", *problems]))

    # ---- What comes out ---------------------------------------------------------------------------------------------

    def sizes(self) -> dict[str, int]:
        """Bytes by component."""
        found = {name: 0 for name, _ in contents.COMPONENTS}
        for file in self.folder.rglob("*"):
            if file.is_symlink() or not file.is_file():
                continue
            path = str(file.relative_to(self.folder))
            component = next(name for name, starts in contents.COMPONENTS if path.startswith(starts))
            found[component] += file.stat().st_size
        return found


def archive(folder: Path, name: str, into: Path, time: int, *, code: bool) -> Path:
    """Packs a folder, under a name: the same bytes for the same files. Code goes through a filter made for it."""
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME}]
    if code:
        filters.insert(0, {"id": lzma.FILTER_X86})

    def settled(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = ""
        entry.mtime = time
        entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
        return entry

    partial = into.with_name(into.name + ".partial")
    with lzma.open(partial, "wb", filters=filters) as stream, tarfile.open(fileobj=stream, mode="w") as tar:
        tar.add(folder, name, filter=settled)  # in the order of names
    partial.rename(into)
    return into


def megabytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB"


def pack(programs: Path, also: list[Path], out: Path) -> None:
    version = output(programs / "seehear", "--version").strip() if (programs / "seehear").is_file() else ""
    if not version:
        raise PackingError(f"there is no {programs / 'seehear'}: `make build` makes it")
    name = f"seehear-{version}-x86_64"
    time = int(os.environ.get("SOURCE_DATE_EPOCH") or output("git", "-C", ROOT, "log", "-1", "--format=%ct"))
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out) as work:
        bundle = Bundle(Path(work, "bundle"))
        bundle.folder.mkdir()
        bundle.add_programs(programs, also)
        bundle.add_open_mpi()
        bundle.add_libraries()
        bundle.settle()
        bundle.check()
        bundle.add_texts()
        demo = Bundle(Path(work, "demo"))
        demo.copy_from_checkout(contents.DEMO)
        sizes = bundle.sizes()
        for component, size in sizes.items():
            print(f"  {component:<26}{megabytes(size):>9}")
        print(f"  {'':<26}{megabytes(sum(sizes.values())):>9}, {len(bundle.stood_in)} libraries have stand-ins")
        for folder, file, code in ((bundle, f"{name}.tar.xz", True), (demo, f"seehear-{version}-demo.tar.xz", False)):
            made = archive(folder.folder, name, out / file, time, code=code)
            print(f"{os.path.relpath(made)}: {megabytes(made.stat().st_size)}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--programs", type=Path, default=ROOT / ".build/release", help="where seehear and seehear-worker lie"
    )
    parser.add_argument(
        "--also", type=Path, action="append", default=[], help="where a seehear-worker for another libtorch lies"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "bundle", help="where the archives go")
    arguments = parser.parse_args()
    try:
        pack(arguments.programs, arguments.also, arguments.out)
    except PackingError as error:
        print(f"bundle: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
