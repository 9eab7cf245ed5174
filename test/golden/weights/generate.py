"""Writes the weight files that test/io/torch.test.ts and safetensors.test.ts read: python3 test/golden/weights/generate.py

Needs torch, numpy and safetensors. expected.json holds what the files say: name -> dtype in a state dict, shape, values
(as float64 or integers, row-major).
"""

import argparse
import collections
import json
import pathlib

import torch
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent


def ramp(*shape):
    n = 1
    for s in shape:
        n *= s
    return (torch.arange(n, dtype=torch.float32) * 0.37 - 3).reshape(shape)


def every_type():
    halves = torch.tensor([0.0, -0.0, 1.0, -2.5, 65504.0, 6e-5, 6e-8, 3.3e-5, float("inf"), -float("inf")])
    return {
        "f32": ramp(2, 3),
        "f16": halves.to(torch.float16),
        "bf16": ramp(5).to(torch.bfloat16),
        "f64": torch.tensor([1 / 3, -1e300, 1e-300, 7.0], dtype=torch.float64),
        "i64": torch.tensor([2**40, -5]),
        "i32": torch.tensor([[-(2**31), 7]], dtype=torch.int32),
        "i16": torch.tensor([-300, 300], dtype=torch.int16),
        "i8": torch.tensor([-128, 127], dtype=torch.int8),
        "u8": torch.tensor([0, 255, 3], dtype=torch.uint8),
        "bool": torch.tensor([True, False]),
        "scalar": torch.tensor(4),
        "empty": torch.zeros(0, 3),
    }


def views():
    base = ramp(4, 6)
    long = torch.arange(12).reshape(3, 4)
    return {
        "transposed": base.t(),
        "row": base[2],
        "column": base[:, 1],
        "every_second": base[::2, 1::2],
        "expanded": base[0, :1].expand(3),
        "channels_last": ramp(2, 3, 2, 2).to(memory_format=torch.channels_last),
        "long_transposed": long.t(),
        "half_transposed": base.to(torch.float16).t(),
        "parameter": torch.nn.Parameter(base),
    }


def describe(state):
    rows = {}
    for name, t in state.items():
        t = t.detach()
        whole = not t.is_floating_point()
        values = t.reshape(-1).to(torch.int64 if whole else torch.float32).tolist()
        text = [str(v) for v in values]  # JSON knows no inf, and no 2**53 + 1
        rows[name] = {"dtype": "I64" if whole else "F32", "shape": list(t.shape), "values": text}
    return rows


def main():
    state = {**every_type(), **views()}
    ordered = collections.OrderedDict(state)
    checkpoint = {
        "epoch": 3,
        "best_acc1": 71.5,
        "history": [1, 2.5, None, True, (1, 2, 3, 4), "x" * 300],
        "args": argparse.Namespace(lr=0.1, name="näme"),
        "big": 2**70,
        "optimizer": {"state": {0: {"exp_avg": ramp(3)}}, "param_groups": [{"lr": 0.1, "params": [0]}]},
        "state_dict": ordered,
        "state_dict_ema": {"module.f32": ramp(2, 3) * 2},
    }
    model = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))
    torch.manual_seed(1)
    for name, zipped in (("zip", True), ("legacy", False)):
        torch.save(ordered, HERE / f"{name}.pth", _use_new_zipfile_serialization=zipped)
        torch.save(checkpoint, HERE / f"{name}-checkpoint.pth", _use_new_zipfile_serialization=zipped)
    torch.save({"model": model.state_dict()}, HERE / "protocol4.pth", pickle_protocol=4)
    torch.save(model, HERE / "module.pth")
    torch.jit.script(model).save(str(HERE / "script.pth"))
    save_file({k: v.contiguous() for k, v in every_type().items()}, HERE / "reference.safetensors", {"format": "pt"})
    expected = {"torch": torch.__version__, "state": describe(state)}
    (HERE / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


main()
