#!/usr/bin/env bash
# The demo: runs one job of all five tasks on scenes of the toy world with 3 ranks, with the aligner and without, checks the
# shards, plays what was made, and writes a page to look at. `make demo` builds the programs first. All of it lies in runs/demo
# and is made anew each time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. cluster/env.sh local
export PATH=$PWD/${BUILD:-.build/release}:$PATH
out=runs/demo
ranks=${RANKS:-3}

title() { printf '\n== %s\n' "$*"; }
show() { printf '$ %s\n' "$*"; "$@"; }

rm -rf "$out"
mkdir -p "$out"
title 'This machine'
show seehear doctor

title 'One job, five tasks: plan, run, check'
show seehear plan demo/world.yaml --dry-run
show seehear plan demo/world.yaml --out "$out/aligned" >"$out/plan.txt"
start=$SECONDS
show mpirun -n "$ranks" seehear-worker "$out/aligned"
aligned_seconds=$((SECONDS - start))
show seehear status "$out/aligned"
show seehear ls "$out/aligned"
show seehear verify --deep "$out/aligned"

title 'The same without guidance, which the paper calls vanilla; the worker plans by itself'
start=$SECONDS
show mpirun -n "$ranks" seehear-worker demo/world.yaml --out "$out/vanilla" --set guidance=off
vanilla_seconds=$((SECONDS - start))
show seehear verify --deep "$out/vanilla"

title 'Samples as files, and whether they play'
show seehear extract "$out/aligned" --all --members json,mp4,flac,png -o "$out/look/aligned"
show seehear extract "$out/vanilla" --all --members json,mp4,flac,png -o "$out/look/vanilla"
python3 demo/films.py "$out"/look/aligned/{a2v,joint}*.mp4 "$out"/look/vanilla/{a2v,joint}*.mp4
cp demo/scenes/*.{mp4,wav,png} "$out/look/"
python3 demo/page.py demo/scenes "$out/look"

title 'What was made'
zstd -dcq "$out/aligned/samples.jsonl.zst" | python3 demo/summary.py
cat <<END

$(wc -l <demo/scenes/manifest.jsonl) samples of five tasks in $aligned_seconds s, without guidance in $vanilla_seconds s; on $ranks ranks (one coordinates) and $(nproc) cores.

  $out/look/index.html            what was given, what came without the aligner, and with it, side by side: open it in a browser
  $out/aligned/shards/            WebDataset tar in zstd, with a record of every byte beside it
  $out/aligned/samples.jsonl.zst  a row for each sample: losses, seconds by stage, rank, failures

  tar --zstd -tf $out/aligned/shards/shard-000000.tar.zst
  seehear ls $out/aligned --json                                 (in .build/release)
END
