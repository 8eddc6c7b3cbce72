#!/usr/bin/env python3
"""Writes the checkpoint fixtures: one small file for each layout that PyTorch and safetensors write.

    python3 Tools/goldens/checkpoints.py Tests/Fixtures/Data/checkpoint

Needs torch, numpy and safetensors. Every tensor counts 0, 1, 2 … in its own element type, so that a test knows its
content.
"""

import json
import pathlib
import pickle
import sys
import zipfile
from collections import OrderedDict

import numpy as np
import torch
from safetensors.torch import save_file

out = pathlib.Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)


def count(shape, dtype):
    n = 1
    for s in shape:
        n *= s
    return torch.arange(n).reshape(shape).to(dtype)


types = dict(
    f64=torch.float64,
    f32=torch.float32,
    f16=torch.float16,
    bf16=torch.bfloat16,
    i64=torch.int64,
    i32=torch.int32,
    i16=torch.int16,
    i8=torch.int8,
    u8=torch.uint8,
    bool=torch.bool,
)
every = {name: count((2, 3), dtype) for name, dtype in types.items()}
every["scalar"] = torch.tensor(1.5)
every["empty"] = torch.zeros(0, 4)
save_file(every, out / "types.safetensors", metadata={"format": "pt"})
torch.save(OrderedDict(every), out / "types.pth")

# What a training script leaves behind: a module's own state dict (with _metadata) under a key, beside other things.
module = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
with torch.no_grad():
    module[0].weight.copy_(count((2, 3), torch.float32))
torch.save(
    {
        "epoch": 3,
        "loss": 0.25,
        "tags": ["a", None, True],
        "seen": {1, 2},
        "big": 1 << 40,
        "state_dict": module.state_dict(),
    },
    out / "nested.pth",
)
torch.save({"weight": torch.nn.Parameter(count((2, 2), torch.float32))}, out / "parameter.pth")
torch.save({"weight": count((2, 2), torch.float32)}, out / "protocol4.pth", pickle_protocol=4)

base = count((4, 6), torch.float32)
torch.save(
    {"base": base, "transposed": base.t(), "rows": base[1:3], "columns": base[:, 2:4], "row": base[2:3].t()},
    out / "views.pth",
)
# As PyTorch before 1.6 saved: storages of several types, two tensors in one of them.
legacy = {k: v for k, v in every.items() if k != "empty"} | {"base": base, "columns": base[:, 2:4]}
torch.save(legacy, out / "legacy.pth", _use_new_zipfile_serialization=False)
# What PANNs' training leaves: the state of a sampler in NumPy beside the weights.
sampler = {"indexes_per_class": [np.arange(3), np.arange(2)], "queue": [np.int64(3)], "pointers": np.zeros(2)}
panns = {"iteration": 7, "model": {"weight": count((2, 2), torch.float32)}, "sampler": sampler}
torch.save(panns, out / "sampler.pth")
torch.save(panns, out / "sampler_legacy.pth", _use_new_zipfile_serialization=False)
with open(out / "plain.pkl", "wb") as f:
    pickle.dump({"weight": np.zeros(2)}, f, protocol=2)


class Harmful:
    def __reduce__(self):
        return (print, ("this must never be printed",))


torch.save({"weight": count((2,), torch.float32), "harmful": Harmful()}, out / "forbidden.pth")
with (
    zipfile.ZipFile(out / "parameter.pth") as source,
    zipfile.ZipFile(out / "deflated.pth", "w", zipfile.ZIP_DEFLATED) as target,
):
    for info in source.infolist():
        target.writestr(info.filename, source.read(info))

sharded = out / "sharded"
sharded.mkdir(exist_ok=True)
parts = [{"a": count((2,), torch.float32), "b": count((3,), torch.float16)}, {"c": count((4,), torch.int64)}]
index = {"metadata": {"total_size": 46}, "weight_map": {}}
for number, part in enumerate(parts, 1):
    name = f"model-{number:05}-of-{len(parts):05}.safetensors"
    save_file(part, sharded / name)
    index["weight_map"].update({key: name for key in part})
(sharded / "model.safetensors.index.json").write_text(json.dumps(index, indent=1) + "\n")

# Convolutions under weight normalization, in the old and the new form, and the weights that torch computes of them.
torch.manual_seed(3)
layers = {"conv": torch.nn.Conv1d(3, 4, 5), "up": torch.nn.ConvTranspose1d(4, 2, 3)}
torch.nn.utils.weight_norm(layers["conv"])
torch.nn.utils.parametrizations.weight_norm(layers["up"])
network = torch.nn.ModuleDict(layers)
with torch.no_grad():
    for name, tensor in network.named_parameters():
        if name.endswith(("_g", "original0")):
            tensor.mul_(torch.rand_like(tensor) + 0.5)
torch.save(network.state_dict(), out / "weight_norm.pth")
layers["conv"](torch.zeros(1, 3, 5))  # the old form computes its weight when it is called
save_file(
    {f"{name}.weight": layer.weight.detach().contiguous() for name, layer in layers.items()},
    out / "weight_norm_fused.safetensors",
)

# What other programs leave: TorchScript, a trainer's dict, two sets of weights in one file, a whole module.
torch.jit.script(torch.nn.Linear(3, 2)).save(str(out / "script.pt"))
weight = {"weight": count((2, 2), torch.float32)}
optimizer = torch.optim.Adam([torch.nn.Parameter(torch.zeros(2))])
optimizer.param_groups[0]["params"][0].grad = torch.ones(2)
optimizer.step()
torch.save({"model": weight, "optimizer": optimizer.state_dict(), "step": 7}, out / "trainer.pt")
torch.save({"ema": {"state_dict": weight}, "epoch": 2}, out / "wrapped_twice.pt")
torch.save({"model": weight, "ema": {"weight": -weight["weight"]}}, out / "two_sets.pt")
torch.save(torch.nn.Linear(3, 2), out / "module.pt")
torch.save({"weight": count((2, 2), torch.float32).to(torch.float8_e4m3fn)}, out / "fp8.pth")
save_file({"weight": count((2, 2), torch.float32).to(torch.float8_e4m3fn)}, out / "fp8.safetensors")
