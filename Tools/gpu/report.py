"""The page of what Tools/gpu/check found: Benchmarks/gpu.md."""

HEAD = """# On a GPU

`Tools/gpu/check --table RESULT.json` makes this page from what a check found; edit neither numbers nor words here. \
[docs/bench.md](../docs/bench.md) says what is measured, and how.
"""

NONE = """
**No GPU has run it yet.** The script runs from end to end on a CPU with small models \
(`Tools/gpu/check --device cpu --small`). Once a GPU has run it, this page has:

- the machine, and what each part of the check came to: `doctor`, `selftest`, the demo on the device
- official video-to-audio settings, a clip of 8 seconds: seconds from conditions to waveform, the share of that time \
in which a kernel ran, peak memory
- a guided and a plain step of each task, in fp32, TF32 and bf16, with CUDA graphs and without, in batches of 1, 4, \
8 and 16, beside the Python reference in PyTorch's eager mode
- each stage of a step beside the time that the device's own ceilings allow, and which of them limits it
- peak memory of a video of 512×512 and 16 frames with the prompt tuned
"""


def number(value, places=2):
    return "–" if value is None else f"{value:.{places}f}"


def milliseconds(seconds):
    if seconds is None:
        return "–"
    value = seconds * 1e3
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def gigabytes(value):
    return "–" if value is None else f"{value / 1e9:.2f}"


def table(rows):
    lines = ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join([lines[0], "|---" * len(rows[0]) + "|", *lines[1:]])


def precision(report):
    """The numbers of a bench, as one reads them."""
    return "TF32" if report["tf32"] else report["precision"]


def kind(report):
    """How a bench computed."""
    memory = "" if report["memory"] == "auto" else f", memory {report['memory']}"
    return precision(report) + (", graphs" if report["graphs"] else "") + memory


def benches(result):
    """The reports of seehear-worker bench, in the order in which they were made."""
    return [
        part["report"]
        for part in result["parts"]
        if part["report"] and str(part["report"].get("schema", "")).startswith("seehear.bench/")
    ]


def references(result):
    """Seconds of the reference's steps by task, precision as one reads it, batch and guidance."""
    times = {}
    for part in result["parts"]:
        report = part["report"]
        if report and part["name"].startswith("reference-"):
            name = "TF32" if report["precision"] == "tf32" else report["precision"]
            for step in report["steps"]:
                times[report["task"], name, step["batch"], step["guided"]] = step["step"]["median"]
    return times


def machine(result):
    doctor = next((part["report"] for part in result["parts"] if part["name"] == "doctor" and part["report"]), None)
    host = result["host"]
    lines = [f"{result['began']}; {host['processor']}, {host['processors']} processors."]
    if doctor:
        torch = doctor["libtorch"]
        devices = ", ".join(device["name"] for device in torch["devices"] if device["name"] != "cpu")
        lines.append(f"libtorch {torch['version']}, {torch['instructions']}; {devices or 'no CUDA device'}.")
        if "nvidia_smi" in doctor:
            lines.append(f"{doctor['nvidia_smi']} (name, driver, memory, power limit).")
    if result["small"]:
        lines.append("**Small models and few steps: what this shows is that everything runs, and no speed.**")
    return "\n".join(lines)


def steps(result):
    theirs = references(result)
    rows = [
        [
            "task",
            "numbers",
            "batch",
            "guided step, ms",
            "a sample, ms",
            "reference, ms",
            "times as fast",
            "plain step, ms",
            "reference, ms",
            "times as fast",
            "peak, GB",
        ]
    ]
    for report in benches(result):
        ours = {(step["batch"], step["guided"]): step for step in report["steps"]}
        for batch in sorted({batch for batch, _ in ours}):
            cells = [report["task"], kind(report), batch]
            for guided in (True, False):
                step = ours.get((batch, guided))
                seconds = step and step["step"]["median"]
                reference = theirs.get((report["task"], precision(report), batch, guided))
                cells.append(milliseconds(seconds))
                if guided:
                    cells.append(milliseconds(seconds / batch if seconds else None))
                cells += [milliseconds(reference), number(reference / seconds) if reference and seconds else "–"]
            peak = max(step["peak_bytes"] for (size, _), step in ours.items() if size == batch)
            rows.append([*cells, gigabytes(peak)])
        for batch in report["out_of_memory"]:
            rows.append([report["task"], kind(report), batch, "out of memory", *["–"] * 7])
    return table(rows) if len(rows) > 1 else "Nothing was measured."


