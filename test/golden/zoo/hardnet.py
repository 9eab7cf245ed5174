"""HarDNet, which neither timm nor torchvision has: written down from the paper and PaddleClas's sizes."""

import torch
from torch import nn


def conv(cin, cout, k, stride=1):
    net = nn.Sequential()
    net.add_module("conv", nn.Conv2d(cin, cout, k, stride, k // 2, bias=False))
    net.add_module("norm", nn.BatchNorm2d(cout))
    net.add_module("relu", nn.ReLU6())
    return net


def depthwise(width, stride):
    net = nn.Sequential()
    net.add_module("dwconv", nn.Conv2d(width, width, 3, stride, 1, groups=width, bias=False))
    net.add_module("norm", nn.BatchNorm2d(width))
    return net


def links(n):
    """Numbers of the layers that layer n sees; 0 is the input."""
    return [n - 2**i for i in range(10) if n % 2**i == 0]


class Block(nn.Module):
    def __init__(self, cin, growth, factor, depth, separable):
        super().__init__()
        widths = [cin] + [(int(growth * factor ** (len(links(n)) - 1)) + 1) // 2 * 2 for n in range(1, depth + 1)]
        self.layers = nn.ModuleList()
        for n in range(1, depth + 1):
            seen = sum(widths[k] for k in links(n))
            if separable:
                layer = nn.Sequential()
                layer.add_module("layer1", conv(seen, widths[n], 1))
                layer.add_module("layer2", depthwise(widths[n], 1))
            else:
                layer = conv(seen, widths[n], 3)
            self.layers.append(layer)
        self.out = [n for n in range(1, depth + 1) if n % 2 or n == depth]
        self.width = sum(widths[n] for n in self.out)

    def forward(self, x):
        maps = [x]
        for n, layer in enumerate(self.layers, 1):
            maps.append(layer(torch.cat([maps[k] for k in links(n)], 1)))
        return torch.cat([maps[n] for n in self.out], 1)


class HarDNet(nn.Module):
    def __init__(self, stem, blocks, factor, classes, separable=False, inner=False):
        super().__init__()
        base = [conv(3, stem[0], 3, 2), conv(stem[0], stem[1], 1 if separable else 3)]
        base.append(depthwise(stem[1], 2) if separable else nn.MaxPool2d(3, 2, 1))
        cin = stem[1]
        for i, (growth, depth, width, down) in enumerate(blocks):
            block = Block(cin, growth, factor, depth, separable)
            base.append(block)
            if inner and i == len(blocks) - 1:
                base.append(nn.Dropout(0.1))
            base.append(conv(block.width, width, 1))
            if down:
                base.append(depthwise(width, 2) if separable else nn.MaxPool2d(2))
            cin = width
        base.append(nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.1), nn.Linear(cin, classes)))
        self.base = nn.Sequential(*base)

    def forward(self, x):
        return self.base(x)


B39 = [(16, 4, 96, 1), (20, 16, 320, 1), (64, 8, 640, 1), (160, 4, 1024, 0)]
B68 = [(14, 8, 128, 1), (16, 16, 256, 0), (20, 16, 320, 1), (40, 16, 640, 1), (160, 4, 1024, 0)]
B85 = [(24, 8, 192, 1), (24, 16, 256, 0), (28, 16, 320, 1), (36, 16, 480, 0), (48, 16, 720, 1), (256, 4, 1280, 0)]
MODELS = {
    "hardnet39ds": lambda classes: HarDNet([24, 48], B39, 1.6, classes, separable=True),
    "hardnet68ds": lambda classes: HarDNet([32, 64], B68, 1.7, classes, separable=True),
    "hardnet68": lambda classes: HarDNet([32, 64], B68, 1.7, classes),
    "hardnet85": lambda classes: HarDNet([48, 96], B85, 1.7, classes, inner=True),
}
TRAINED = ["hardnet39ds"]
