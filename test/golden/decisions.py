"""Images for models.py and generate.py that leave no decision of a network to rounding.

One maximum that float32 finds elsewhere, or one ReLU it switches, changes gradients by 1e-3 and more, PyTorch's own as much
as ours: of the million ReLUs of a ResNet, or the half million windows of GoogLeNet, a few are that near for most images.
"""

import torch
import torch.nn.functional as F
from torch.overrides import TorchFunctionMode

# Where functions of one value have their kinks.
KINKS = {"relu": [0], "hardtanh": [0, 6], "hardswish": [-3, 3], "hardsigmoid": [-3, 3]}


class Decisions(TorchFunctionMode):
    """Keeps what functions with a kink are given."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def __torch_function__(self, func, types, args=(), kwargs=None):
        name = func.__name__.rstrip("_")
        if name in KINKS:
            self.seen.append((args[0].to(torch.float64, copy=True), KINKS[name]))
        elif name == "max_pool2d":
            self.seen.append((args[0].to(torch.float64, copy=True), {"kernel_size": args[1], **kwargs}))
        return func(*args, **(kwargs or {}))


def gaps(x, kind):
    """How far each decision is from going the other way: a value from the nearest kink, a window's largest from its second."""
    if isinstance(kind, list):
        return torch.stack([(x - kink).abs() for kink in kind]).amin(0)
    size, stride, padding = (kind[key] for key in ["kernel_size", "stride", "padding"])
    h, w = F.max_pool2d(x, **kind).shape[2:]
    x = F.pad(x, (padding, padding + size, padding, padding + size), value=-1e300)
    windows = x.unfold(2, size, stride).unfold(3, size, stride)[:, :, :h, :w].flatten(4)
    first, second = windows.topk(2, -1).values.unbind(-1)
    return torch.where(first == second, torch.inf, first - second)  # equal are zeros of a ReLU, which take no gradient


def decided(net, images, margin):
    """The first seed of images(seed) all of whose decisions are further from going the other way than `margin` times the
    largest error of float32 in their channel. Leaves net in float64."""
    for seed in range(8, 1000):
        seen = []
        for dtype in [torch.float32, torch.float64]:
            with torch.no_grad(), Decisions() as decisions:
                net.to(dtype)(images(seed).to(dtype))
            seen.append(decisions.seen)
        singles, doubles = seen
        margins = [
            (gaps(x, kind) / (x - y).abs().amax([0, 2, 3] if x.dim() == 4 else 0, keepdim=True)).min().item()
            for (y, _), (x, kind) in zip(singles, doubles)
        ]
        if min(margins, default=torch.inf) > margin:
            return seed
    raise ValueError("every seed leaves a decision to rounding")
