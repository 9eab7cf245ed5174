"""Writes zoo/SERIES.json: python3 test/golden/zoo.py SERIES … (needs torch, torchvision and timm; some series say more).

zoo/SERIES.py has MODELS: fovea's name of a model → a function of the number of classes that makes it in PyTorch, maybe with
the side of the images (default 64); and TRAINED: the names whose gradients are kept too. What auxiliary classifiers count in
training stands in the network's aux_weights. Weights and images are drawn as in
models.py, statistics of normalisations fitted to what they see (calibrate()). Of each model: digest of its names and shapes,
number of parameters, logits of two images in evaluation, all in float64; of those trained the loss and, of each parameter's
gradient, its norm and four sums, and how far PyTorch's float32 is from it where that is more than 2e-4.
"""

import importlib
import json
import math
import pathlib
import sys

import timm
import torch
import torch.nn.functional as F
import torchvision

from decisions import decided
from models import digest, draw, fill, images, numbers, seed_of

# Of larger networks names and shapes alone are kept: they are made of the same layers.
LARGEST = 42_700_000
FOLDER = pathlib.Path(__file__).parent / "zoo"
sys.path.insert(0, str(FOLDER))


def calibrate(net, x):
    """Gives every normalisation statistics of the size of what it sees: the drawn ones times a power of 2 of each, returned in
    the order of the names. Otherwise values grow from block to block until nothing that is added counts."""
    norms = {name: m for name, m in sorted(net.named_modules(), key=lambda pair: pair[0] + ".") if hasattr(m, "running_var")}
    exponents = {}

    def hook(name, m, inputs):
        variance = inputs[0].var([d for d in range(inputs[0].dim()) if d != 1]).mean().item()
        exponents[name] = k = round(math.log2(max(variance, 1e-12)) / 2)
        m.running_var *= 4.0**k
        m.running_mean *= 2.0**k

    hooks = [m.register_forward_pre_hook(lambda m, inputs, name=name: hook(name, m, inputs)) for name, m in norms.items()]
    net(x)
    for h in hooks:
        h.remove()
    return " ".join(str(exponents.get(name, 0)) for name in norms)


def empty(make, classes):
    """A network whose weights nobody has drawn, which takes long for large ones."""
    with torch.device("meta"):
        net = make(classes)
    return net.to_empty(device="cpu").double()


def evaluated(make, size):
    with torch.device("meta"):
        whole = make(1000)
    row = {"digest": digest(whole), "parameters": sum(p.numel() for p in whole.parameters())}
    if row["parameters"] > LARGEST:
        return row
    net = empty(make, 7).eval()
    fill(net)
    with torch.no_grad():
        row["exponents"] = calibrate(net, images(2, size))
        logits = net(images(2, size))
    assert logits.isfinite().all() and 1e-3 < logits.abs().max() < 1e6, logits
    return {**row, "size": size, "logits": numbers(logits)}


def trained(make, size):
    net = empty(make, 10)
    fill(net, training=True)
    for m in net.modules():
        for name in ["p", "drop_prob"]:
            if hasattr(m, name):
                setattr(m, name, 0.0)
    seed = decided(net, lambda seed: images(4, size, seed), 1.5)
    own, logits, loss = gradients(net, images(4, size, seed))
    rough, _, _ = gradients(net.float(), images(4, size, seed).float())
    whole = torch.stack([g.norm() for g in own.values()]).norm()
    rounding = {key: ((rough[key].double() - g).norm() / torch.maximum(g.norm(), 1e-4 * whole)).item() for key, g in own.items()}
    sums = {}
    for key, g in own.items():
        parts = g * draw(seed_of(key) + 1, g.numel())
        sums[key] = numbers(torch.stack([g.norm(), *(parts[j::4].sum() for j in range(4))]), 5)
    return {
        "size": size,
        "images": seed,
        "logits": numbers(logits),
        "loss": loss.item(),
        "gradients": sums,
        "rounding": {key: float(f"{error:.2g}") for key, error in rounding.items() if error > 2e-4},
    }


def gradients(net, x):
    net.zero_grad()
    outputs = net(x)
    logits, *others = outputs if isinstance(outputs, tuple) else [outputs]
    losses = [F.cross_entropy(y, torch.arange(4)) for y in [logits, *others]]
    loss = losses[0] + sum(weight * each for weight, each in zip(getattr(net, "aux_weights", []), losses[1:]))
    loss.backward()
    return {key: p.grad.reshape(-1).clone() for key, p in net.named_parameters()}, logits, loss


def write(series):
    module = importlib.import_module(series)
    rows = {}
    for name, made in module.MODELS.items():
        make, size = made if isinstance(made, tuple) else (made, 64)
        rows[name] = evaluated(make, size)
        if name in module.TRAINED:
            rows[name]["trained"] = trained(make, size)
        print(name, rows[name]["parameters"], rows[name].get("logits", [])[:3], rows[name].get("trained", {}).get("images"), flush=True)
    about = {"script": "test/golden/zoo.py", "torch": torch.__version__, "torchvision": torchvision.__version__, "timm": timm.__version__}
    text = json.dumps({"about": about, "rows": rows}, separators=(",", ":"))
    (FOLDER / f"{series}.json").write_text(text.replace('},"', '},\n"') + "\n")


if __name__ == "__main__":
    torch.manual_seed(0)
    torch.set_num_threads(1)
    for series in sys.argv[1:]:
        write(series)
