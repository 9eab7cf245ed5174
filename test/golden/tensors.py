"""Writes tensors.json, which tensors.test.ts compares with: python test/golden/tensors.py (needs torch). What operations on tensors
mean at ties, NaN, infinities, zeros and empty axes, and the losses of numbers: results and gradients.
"""

import json
import pathlib

import torch
import torch.nn.functional as F

HERE = pathlib.Path(__file__).parent
inf, nan = float("inf"), float("nan")
torch.manual_seed(0)


def nested(v):
    """NaN and infinities as text."""
    if isinstance(v, list):
        return [nested(u) for u in v]
    return str(v) if v != v or v in (inf, -inf) else v


def row(name, f, *inputs, ints=(), **attrs):
    """f's results, and the gradients of Σ yᵢ·(i + 1) where there are some."""
    leaves = [torch.tensor(v, dtype=torch.int64 if i in ints else torch.float32, requires_grad=i not in ints) for i, v in enumerate(inputs)]
    results = f(*leaves)
    results = list(results) if isinstance(results, (tuple, list)) else [results]
    out = {"name": name, "inputs": [nested(v) for v in inputs], "shapes": [list(t.shape) for t in leaves], "ints": list(ints)}
    out |= {"attrs": attrs, "results": [{"shape": list(y.shape), "data": nested(y.detach().double().reshape(-1).tolist())} for y in results]}
    if all(y.requires_grad for y in results):
        sum((y * (torch.arange(y.numel()).reshape(y.shape) + 1.0)).sum() for y in results).backward()
        out["gradients"] = [None if t.grad is None else nested(t.grad.double().reshape(-1).tolist()) for t in leaves]
    return out


special = [nan, inf, -inf, 0.0, -0.0, 1.0, -1.0, 2.5, -2.5, 0.5]
a, b = [nan, 1.0, nan, inf, -inf, inf, 0.0, 1.0, 2.0], [1.0, nan, nan, inf, inf, -1.0, -0.0, 1.0, -2.0]
ties = [[1.0, 3.0, 3.0, 2.0], [5.0, 5.0, 5.0, 5.0], [0.0, -1.0, 0.0, -1.0]]
holes = [[1.0, nan, 3.0], [nan, nan, 9.0], [-inf, 5.0, inf]]
grid = [[0.5, -1.5, 2.0, 0.25], [3.0, 0.0, -0.75, 1.0], [1.5, 2.5, -2.0, 0.125]]
rows = []

for low, high in [(-1, 1), (None, 0.5), (0, None), (2, -2), (0.5, 0.5)]:
    rows.append(row("clamp", lambda x: torch.clamp(x, low, high), special, min=low, max=high))
for p in [0, 1, 2, 3, 0.5, 1.5, -1, -2, -0.5, 7, 70]:
    rows.append(row("pow", lambda x: torch.pow(x, p), [nan, inf, 0.0, 1.0, 0.5, 1.25, 2.0] + ([-1.0, -1.25] if p == int(p) else []), exponent=p))
for name in ["eq", "ne", "lt", "le", "gt", "ge"]:
    f = getattr(torch, name)
    rows.append(row(name, lambda x, y: f(x, y).float(), a, b))
    rows.append(row(name, lambda x, y: f(x, y).float(), [[1, 2], [3, 4]], [1, 4], ints=(0, 1)))
rows.append(row("where", lambda x, y: torch.where(torch.tensor([True, False, True, False, True]), x, y), [1.0, nan, 3.0, inf, -0.0], [nan, 2.0, inf, 4.0, nan]))
for axis in [0, 1]:
    for keepdim in [False, True]:
        for data in [ties, holes]:
            rows.append(row("max", lambda x: x.max(axis, keepdim)[0], data, axis=axis, keepdim=keepdim))
            rows.append(row("min", lambda x: x.min(axis, keepdim)[0], data, axis=axis, keepdim=keepdim))
    for data in [ties, holes]:
        rows.append(row("argmax", lambda x: x.argmax(axis).float(), data, axis=axis))
        rows.append(row("argmin", lambda x: x.argmin(axis).float(), data, axis=axis))
rows.append(row("max", lambda x: x.max(), ties))
rows.append(row("min", lambda x: x.min(), ties))
rows.append(row("argmax", lambda x: x.argmax().float(), ties))
rows.append(row("argmin", lambda x: x.argmin().float(), ties))
for name in ["var", "std"]:
    f = getattr(torch, name)
    for axis in [None, 0, 1, [0, 1]]:
        for correction in [0, 1, 2]:
            rows.append(row(name, lambda x: f(x, axis, correction=correction), grid, axis=axis, correction=correction))
    rows.append(row(name, lambda x: f(x, 1, correction=1, keepdim=True), [[2.0, 2.0, 2.0], [1.0, 2.0, 4.0]], axis=1, keepdim=True))
    rows.append(row(name, lambda x: f(x, 1), [[3.0], [4.0]], axis=1))
