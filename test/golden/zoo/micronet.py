"""PaddleClas's MicroNet: Li et al. (2021), arXiv 2108.05894; paddle_models.py compares it to Paddle's own."""

import torch
from timm.layers import make_divisible
from torch import nn
from torch.nn import functional as F


def separable(a, inside, b, k, stride, groups):
    return [
        nn.Conv2d(a, inside, (k, 1), (stride, 1), (k // 2, 0), groups=groups, bias=False),
        nn.BatchNorm2d(inside),
        nn.Conv2d(inside, b, (1, k), (1, stride), (0, k // 2), groups=inside, bias=False),
        nn.BatchNorm2d(b),
    ]


class Holder(nn.Module):
    """Layers in one field, as PaddleClas has many."""

    def __init__(self, field, *layers):
        super().__init__()
        self.field = field
        setattr(self, field, nn.Sequential(*layers))

    def forward(self, x):
        return getattr(self, self.field)(x)


class Shuffle(nn.Module):
    def __init__(self, groups):
        super().__init__()
        self.groups = groups

    def forward(self, x):
        return x.unflatten(1, (self.groups, -1)).transpose(1, 2).flatten(1, 2)


class ShiftMax(nn.Module):
    def __init__(self, n, groups, reduction, starts):
        super().__init__()
        squeezed = make_divisible(n // reduction, 4)
        self.fc = nn.Sequential(nn.Linear(n, squeezed), nn.ReLU(), nn.Linear(squeezed, 2 * len(starts) * n), nn.Hardsigmoid())
        self.groups, self.starts = groups, starts

    def forward(self, x):
        weights = (4 * (self.fc(x.mean((2, 3))) - 0.5)).unflatten(1, (2 * len(self.starts), -1))[..., None, None]
        other = x.unflatten(1, (self.groups, -1)).roll((-1, -1), (1, 2)).flatten(1, 2)
        sums = [x * (weights[:, 2 * i] + a) + other * (weights[:, 2 * i + 1] + b) for i, (a, b) in enumerate(self.starts)]
        return torch.stack(sums).amax(0)


def grouped(a, b, groups):
    return Holder("conv", nn.Conv2d(a, b, 1, groups=groups, bias=False), nn.BatchNorm2d(b))


class Block(nn.Module):
    def __init__(self, a, i, cfg):
        super().__init__()
        s, b, k, g, back = cfg["rows"][i]
        r = 8 if i < cfg["squeezed"] else 16
        all_dynamic = cfg["all"]
        none = nn.Identity()
        wide = a * (4 if i < 3 else cfg["widening"])
        big = lambda groups: ShiftMax(wide, groups, r, cfg["starts"])
        if i < 3:
            dynamic = i > 0 or not all_dynamic
            half = r // 2
            layers = [
                Holder("conv", *separable(a, 2 * a, wide, k, s, a)),
                big(g) if dynamic else nn.ReLU6(),
                Shuffle(g),
                Shuffle(wide // 2) if dynamic else none,
            ]
        elif not back:
            layers = [grouped(a, b, g), ShiftMax(b, g, r, [(1, 0)]) if all_dynamic else none]
        else:
            half = r // 2 if b < wide else r
            layers = [
                grouped(a, wide, g),
                big(g) if all_dynamic else nn.ReLU6(),
                Shuffle(g),
                Holder("conv", *separable(wide, wide, wide, k, s, wide)),
                none,
                big(wide // g),
                Shuffle(wide // 4 if all_dynamic else wide // 2),
            ]
        if back:
            layers += [grouped(wide, b, back), ShiftMax(b, back, half, [(1, 0)]) if all_dynamic else none, Shuffle(back)]
            layers += [Shuffle(b // 2) if all_dynamic else none]
        self.layers = nn.Sequential(*layers)
        self.identity = s == 1 and a == b

    def forward(self, x):
        return self.layers(x) + x if self.identity else self.layers(x)


def last(a, b):
    return Holder("linear", nn.Linear(a, b), nn.BatchNorm1d(b), nn.Hardswish())


class MicroNet(nn.Module):
    def __init__(self, cfg, classes):
        super().__init__()
        p, q = cfg["stem"]
        stem = Holder("stem", Holder("conv", *separable(3, p, p * q, 3, 2, 1), Shuffle(p)), nn.ReLU6())
        before = [p * q, *(row[1] for row in cfg["rows"])]
        self.features = nn.Sequential(stem, *(Block(before[i], i, cfg) for i in range(len(cfg["rows"]))))
        self.classifier = nn.Sequential(last(before[-1], cfg["head"]), nn.Dropout(0.05), last(cfg["head"], classes))

    def forward(self, x):
        return self.classifier(F.hardswish(F.relu6(self.features(x)).mean((2, 3))))


M0 = [(2, 8, 3, 4, 2), (2, 12, 3, 8, 4), (2, 16, 5, 12, 4), (1, 32, 5, 4, 4), (2, 64, 5, 8, 8), (1, 96, 3, 8, 8), (1, 384, 3, 12, 0)]
M1 = [(2, 8, 3, 6, 2), (2, 16, 3, 8, 4), (2, 16, 5, 16, 4), (1, 32, 5, 4, 4), (2, 64, 5, 8, 8), (1, 96, 3, 8, 8), (1, 576, 3, 12, 0)]
M2 = [(2, 12, 3, 8, 4), (2, 16, 3, 12, 4), (1, 24, 3, 16, 4), (2, 32, 5, 6, 4), (1, 32, 5, 8, 4), (1, 64, 5, 8, 8)]
M2 += [(2, 96, 5, 8, 8), (1, 128, 3, 12, 8), (1, 768, 3, 16, 0)]
M3 = [(2, 16, 3, 12, 4), (2, 24, 3, 16, 4), (1, 24, 3, 24, 4), (2, 32, 5, 6, 4), (1, 32, 5, 8, 4), (1, 64, 5, 8, 8), (1, 80, 5, 8, 8)]
M3 += [(1, 80, 5, 10, 8), (2, 120, 5, 10, 10), (1, 120, 5, 12, 10), (1, 144, 3, 12, 12), (1, 864, 3, 12, 0)]


def micronet(stem, rows, widening, squeezed, head, all_dynamic=True):
    starts = [(1, 0), (1, 0)] if all_dynamic else [(1, 0), (0.5, 0.5)]
    cfg = {"stem": stem, "rows": rows, "widening": widening, "squeezed": squeezed, "head": head, "all": all_dynamic, "starts": starts}
    return lambda classes: MicroNet(cfg, classes)


MODELS = {
    "micronet_m0": micronet((2, 2), M0, 4, 5, 640),
    "micronet_m1": micronet((3, 2), M1, 6, 5, 960),
    "micronet_m2": micronet((4, 2), M2, 6, 4, 1024),
    "micronet_m3": micronet((4, 3), M3, 6, 4, 1024, False),
}
TRAINED = ["micronet_m0"]
