#!/usr/bin/env bash
# The demo: makes clips and images, plans two jobs on them, runs both on 3 ranks, checks the shards and takes some
# samples out. `make demo` builds the programs first. All of it lies in runs/demo and is made anew each time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. cluster/env.sh local
export PATH=$PWD/${BUILD:-.build/release}:$PATH
out=runs/demo
ranks=${RANKS:-3}

title() { printf '\n== %s\n' "$*"; }
show() { printf '$ %s\n' "$*"; "$@"; }

title 'This machine'
show seehear doctor

title 'Twelve clips and four images, made with ffmpeg'
rm -rf "$out/clips" "$out/images" "$out/look"
demo/make-inputs.sh "$out/input"
ls "$out/input" | xargs

title 'Clips: plan, run, check'
show seehear plan demo/clips.yaml --dry-run
show seehear plan demo/clips.yaml --out "$out/clips" >"$out/plan.txt"
start=$SECONDS
show mpirun -n "$ranks" seehear-worker "$out/clips"
clips_seconds=$((SECONDS - start))
show seehear status "$out/clips"
show seehear ls "$out/clips"
show seehear verify --deep "$out/clips"

title 'Images: the worker plans by itself'
start=$SECONDS
show mpirun -n "$ranks" seehear-worker demo/images.yaml --out "$out/images"
images_seconds=$((SECONDS - start))
show seehear verify --deep "$out/images"

title 'Some samples as files'
show seehear extract "$out/clips" bounce rings drift --members json,mp4,flac -o "$out/look"
show seehear extract "$out/images" fractal --members json,flac -o "$out/look"

title 'What was made'
zstd -dcq "$out/clips/samples.jsonl.zst" "$out/images/samples.jsonl.zst" | python3 demo/summary.py
cat <<END

12 clips in $clips_seconds s and 4 images in $images_seconds s, on $ranks ranks (one coordinates) and $(nproc) cores.

  $out/clips/shards/     2 shards: WebDataset tar in zstd, with a record of every byte beside each
  $out/images/shards/    1 shard
  $out/clips/samples.jsonl.zst   a row for each sample: losses, seconds by stage, rank, failures
  $out/look/             clips with their new sound (.mp4), the sound alone (.flac), what made it (.json)

  ffplay $out/look/bounce.mp4                                 (turn the volume down first)
  tar --zstd -tf $out/clips/shards/shard-000000.tar.zst
  seehear ls $out/clips --json                                (in .build/release)

The models here are small and have random weights: they show that everything works, but what you hear is noise that the
aligner has pushed towards a picture, with no meaning. For sound that means something, name the published weights in a
job file: models: {audio: cvssp/audioldm-m-full, binder: checkpoints/imagebind_huge.pth}. README.md shows how.
END
