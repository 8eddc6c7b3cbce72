"""Reads rows of samples.jsonl.zst, decompressed, and says what became of the samples and how their losses and scores went."""

import json
import sys

rows = [json.loads(line) for line in sys.stdin]
done = [row for row in rows if row["status"] == "ok"]
print(f"{len(done)} of {len(rows)} samples were made, {len(rows) - len(done)} failed")
for task in sorted({row["task"] for row in done}):
    losses = [row["losses"] for row in done if row["task"] == task and row["losses"]]
    if losses:
        first = sum(steps[0] for steps in losses) / len(losses)
        last = sum(steps[-1] for steps in losses) / len(losses)
        fell = sum(steps[-1] < steps[0] for steps in losses)
        print(
            f"{task}: the loss went from {first:.3f} at the first guided step to {last:.3f} at the last, on average;"
            f" it fell for {fell} of {len(losses)}"
        )
    scores = [row["score"] for row in done if row["task"] == task and row["score"] is not None]
    if scores:
        print(f"{task}: the binder's score of what was made is {sum(scores) / len(scores):.3f} on average")
