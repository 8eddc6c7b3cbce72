#!/usr/bin/env bash
# The demo: makes clips, images and sounds, runs three jobs on them with 3 ranks (sounds for clips; all five tasks; the same
# without guidance), checks the shards and plays what was made. `make demo` builds the programs first. All of it lies in runs/demo and is made anew each time.
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

title 'Twelve clips, four images and four sounds, made with ffmpeg'
rm -rf "$out/clips" "$out/five" "$out/vanilla" "$out/look"
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

title 'All five tasks in one job: the worker plans by itself'
start=$SECONDS
show mpirun -n "$ranks" seehear-worker demo/five.yaml --out "$out/five"
five_seconds=$((SECONDS - start))
show seehear ls "$out/five"
show seehear verify --deep "$out/five"

title 'The same without guidance: the paper calls it vanilla'
start=$SECONDS
show mpirun -n "$ranks" seehear-worker demo/five.yaml --out "$out/vanilla" --set guidance=off
vanilla_seconds=$((SECONDS - start))
show seehear verify --deep "$out/vanilla"

title 'Samples as files, and whether they play'
show seehear extract "$out/clips" bounce rings drift --members json,mp4,flac -o "$out/look/clips"
show seehear extract "$out/five" --all --members json,mp4,flac,png -o "$out/look/five"
show seehear extract "$out/vanilla" --all --members json,mp4,flac,png -o "$out/look/vanilla"
python3 demo/films.py "$out"/look/five/*.mp4 "$out"/look/vanilla/*.mp4

title 'What was made'
zstd -dcq "$out/clips/samples.jsonl.zst" "$out/five/samples.jsonl.zst" | python3 demo/summary.py
cat <<END

12 clips in $clips_seconds s, 12 samples of five tasks in $five_seconds s, without guidance in $vanilla_seconds s; on $ranks ranks (one coordinates) and $(nproc) cores.

  $out/clips/shards/             2 shards: WebDataset tar in zstd, with a record of every byte beside each
  $out/five/shards/              videos, pictures and sounds of all five tasks
  $out/five/samples.jsonl.zst    a row for each sample: losses, seconds by stage, rank, failures
  $out/look/                     films (.mp4), sounds (.flac), pictures (.png), what made them (.json)

  ffplay $out/look/five/joint-rain.mp4                        (turn the volume down first)
  tar --zstd -tf $out/five/shards/shard-000000.tar.zst
  seehear ls $out/five --json                                 (in .build/release)

The models here are small and have random weights: they show that everything works, but what you see and hear is noise
that the aligner has pushed towards its condition, with no meaning. For samples that mean something, name published
weights in a job file: README.md shows how.
END
