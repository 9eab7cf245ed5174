"""Darknet-53 and CSPDarkNet-53 as timm builds them, PaddleClas's Darknet-53 with ReLU, and PeleeNet, which
is in neither library: written down here from the paper and PaddleClas's sizes."""

import timm
import torch
from torch import nn

from resnets import named


def paddle_darknet53(classes):
    return timm.create_model("darknet53", num_classes=classes, act_layer="relu")


class Conv(nn.Sequential):
    def __init__(self, cin, cout, k, stride=1):
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, k, stride, k // 2, bias=False)
        self.norm = nn.BatchNorm2d(cout)
        self.relu = nn.ReLU()


class Dense(nn.Module):
    def __init__(self, cin, bottleneck):
        super().__init__()
        mid = 16 * bottleneck
        if mid > cin / 2:
            mid = cin // 8 * 4
        self.branch1a, self.branch1b = Conv(cin, mid, 1), Conv(mid, 16, 3)
        self.branch2a, self.branch2b, self.branch2c = Conv(cin, mid, 1), Conv(mid, 16, 3), Conv(16, 16, 3)

    def forward(self, x):
        return torch.cat([x, self.branch1b(self.branch1a(x)), self.branch2c(self.branch2b(self.branch2a(x)))], 1)


class Stem(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem1, self.stem2a, self.stem2b, self.stem3 = Conv(3, 32, 3, 2), Conv(32, 16, 1), Conv(16, 32, 3, 2), Conv(64, 32, 1)

    def forward(self, x):
        x = self.stem1(x)
        return self.stem3(torch.cat([nn.functional.max_pool2d(x, 2, 2), self.stem2b(self.stem2a(x))], 1))


class PeleeNet(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.features = nn.Sequential()
        self.features.add_module("stemblock", Stem())
        width = 32
        for i, (depth, bottleneck) in enumerate([(3, 1), (4, 2), (8, 4), (6, 4)], 1):
            block = nn.Sequential()
            for k in range(1, depth + 1):
                block.add_module(f"denselayer{k}", Dense(width, bottleneck))
                width += 32
            self.features.add_module(f"denseblock{i}", block)
            self.features.add_module(f"transition{i}", Conv(width, width, 1))
            if i < 4:
                self.features.add_module(f"transition{i}_pool", nn.AvgPool2d(2))
        self.classifier = nn.Linear(width, classes)

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))


MODELS = {"darknet53": named("darknet53"), "paddle_darknet53": paddle_darknet53, "cspdarknet53": named("cspdarknet53"), "peleenet": PeleeNet}
TRAINED = ["peleenet", "cspdarknet53", "darknet53"]
