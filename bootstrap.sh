#!/usr/bin/env bash
# Makes this checkout ready to build: packages of the system, and libtorch in .libtorch/.
#
#   ./bootstrap.sh           what a CPU machine needs
#   ./bootstrap.sh --tests   also what only tests use: hosts, disks and clocks of their own
#   ./bootstrap.sh --bundle  also what packs a bundle
#   ./bootstrap.sh --cuda    also the NVIDIA libraries that libtorch_cuda.so loads, for GPU nodes (about 2.6 GB more)
#
#   LIBTORCH=/path           use this libtorch (a folder with include/ and lib/, 2.9 or newer); unpack nothing
#   TORCH_WHEEL=/path/x.whl  unpack this wheel of torch instead of asking pip for one
#   NVIDIA_WHEELS=/path      where the nvidia wheels lie that go with it; default: beside the wheel of torch
#
# Does only what is missing, so a second run takes a fraction of a second. An interrupted one leaves nothing half done.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
root=$PWD

torch=torch==2.11.0
nvidia_cpu=(nvidia-cuda-runtime==13.0.96 nvidia-cuda-cupti==13.0.85)
nvidia_gpu=(
    nvidia-cublas==13.1.0.3 nvidia-cufft==12.0.0.61 nvidia-curand==10.4.0.35 nvidia-cusparse==12.6.3.3
    nvidia-cusolver==12.0.4.66 nvidia-nvjitlink==13.0.88 nvidia-cuda-nvrtc==13.0.88 nvidia-cufile==1.15.1.6
    nvidia-cudnn-cu13==9.19.0.56 nvidia-cusparselt-cu13==0.8.0 nvidia-nccl-cu13==2.28.9 nvidia-nvshmem-cu13==3.4.5)

say() { printf '%s\n' "bootstrap: $*"; }
fail() { printf '%s\n' "bootstrap: $1" "${@:2}" >&2; exit 1; }

cuda=no
tests=no
bundle=no
for argument in "$@"; do
    case $argument in
        --cuda) cuda=yes ;;
        --tests) tests=yes ;;
        --bundle) bundle=yes ;;
        -h | --help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; exit 0 ;;
        *) fail "unknown argument \`$argument\`; there are --cuda, --tests, --bundle and --help" ;;
    esac
done

# ---- Swift ----------------------------------------------------------------------------------------------------------

check_swift() {
    local hint="install the toolchain for this system from swift.org/install and put its usr/bin on PATH"
    command -v swift >/dev/null || fail "there is no swift on PATH; seehear needs Swift 6.2 or newer" "  $hint"
    local text version
    text=$(swift --version 2>/dev/null || true)
    version=$(sed -nE 's/.*Swift version ([0-9]+\.[0-9]+).*/\1/p' <<<"$text" | head -n 1)
    [ -n "$version" ] || fail "\`swift --version\` says nothing of a version: $text" "  $hint"
    at_least "$version" 6 2 || fail "swift is $version; seehear needs 6.2 or newer" "  $hint"
}

