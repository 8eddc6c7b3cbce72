#!/usr/bin/env bash
# The demo: runs one job of all five tasks on scenes of the toy world with 3 ranks, with `search`, without guidance, from
# captions by models, and with the paper's aligner; checks the shards, plays what was made, and writes a page to look at. `make demo` builds the programs
# first. All of it lies in runs/demo and is made anew each time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. cluster/env.sh local
export PATH=$PWD/${BUILD:-.build/release}:$PATH
out=runs/demo
look=$out/look
ranks=${RANKS:-3}

title() { printf '\n== %s\n' "$*"; }
show() { printf '$ %s\n' "$*"; "$@"; }

python3 -c 'import numpy' || { echo "$(command -v python3) has no numpy, which judges what is made: pip install numpy" >&2; exit 1; }
rm -rf "$out"
mkdir -p "$out"
title 'This machine'
show seehear doctor

title 'One job, five tasks: plan, run, check'
show seehear plan demo/world.yaml --dry-run
show seehear plan demo/world.yaml --out "$out/search" >"$out/plan.txt"
start=$SECONDS
show mpirun -n "$ranks" seehear-worker "$out/search"
search=$((SECONDS - start))
show seehear status "$out/search"
show seehear ls "$out/search"
show seehear verify --deep "$out/search"

title 'The same without guidance; the worker plans by itself'
start=$SECONDS
show mpirun -n "$ranks" seehear-worker demo/world.yaml --out "$out/vanilla" --set guidance=off
vanilla=$((SECONDS - start))
show seehear verify --deep "$out/vanilla"

title 'What models tell of each picture, video and sound, and samples from that: what the paper calls vanilla'
start=$SECONDS
show mpirun -n "$ranks" seehear-worker caption demo/world.yaml --all --out "$out/captioned.jsonl"
grep -v '"task":"joint"' "$out/captioned.jsonl" >"$out/told.jsonl"
show mpirun -n "$ranks" seehear-worker demo/world.yaml --out "$out/captioned" --set "manifest=../$out/told.jsonl" \
    --set guidance=off
captioned=$((SECONDS - start))
show seehear verify --deep "$out/captioned"

title "The first rows with the paper's aligner, which takes longest"
head -n 7 demo/scenes/manifest.jsonl >"$out/first.jsonl"
start=$SECONDS
# Stronger than the preset: these models follow their captions closely.
show mpirun -n "$ranks" seehear-worker demo/world.yaml --out "$out/aligner" --set "manifest=../$out/first.jsonl" \
    --set root=scenes --set preset=official --set 'guidance={learning_rate: 0.1, prompt_learning_rate: 0.1, start: 0}'
aligner=$((SECONDS - start))
show seehear verify --deep "$out/aligner"

title 'Samples as files, and whether they play'
for arm in search vanilla captioned aligner; do
    show seehear extract "$out/$arm" --all --members json,mp4,flac,png -o "$look/$arm"
done
python3 demo/films.py "$look"/*/{a2v,joint}*.mp4
times=(vanilla="$vanilla" captioned="$captioned" aligner="$aligner" search="$search")
python3 demo/judged.py demo/scenes "$look"
python3 demo/page.py "$look" "${times[@]}"

title 'What was made'
python3 demo/summary.py "$look" "${times[@]}"
cat <<DONE

$(wc -l <demo/scenes/manifest.jsonl) samples of five tasks with search in $search s, without guidance in $vanilla s;
$(wc -l <"$out/told.jsonl") captioned by models and made from that in $captioned s;
$(wc -l <"$out/first.jsonl") of them with the paper's aligner in $aligner s. On $ranks ranks (one coordinates) and $(nproc) cores.

  $look/index.html         what was given, and what came without guidance, from captions by models, with the
                                    paper's aligner, and with search, side by side: open it in a browser; the folder can be sent as it is
  $out/search/shards/            WebDataset tar in zstd, with a record of every byte beside it
  $out/search/samples.jsonl.zst  a row for each sample: seconds by stage, rank, failures

  tar --zstd -tf $out/search/shards/shard-000000.tar.zst
  seehear ls $out/search --json                                  (in .build/release)
DONE