def samples(result):
    head = ["task", "numbers", "batch", "lasts, s", "steps", "of them guided", "seconds", "a sample", "GPU busy"]
    rows = [[*head, "peak, GB"]]
    for report in benches(result):
        for sample in report["samples"]:
            gpu = sample.get("gpu")
            rows.append(
                [
                    report["task"],
                    kind(report),
                    sample["batch"],
                    number(sample["lasts"]),
                    sample["steps"],
                    sample["guided_steps"],
                    number(sample["seconds"]),
                    number(sample["seconds"] / sample["batch"]),
                    f"{gpu['busy'] * 100:.0f} %" if gpu else "not measured",
                    gigabytes(sample["peak_bytes"]),
                ]
            )
    return table(rows) if len(rows) > 1 else "Nothing was measured."


def stages(result):
    text = []
    for report in benches(result):
        for step in report["steps"]:
            if not step["guided"] or step["batch"] not in (1, max(s["batch"] for s in report["steps"])):
                continue
            rows = [["stage", "ms", "GFLOP", "GB", "operations", "at best, ms", "limited by", "reached"]]
            for stage in step["stages"]:
                work, bounds = stage["work"], stage["bounds"]
                flops = work["product_flops"] + work["convolution_flops"] + work["attention_flops"]
                rows.append(
                    [
                        stage["name"],
                        milliseconds(stage["seconds"]["median"]),
                        number(flops / 1e9, 1),
                        number(work["bytes"] / 1e9),
                        work["operations"],
                        milliseconds(max(bounds.values())),
                        stage["limit"],
                        f"{stage['share'] * 100:.0f} %",
                    ]
                )
            text.append(f"{report['task']}, {kind(report)}, batch {step['batch']}:\n\n{table(rows)}")
    return "\n\n".join(text) or "Nothing was measured."


def ceilings(result):
    rows = [["numbers", "products, GFLOP/s", "convolutions, GFLOP/s", "memory, GB/s", "an operation, µs"]]
    seen = set()
    for report in benches(result):
        name = precision(report)
        if name in seen:
            continue
        seen.add(name)
        best = report["ceilings"]
        rows.append(
            [
                name,
                number(best["product_flops_per_second"] / 1e9, 0),
                number(best["convolution_flops_per_second"] / 1e9, 0),
                number(best["memory_bytes_per_second"] / 1e9, 0),
                number(best["seconds_per_operation"] * 1e6, 1),
            ]
        )
    return table(rows) if len(rows) > 1 else "Nothing was measured."


def parts(result):
    rows = [["part", "came to", "seconds", ""]]
    for part in result["parts"]:
        rows.append([part["name"], part["status"], part["seconds"], (part["reason"] or "").replace("|", "/")])
    return table(rows) if len(rows) > 1 else "Nothing has run."


def page(result):
    """Markdown; without a result what the page will have."""
    if result is None:
        return HEAD + NONE
    sections = [
        ("", machine(result)),
        ("Whole samples", samples(result)),
        ("Steps", steps(result)),
        ("What limits each stage of a guided step", stages(result)),
        ("What the device reaches", ceilings(result)),
        ("The parts of the check", parts(result)),
    ]
    return HEAD + "".join(f"\n## {title}\n{text}\n" if title else f"\n{text}\n" for title, text in sections)
