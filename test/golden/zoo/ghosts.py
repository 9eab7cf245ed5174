"""GhostNet, PP-LCNetV2 and FasterNet as timm builds them, PaddleClas's forms of the first two, and PaddleClas's ESNet."""

import timm
import torch
from timm.layers import make_divisible
from torch import nn
from torch.nn import functional as F

from mobiles import Downscaled, named


class Clip(nn.Module):
    def forward(self, x):
        return x.clamp(0, 1)


def paddle_ghostnet(name):
    """Gates of a quarter of the channels, not rounded, which clip; a normalisation behind the pooled convolution."""

    def make(classes):
        net = timm.create_model(name, num_classes=classes)
        for m in net.modules():
            if getattr(m, "se", None) is not None:
                wide = m.se.conv_reduce.in_channels
                m.se.conv_reduce = nn.Conv2d(wide, wide // 4, 1)
                m.se.conv_expand = nn.Conv2d(wide // 4, wide, 1)
                m.se.gate = Clip()
        net.conv_head = nn.Conv2d(net.conv_head.in_channels, 1280, 1, bias=False)
        net.norm_head = nn.BatchNorm2d(1280)
        net.forward_head = lambda x: net.classifier(F.relu(net.norm_head(net.conv_head(x.mean((2, 3), keepdim=True)))).flatten(1))
        return net

    return make


def paddle_lcnetv2(name):
    def make(classes):
        net = timm.create_model(name, num_classes=classes)
        net.flatten = nn.Sequential(nn.Flatten(), Downscaled(0.2))
        return net

    return make


def pair(a, b, k, stride=1, groups=1, act=True):
    net = nn.Sequential()
    net.conv = nn.Conv2d(a, b, k, stride, k // 2, groups=groups, bias=False)
    net.bn = nn.BatchNorm2d(b)
    if act:
        net.act = nn.Hardswish()
    return net


class Weigh(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.fc1 = nn.Conv2d(n, n // 4, 1)
        self.fc2 = nn.Conv2d(n // 4, n, 1)

    def forward(self, x):
        return x * F.hardsigmoid(self.fc2(F.relu(self.fc1(x.mean((2, 3), keepdim=True)))))


class Unit(nn.Module):
    """Yu et al. (2021), arXiv 2111.00902, figure 3."""

    def __init__(self, n):
        super().__init__()
        self.pw_1_1 = pair(n // 2, n // 2, 1)
        self.dw_1 = pair(n // 2, n // 2, 3, groups=n // 2, act=False)
        self.se = Weigh(n)
        self.pw_1_2 = pair(n, n // 2, 1)

    def forward(self, x):
        passing, y = x.chunk(2, 1)
        y = self.pw_1_1(y)
        y = self.pw_1_2(self.se(torch.cat([y, self.dw_1(y)], 1)))
        return torch.stack([passing, y], 2).flatten(1, 2)


class Down(nn.Module):
    def __init__(self, a, b):
        super().__init__()
        self.dw_1 = pair(a, a, 3, 2, a, act=False)
        self.pw_1 = pair(a, b // 2, 1)
        self.pw_2_1 = pair(a, b // 2, 1)
        self.dw_2 = pair(b // 2, b // 2, 3, 2, b // 2, act=False)
        self.se = Weigh(b // 2)
        self.pw_2_2 = pair(b // 2, b // 2, 1)
        self.concat_dw = pair(b, b, 3, groups=b)
        self.concat_pw = pair(b, b, 1)

    def forward(self, x):
        y = torch.cat([self.pw_1(self.dw_1(x)), self.pw_2_2(self.se(self.dw_2(self.pw_2_1(x))))], 1)
        return self.concat_pw(self.concat_dw(y))


class ESNet(nn.Module):
    def __init__(self, width, classes):
        super().__init__()
        self.conv1 = pair(3, 24, 3, 2)
        blocks, a = [], 24
        for n, b in [(3, 116), (7, 232), (3, 464)]:
            b = make_divisible(b * width)
            blocks += [Down(a, b), *(Unit(b) for _ in range(n - 1))]
            a = b
        self.blocks = nn.Sequential(*blocks)
        self.conv2 = pair(a, 1024, 1)
        self.last_conv = nn.Conv2d(1024, 1280, 1, bias=False)
        self.dropout = Downscaled(0.2)
        self.fc = nn.Linear(1280, classes)

    def forward(self, x):
        x = self.conv2(self.blocks(F.max_pool2d(self.conv1(x), 3, 2, 1)))
        return self.fc(self.dropout(F.hardswish(self.last_conv(x.mean((2, 3), keepdim=True))).flatten(1)))


def esnet(width):
    return lambda classes: ESNet(width, classes)


MODELS = {
    **{f"ghostnet_{w}": named(f"ghostnet_{w}", drop_rate=0) for w in ["050", "100", "130"]},
    **{f"paddle_ghostnet_{w}": paddle_ghostnet(f"ghostnet_{w}") for w in ["050", "100", "130"]},
    **{f"esnet_{round(w * 100):03}": esnet(w) for w in [0.25, 0.5, 0.75, 1]},
    **{f"lcnetv2_{size}": named(f"lcnetv2_{size}") for size in ["small", "base", "large"]},
    **{f"paddle_lcnetv2_{size}": paddle_lcnetv2(f"lcnetv2_{size}") for size in ["small", "base", "large"]},
    **{f"fasternet_{size}": named(f"fasternet_{size}") for size in ["t0", "t1", "t2", "s", "m", "l"]},
}
TRAINED = ["ghostnet_050", "paddle_ghostnet_050", "esnet_025", "paddle_lcnetv2_small", "fasternet_t0", "fasternet_t2"]
