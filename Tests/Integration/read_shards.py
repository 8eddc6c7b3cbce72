"""Reads a finished run with the loaders people use and fails on any disagreement with its commit records.

    python3 read_shards.py RUN

Needs webdataset, pandas, zstandard and numpy, and the programs zstd and tar. Reads every shard with webdataset (a
.tar.zst through `pipe:zstd -dcq`, a .tar directly) and with GNU tar, and samples.jsonl.zst with pandas. Nothing of
seehear is used. Prints one line for each check and exits with 1 if anything differs.
"""

import glob
import hashlib
import io
import json
import os
import shlex
import subprocess
import sys

import numpy
import pandas
import webdataset

faults = []


def expect(condition, what):
    if not condition:
        faults.append(what)
        print("FAULT", what)


def plain_tar(path):
    """The bytes of the plain tar."""
    if path.endswith(".tar"):
        with open(path, "rb") as file:
            return file.read()
    return subprocess.run(["zstd", "-dcq", path], check=True, capture_output=True).stdout


def check_tar(path, record):
    """zstd -t, GNU tar's listing, sizes, hashes, and the offsets of every member in the plain tar."""
    name = record["shard"]
    with open(path, "rb") as file:
        raw = file.read()
    expect(len(raw) == record["bytes"], f"{name}: length")
    expect(hashlib.sha256(raw).hexdigest() == record["sha256"], f"{name}: sha256")
    tar = plain_tar(path)
    expect(len(tar) == record["tar_bytes"], f"{name}: tar_bytes")
    expect(hashlib.sha256(tar).hexdigest() == record["tar_sha256"], f"{name}: tar_sha256")
    command = ["tar"] + ([] if name.endswith(".tar") else ["--zstd"]) + ["-tf", path]
    listed = subprocess.run(command, check=True, capture_output=True, text=True)
    names = [f"{f['key']}.{e}" for f in record["frames"] for e in sorted(f["members"])]
    expect(listed.stdout.split() == names, f"{name}: GNU tar lists other members")
    expect(listed.stderr == "", f"{name}: GNU tar says {listed.stderr!r}")
    if not name.endswith(".tar"):
        subprocess.run(["zstd", "-tq", path], check=True)
        for frame in record["frames"]:
            piece = raw[frame["off"] : frame["off"] + frame["clen"]]
            block = subprocess.run(["zstd", "-dcq"], input=piece, check=True, capture_output=True).stdout
            whole = tar[frame["uoff"] : frame["uoff"] + frame["ulen"]]
            expect(block == whole, f"{name}: frame of {frame['key']}")
    return tar


def check_webdataset(path, record, tar):
    """Keys in order, and every member's bytes."""
    url = path if path.endswith(".tar") else f"pipe:zstd -dcq {shlex.quote(path)}"
    samples = list(webdataset.WebDataset(url, shardshuffle=False))
    name = record["shard"]
    expect([s["__key__"] for s in samples] == [f["key"] for f in record["frames"]], f"{name}: webdataset's keys")
    for sample, frame in zip(samples, record["frames"], strict=False):
        members = {k: v for k, v in sample.items() if not k.startswith("__")}
        expect(set(members) == set(frame["members"]), f"{name}: webdataset's members of {frame['key']}")
        for extension, (offset, size) in frame["members"].items():
            data = members.get(extension)
            expect(data == tar[offset : offset + size], f"{name}: {frame['key']}.{extension}")
            if extension.endswith("npy"):
                array = numpy.load(io.BytesIO(data), allow_pickle=False)
                expect(array.flags["C_CONTIGUOUS"], f"{name}: {frame['key']}.{extension} is not in C order")
            elif extension.endswith("json"):
                expect(isinstance(json.loads(data), dict), f"{name}: {frame['key']}.{extension} is no object")


def check_index(run, records):
    """shards.json and samples.jsonl.zst against the records."""
    with open(os.path.join(run, "shards.json")) as file:
        index = json.load(file)
    expect(index["wids_version"] == 1, "shards.json: wids_version")
    full = [r for r in records if r["nsamples"] > 0]
    listed = [(s["url"], s["nsamples"], s["filesize"]) for s in index["shardlist"]]
    expect(listed == [("shards/" + r["shard"], r["nsamples"], r["bytes"]) for r in full], "shards.json: shardlist")

    table = pandas.read_json(os.path.join(run, "samples.jsonl.zst"), lines=True)
    expect(len(table) == sum(r["nsamples"] + r["nfailed"] for r in records), "samples.jsonl.zst: number of rows")
    expect(table["key"].is_unique and table["index"].is_unique, "samples.jsonl.zst: unique keys and indices")
    done = table[table["status"] == "ok"]
    rows = [(row["key"], row["shard"], int(row["offset"])) for _, row in done.iterrows()]
    frames = [(f["key"], r["shard"], f["off"]) for r in records for f in r["frames"]]
    expect(rows == frames, "samples.jsonl.zst: key, shard and offset")
    failed = table[table["status"] == "failed"]
    expect(len(failed) == sum(r["nfailed"] for r in records), "samples.jsonl.zst: failed rows")
    expect(all(set(e) == {"kind", "message"} for e in failed["error"]), "samples.jsonl.zst: errors")
    return len(table), len(failed)


def main(run):
    records = []
    for path in sorted(glob.glob(os.path.join(run, "shards", "shard-*.json"))):
        with open(path) as file:
            records.append(json.load(file))
    expect(records, "there are no commit records")
    for record in records:
        path = os.path.join(run, "shards", record["shard"])
        expect(os.path.exists(path) == (record["nsamples"] > 0), f"{record['shard']}: the file's existence")
        if record["nsamples"] > 0:
            check_webdataset(path, record, check_tar(path, record))
            print(f"{record['shard']}: {record['nsamples']} samples read with webdataset, GNU tar and zstd")
    rows, failed = check_index(run, records)
    print(f"samples.jsonl.zst: {rows} rows read with pandas, {failed} failed")
    return 1 if faults else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(os.path.abspath(sys.argv[1])))
