#!/bin/sh
# What goes into an image with both programs, for cluster/Dockerfile and cluster/seehear.def alike.
#
#   cluster/install.sh build     in an image with Swift, on a copy of the checkout: both programs, and libtorch
#   cluster/install.sh run       in a small Debian: what they need, mpirun, and SSH for more than one host
set -eu
case ${1:-} in
build)
    cd "$(dirname "$0")/.."
    ./bootstrap.sh --cuda
    swift build -c release --static-swift-stdlib --product seehear
    swift build -c release --static-swift-stdlib --product seehear-worker
    # Headers are for building only.
    rm -rf .libtorch/include
    mkdir -p bin
    cp .build/release/seehear .build/release/seehear-worker bin/
    ;;
run)
    apt-get update
    apt-get install -y --no-install-recommends libopenmpi3 openmpi-bin openssh-client openssh-server libopenblas0-pthread \
        libsndfile1 libavformat59 libavcodec59 libswscale6 libswresample4 libssl3 zstd
    rm -rf /var/lib/apt/lists/*
    # The MPI operator mounts keys that belong to nobody in particular, and starts `sshd -De` on workers.
    mkdir -p /run/sshd
    printf 'StrictModes no\n' >/etc/ssh/sshd_config.d/seehear.conf
    printf 'Host *\n    StrictHostKeyChecking no\n    UserKnownHostsFile /dev/null\n    LogLevel ERROR\n' \
        >/etc/ssh/ssh_config.d/seehear.conf
    ;;
*) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2; exit 2 ;;
esac