for sizes, axis in [(2, 1), (3, 0), (5, 1), ([1, 3], 1), ([0, 4], -1)]:
    rows.append(row("split", lambda x: torch.split(x, sizes, axis), grid, sizes=sizes, axis=axis))
for chunks, axis in [(2, 1), (3, 1), (4, 1), (5, 0), (1, 0)]:
    rows.append(row("chunk", lambda x: torch.chunk(x, chunks, axis), grid, sizes=chunks, axis=axis))
rows.append(row("split", lambda x: torch.split(x, 2, 1), [[], []], sizes=2, axis=1))
for axis in [0, 1, 2, -1, -2]:
    rows.append(row("stack", lambda x, y: torch.stack([x, y], axis), grid, grid[::-1], axis=axis))
    if axis != -2:
        rows.append(row("unsqueeze", lambda x: torch.unsqueeze(x, axis), grid, axis=axis))
for axis in [None, 0, 1, -1, [0, 3]]:
    kept = tuple(axis) if isinstance(axis, list) else axis
    rows.append(row("squeeze", lambda x: x.squeeze() if axis is None else x.squeeze(kept), [[[[1.0], [2.0]]], [[[3.0], [4.0]]]], axis=axis))
rows.append(row("gather", lambda x, i: torch.gather(x, 1, i), grid, [[3, 0], [1, 1], [0, 2]], ints=(1,), axis=1))
rows.append(row("gather", lambda x, i: torch.gather(x, 0, i), grid, [[2, 0, 2, 2], [1, 1, 2, 0]], ints=(1,), axis=0))
rows.append(row("elu", lambda x: F.elu(x), special))
rows.append(row("elu", lambda x: F.elu(x, -0.5), special, alpha=-0.5))

target = [[0.25, -1.5, 1.0, 2.0], [3.0, 1.0, -4.75, 1.5], [1.5, 2.0, -2.5, -3.125]]
shares = torch.softmax(torch.tensor(target), 1)
shares[1, 2] = 0
logs = torch.log_softmax(torch.tensor(grid), 1).tolist()
for reduction in ["mean", "sum", "none"]:
    rows.append(row("mseLoss", lambda x, t: F.mse_loss(x, t, reduction=reduction), grid, target, reduction=reduction))
    rows.append(row("l1Loss", lambda x, t: F.l1_loss(x, t, reduction=reduction), grid, target, reduction=reduction))
    for size in [1, 0.5]:
        rows.append(row("huberLoss", lambda x, t: F.huber_loss(x, t, reduction=reduction, delta=size), grid, target, reduction=reduction, delta=size))
    for size in [1, 0.5, 0]:
        rows.append(row("smoothL1Loss", lambda x, t: F.smooth_l1_loss(x, t, reduction=reduction, beta=size), grid, target, reduction=reduction, beta=size))
    rows.append(row("nllLoss", lambda x, t: F.nll_loss(x, t, reduction=reduction), logs, [3, 0, 2], ints=(1,), reduction=reduction))
    weight = [0.5, 1, 2, 0.25]
    rows.append(row("nllLoss", lambda x, t: F.nll_loss(x, t, torch.tensor(weight), reduction=reduction), logs, [3, 0, 2], ints=(1,), reduction=reduction, weight=weight))
for reduction in ["mean", "sum", "none", "batchmean"]:
    rows.append(row("klDivLoss", lambda x, t: F.kl_div(x, t, reduction=reduction), logs, torch.softmax(torch.tensor(target), 1).tolist(), reduction=reduction))
    rows.append(row("klDivLoss", lambda x, t: F.kl_div(x, t.detach(), reduction=reduction), logs, shares.tolist(), reduction=reduction))
    rows.append(row("klDivLoss", lambda x, t: F.kl_div(x, t, reduction=reduction, log_target=True), logs, torch.log_softmax(torch.tensor(target), 1).tolist(), reduction=reduction, logTarget=True))
for args in [[5], [2, 7], [0, 1, 0.25], [3, 0, -1], [5, 5], [1, 2, 0.3]]:
    rows.append(row("arange", lambda: torch.arange(*args, dtype=torch.float32), args=args))
for args in [[0, 1, 5], [-2, 3, 7], [1, 2, 1], [1, 2, 0], [0.1, 0.7, 4]]:
    rows.append(row("linspace", lambda: torch.linspace(*args), args=args))
for args in [[3], [2, 4], [0], [3, 1]]:
    rows.append(row("eye", lambda: torch.eye(*args), args=args))

about = {"script": "test/golden/tensors.py", "torch": torch.__version__}
(HERE / "tensors.json").write_text(json.dumps({"about": about, "rows": rows}, separators=(",", ":")) + "\n")