# at_least VERSION MAJOR MINOR
at_least() {
    local major=${1%%.*} minor=${1#*.}
    minor=${minor%%.*}
    [ "$major" -gt "$2" ] || { [ "$major" -eq "$2" ] && [ "$minor" -ge "$3" ]; }
}

# ---- Packages of the system -----------------------------------------------------------------------------------------

# Package, and a command that succeeds where the same thing came some other way (a module of the cluster, another
# distribution). dpkg is asked first.
packages=(
    "pkg-config|command -v pkg-config"
    "libstdc++-12-dev|has_header vector"
    "libopenmpi-dev|pkg-config --exists ompi-c"
    "openmpi-bin|command -v mpirun"
    "libopenblas-dev|pkg-config --exists openblas"
    "libsndfile1-dev|pkg-config --exists sndfile"
    "libavformat-dev|pkg-config --exists libavformat"
    "libavcodec-dev|pkg-config --exists libavcodec"
    "libavutil-dev|pkg-config --exists libavutil"
    "libswscale-dev|pkg-config --exists libswscale"
    "libswresample-dev|pkg-config --exists libswresample"
    "libzstd-dev|pkg-config --exists libzstd"
    "libssl-dev|pkg-config --exists libcrypto"
    "ffmpeg|command -v ffmpeg"
    "zstd|command -v zstd"
    "unzip|command -v unzip"
    "python3-pip|python3 -m pip --version"
    "python3-venv|python3 -c 'import venv, ensurepip'"
    "python3-numpy|python3 -c 'import numpy'"
)
[ "$tests" = no ] || packages+=(
    "iproute2|command -v ip"
    "btrfs-progs|command -v mkfs.btrfs"
    "faketime|command -v faketime"
    "chromium|command -v chromium"
)
[ "$bundle" = no ] || packages+=(
    "binutils|command -v strip"
    "patchelf|command -v patchelf"
)

has_header() { printf '#include <%s>\n' "$1" | clang++ -x c++ -fsyntax-only -; }

missing_packages() {
    local entry package probe installed=
    if command -v dpkg-query >/dev/null; then
        installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "${packages[@]%%|*}" 2>/dev/null || true)
    fi
    for entry in "${packages[@]}"; do
        package=${entry%%|*} probe=${entry#*|}
        grep -qxF "installed $package" <<<"$installed" && continue
        eval "$probe" >/dev/null 2>&1 && continue
        printf '%s\n' "$package"
    done
}

install_packages() {
    local missing
    mapfile -t missing < <(missing_packages)
    [ "${#missing[@]}" -gt 0 ] || return 0
    local by_hand="apt-get install --no-install-recommends ${missing[*]}"
    command -v apt-get >/dev/null || fail "these are missing, and there is no apt-get to install them with:" \
        "  ${missing[*]}" "Those are Debian's names; install what this system calls the same, or load its modules."
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || fail "packages are missing, and installing them needs root; ask for:" "  $by_hand"
        as_root=(sudo)
        sudo -n true 2>/dev/null || [ -t 0 ] ||
            fail "packages are missing, and sudo would ask for a password; run this first:" "  sudo $by_hand"
    fi
    say "installing ${missing[*]}"
    "${as_root[@]}" apt-get update -qq ||
        fail "apt-get update failed (is there a network?); these are missing:" "  $by_hand"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" ||
        fail "apt-get could not install them all; by hand:" "  $by_hand"
}

# ---- libtorch -------------------------------------------------------------------------------------------------------

# The version that a libtorch's headers state, such as 2.11; nothing where there are none.
torch_version() {
    local headers=()
    for header in "$1"/include/torch/headeronly/version.h "$1"/include/torch/csrc/api/include/torch/version.h; do
        [ -f "$header" ] && headers+=("$header")
    done
    [ "${#headers[@]}" -gt 0 ] || return 0
    awk '$1 == "#define" && $2 == "TORCH_VERSION_MAJOR" { a = $3 } $1 == "#define" && $2 == "TORCH_VERSION_MINOR" { b = $3 }
        END { if (a ~ /^[0-9]+$/ && b ~ /^[0-9]+$/) print a "." b }' "${headers[@]}"
}

# Says what is wrong with a libtorch, or nothing.
torch_problem() {
    local folder=$1 version library
    for library in libtorch_cpu.so libc10.so; do
        [ -e "$folder/lib/$library" ] || { echo "there is no $folder/lib/$library"; return; }
    done
    [ -d "$folder/include/torch/csrc/api/include" ] || { echo "there is no $folder/include/torch"; return; }
    version=$(torch_version "$folder")
    [ -n "$version" ] || { echo "the headers in $folder/include/torch state no version"; return; }
    at_least "$version" 2 9 || { echo "it is version $version, and seehear needs 2.9 or newer"; return; }
    library=$(ldd "$folder/lib/libtorch_cpu.so" 2>/dev/null | awk '/not found/ { print $1; exit }')
    [ -z "$library" ] || echo "$folder/lib/libtorch_cpu.so needs $library, which is not found"
}

has_cuda_libraries() {
    local library=$1/lib/libtorch_cuda.so
    [ -e "$library" ] && ! ldd "$library" 2>/dev/null | grep -q 'not found'
}

# Brings the wheels of the named requirements into a folder: from beside TORCH_WHEEL where they lie there, else by pip.
fetch_wheels() {
    local into=$1 requirement pattern found wanted=()
    shift
    for requirement in "$@"; do
        pattern=$(tr - _ <<<"${requirement%%==*}")-${requirement#*==}-
        found=
        if [ "${requirement%%==*}" = torch ]; then
            found=${TORCH_WHEEL:-}
        elif [ -n "$beside" ]; then
            found=$(find "$beside" -maxdepth 1 -name "$pattern*.whl" | head -n 1)
        fi
        if [ -n "$found" ]; then ln -s "$found" "$into/"; else wanted+=("$requirement"); fi
    done
    [ "${#wanted[@]}" -gt 0 ] || return 0
    say "downloading ${wanted[*]}"
    local machine platforms=() tag
    machine=$(uname -m)
    for tag in manylinux_2_{28,27,26,25,24,23,22,21,20,19,18,17} manylinux2014 linux; do
        platforms+=(--platform "${tag}_$machine")
    done
    # torch's wheel for one Python is as good as for another: its Python part is left out.
    python3 -m pip download --quiet --no-deps --only-binary=:all: --implementation cp --python-version 3.11 \
        "${platforms[@]}" --dest "$into" "${wanted[@]}" ||
        fail "pip could not download ${wanted[*]}" \
            "  Where there is no network: bring the wheels here and set TORCH_WHEEL=/path/to/torch-….whl, with the" \
            "  nvidia wheels beside it (or in NVIDIA_WHEELS=/path), or set LIBTORCH=/path to an unpacked libtorch."
}

# Unpacks wheels into an empty folder as include/ and lib/.
unpack() {
    local wheels=$1 into=$2 wheel
    mkdir -p "$into/unpacked" "$into/lib"
    for wheel in "$wheels"/*.whl; do
        case ${wheel##*/} in
            torch-*)
                unzip -q -o "$wheel" 'torch/lib/*' 'torch/include/*' -x 'torch/lib/libtorch_python.so' -d "$into/unpacked"
                ;;
            nvidia_cuda_cupti-*) unzip -q -o -j "$wheel" '*/lib/libcupti.so*' -d "$into/lib" ;;
            *) unzip -q -o -j "$wheel" '*/lib/lib*.so*' -d "$into/lib" ;;
        esac || fail "${wheel##*/} cannot be unpacked; is it whole?"
    done
    if [ -d "$into/unpacked/torch" ]; then
        mv "$into/unpacked/torch/include" "$into/include"
        mv "$into"/unpacked/torch/lib/lib*.so* "$into/lib/"
    fi
    rm -rf "$into/unpacked"
}

require_space() {
    local free
    free=$(df -Pk "$root" | awk 'NR == 2 { print int($4 / 1024) }')
    [ "$free" -ge "$1" ] || fail "unpacking libtorch needs $1 MB in $root, and $free MB are free"
}

bring_libtorch() {
    local problem
    if [ -n "${LIBTORCH:-}" ]; then
        case $LIBTORCH in /*) ;; *) fail "LIBTORCH must be an absolute path, and is \`$LIBTORCH\`" ;; esac
        problem=$(torch_problem "$LIBTORCH")
        [ -z "$problem" ] || fail "LIBTORCH=$LIBTORCH cannot be used: $problem"
        [ "$cuda" = no ] || has_cuda_libraries "$LIBTORCH" ||
            fail "LIBTORCH=$LIBTORCH cannot be used with CUDA: libtorch_cuda.so, or a library that it needs, is missing"
        return
    fi
    # One at a time in a checkout; who waited finds the work done. What a killed one left is removed.
    exec 9<"$root"
    flock 9
    rm -rf .libtorch.partial.*
    local requirements=()
    [ -e .libtorch/lib ] && problem=$(torch_problem .libtorch) || problem=absent
    if [ -n "$problem" ]; then
        [ "$problem" = absent ] || say ".libtorch is replaced: $problem"
        requirements+=("$torch" "${nvidia_cpu[@]}")
    fi
    if [ "$cuda" = yes ] && { [ -n "$problem" ] || ! has_cuda_libraries .libtorch; }; then
        requirements+=("${nvidia_gpu[@]}")
    fi
    [ "${#requirements[@]}" -gt 0 ] || return 0

    [ -z "${TORCH_WHEEL:-}" ] || [ -f "$TORCH_WHEEL" ] || fail "TORCH_WHEEL=$TORCH_WHEEL is no file"
    beside=${NVIDIA_WHEELS:-}
    [ -n "$beside" ] || [ -z "${TORCH_WHEEL:-}" ] || beside=$(dirname "$TORCH_WHEEL")
    [ -z "$beside" ] || beside=$(cd "$beside" && pwd) || fail "NVIDIA_WHEELS=$NVIDIA_WHEELS is no folder"
    [ -z "${TORCH_WHEEL:-}" ] || TORCH_WHEEL=$(cd "$(dirname "$TORCH_WHEEL")" && pwd)/${TORCH_WHEEL##*/}
    if [ "$cuda" = yes ]; then require_space 8000; else require_space 2500; fi

    work=$(mktemp -d "$root/.libtorch.partial.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    mkdir "$work/wheels" "$work/new"
    fetch_wheels "$work/wheels" "${requirements[@]}"
    say "unpacking into .libtorch"
    unpack "$work/wheels" "$work/new"
    # Only NVIDIA's libraries were missing: the rest is taken over, as links to the same bytes.
    [ -n "$problem" ] || cp -rln "$(readlink -f .libtorch)"/. "$work/new/"
    problem=$(torch_problem "$work/new")
    [ -z "$problem" ] || fail "what was unpacked cannot be used: $problem"
    [ "$cuda" = no ] || has_cuda_libraries "$work/new" ||
        fail "libtorch_cuda.so still misses: $(ldd "$work/new/lib/libtorch_cuda.so" | awk '/not found/ { print $1 }' | xargs)"
    chmod 755 "$work/new"
    [ ! -e .libtorch ] && [ ! -L .libtorch ] || mv -T .libtorch "$work/old"
    mv -T "$work/new" .libtorch
    say "libtorch $(torch_version .libtorch) is in .libtorch ($(du -sm .libtorch | cut -f 1) MB)"
}

check_swift
install_packages
bring_libtorch
