"""The Inception networks of torchvision and timm, and PaddleClas's forms: these changed where it differs, or written down here."""

import timm
import torch
import torch.nn.functional as F
import torchvision
from timm.layers import ConvNormAct
from timm.models.inception_v4 import InceptionA, InceptionB, InceptionC, Mixed4a, ReductionA, ReductionB
from torch import nn

from plain import Downscaled
from resnets import named


def means(x, side):
    """torchvision's 5x5 windows; of maps too small for them, parts: fovea's own."""
    return F.adaptive_avg_pool2d(x, side) if min(x.shape[2:]) < 3 * side + 2 else F.avg_pool2d(x, 5, 3)


class Aux(torchvision.models.inception.InceptionAux):
    def forward(self, x):
        return self.fc(self.conv1(self.conv0(means(x, 5))).mean((2, 3)))


def inception_v3(classes):
    net = torchvision.models.inception_v3(num_classes=classes, init_weights=False)
    net.AuxLogits = Aux(768, classes)
    net.aux_weights = [0.4]
    return net


def with_eps(net, eps):
    for m in net.modules():
        if isinstance(m, nn.BatchNorm2d):
            m.eps = eps
    return net


def paddle_inception_v3(classes):
    net = torchvision.models.inception_v3(num_classes=classes, init_weights=False, aux_logits=False)
    net.dropout = Downscaled(0.2)
    return with_eps(net, 1e-5)


def turned(first, second):
    """Gives each of two convolutions the other's window."""
    a, b = first.conv, second.conv
    for conv, size in [(a, b.kernel_size), (b, a.kernel_size)]:
        conv.kernel_size, conv.padding = size, tuple(k // 2 for k in size)
        conv.weight = nn.Parameter(torch.empty(conv.out_channels, conv.in_channels, *size))


def pooled_first(block, last):
    """The last branch comes first."""

    def forward(x):
        branches = [last(block, x)]
        for i in range(3 if hasattr(block, "branch3") else 2):
            branches.append(getattr(block, f"branch{i}")(x))
        return torch.cat(branches, 1)

    block.forward = forward


def paddle_c(block):
    def forward(x):
        pooled, one, y = block.branch3(x), block.branch0(x), block.branch1_0(x)
        row, column = block.branch1_1a(y), block.branch1_1b(y)
        z = block.branch2_2(block.branch2_1(block.branch2_0(x)))
        return torch.cat([pooled, one, row, column, block.branch2_3a(z), block.branch2_3b(z)], 1)

    block.forward = forward


def paddle_inception_v4(classes):
    net = timm.create_model("inception_v4", num_classes=classes)
    for m in net.features:
        if isinstance(m, Mixed4a):
            turned(m.branch1[1], m.branch1[2])
        elif isinstance(m, InceptionB):
            turned(m.branch2[1], m.branch2[2])
            turned(m.branch2[3], m.branch2[4])
        elif isinstance(m, InceptionC):
            turned(m.branch2_1, m.branch2_2)
            paddle_c(m)
        if isinstance(m, (InceptionA, InceptionB)):
            pooled_first(m, lambda block, x: block.branch3(x))
        elif isinstance(m, (ReductionA, ReductionB)):
            pooled_first(m, lambda block, x: block.branch2(x))
    net.head_drop = Downscaled(0.2)
    return with_eps(net, 1e-5)


class PaddleBlock(nn.Module):
    """Of GoogLeNet."""

    def __init__(self, cin, one, before3, three, before5, five, pool):
        super().__init__()

        def conv(cin, cout, k):
            return nn.Conv2d(cin, cout, k, padding=k // 2, bias=False)

        self.branch1 = conv(cin, one, 1)
        self.branch2 = nn.Sequential(conv(cin, before3, 1), conv(before3, three, 3))
        self.branch3 = nn.Sequential(conv(cin, before5, 1), conv(before5, five, 5))
        self.branch4 = nn.Sequential(nn.MaxPool2d(3, 1, 1), conv(cin, pool, 1))

    def forward(self, x):
        return F.relu(torch.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], 1))


class PaddleAux(nn.Module):
    def __init__(self, cin, classes, relu):
        super().__init__()
        self.conv = nn.Conv2d(cin, 128, 1, bias=False)
        self.fc1, self.fc2 = nn.Linear(1152, 1024), nn.Linear(1024, classes)
        self.relu, self.dropout = relu, Downscaled(0.7)

    def forward(self, x):
        x = self.fc1(self.conv(F.adaptive_avg_pool2d(means(x, 3), 3)).flatten(1))
        return self.fc2(self.dropout(F.relu(x) if self.relu else x))


class PaddleGoogLeNet(nn.Module):
    aux_weights = [0.3, 0.3]

    def __init__(self, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.conv2 = nn.Conv2d(64, 64, 1, bias=False)
        self.conv3 = nn.Conv2d(64, 192, 3, 1, 1, bias=False)
        self.inception3a = PaddleBlock(192, 64, 96, 128, 16, 32, 32)
        self.inception3b = PaddleBlock(256, 128, 128, 192, 32, 96, 64)
        self.inception4a = PaddleBlock(480, 192, 96, 208, 16, 48, 64)
        self.inception4b = PaddleBlock(512, 160, 112, 224, 24, 64, 64)
        self.inception4c = PaddleBlock(512, 128, 128, 256, 24, 64, 64)
        self.inception4d = PaddleBlock(512, 112, 144, 288, 32, 64, 64)
        self.inception4e = PaddleBlock(528, 256, 160, 320, 32, 128, 128)
        self.inception5a = PaddleBlock(832, 256, 160, 320, 32, 128, 128)
        self.inception5b = PaddleBlock(832, 384, 192, 384, 48, 128, 128)
        self.pool = nn.MaxPool2d(3, 2)
        self.dropout = Downscaled(0.4)
        self.aux1, self.aux2 = PaddleAux(512, classes, True), PaddleAux(528, classes, False)
        self.fc = nn.Linear(1024, classes)

    def forward(self, x):
        x = self.pool(self.conv3(self.conv2(self.pool(self.conv1(x)))))
        four_a = self.inception4a(self.pool(self.inception3b(self.inception3a(x))))
        four_d = self.inception4d(self.inception4c(self.inception4b(four_a)))
        x = self.inception5b(self.inception5a(self.pool(self.inception4e(four_d))))
        y = self.fc(self.dropout(x.mean((2, 3))))
        return (y, self.aux1(four_a), self.aux2(four_d)) if self.training else y


class DroppedFirst(nn.Module):
    """A dropout before the means."""

    def __init__(self, fc):
        super().__init__()
        self.dropout, self.fc = Downscaled(0.5), fc

    def forward(self, x):
        return self.fc(self.dropout(x).mean((2, 3)))


def paddle_deeplab(layers):
    def make(classes):
        net = timm.create_model(f"xception{layers}", num_classes=classes)
        for m in net.blocks[-1].modules():
            if isinstance(m, nn.Conv2d) and m.groups > 1:
                m.dilation = m.padding = (2, 2)
        net.head = DroppedFirst(net.head.fc)
        return net

    return make


class Separable(nn.Module):
    """1x1, then depthwise."""

    def __init__(self, cin, cout):
        super().__init__()
        self.conv_pw, self.bn_pw = nn.Conv2d(cin, cout, 1, bias=False), nn.BatchNorm2d(cout)
        self.conv_dw, self.bn_dw = nn.Conv2d(cout, cout, 3, 1, 1, groups=cout, bias=False), nn.BatchNorm2d(cout)

    def forward(self, x):
        return self.bn_dw(self.conv_dw(self.bn_pw(self.conv_pw(x))))


class PooledBlock(nn.Module):
    def __init__(self, cin, *widths, stride=1, first=False, last=False):
        super().__init__()
        self.first, self.last = first, last
        self.shortcut = None if last or (cin == widths[-1] and stride == 1) else nn.Conv2d(cin, widths[-1], 1, stride, bias=False)
        self.pool = nn.MaxPool2d(3, stride, 1) if self.shortcut else nn.Identity()
        self.stack = nn.Module()
        for i, cout in enumerate(widths, 1):
            self.stack.add_module(f"conv{i}", Separable(cin, cout))
            cin = cout

    def forward(self, x):
        y, shortcut = x, self.shortcut(x) if self.shortcut else x
        for i, conv in enumerate(self.stack.children()):
            if self.last:
                y = F.relu(conv(y))
            else:
                y = conv(y if self.first and i == 0 else F.relu(y))
        return y if self.last else self.pool(y) + shortcut


class PooledXception(nn.Module):
    def __init__(self, entry, middle, classes):
        super().__init__()
        stem = {"apply_act": True, "norm_layer": nn.BatchNorm2d}
        self.stem = nn.Sequential(ConvNormAct(3, 32, 3, 2, **stem), ConvNormAct(32, 64, 3, 1, **stem))
        blocks, cin = [], 64
        for i, (cout, stride) in enumerate(entry):
            blocks.append(PooledBlock(cin, cout, cout, stride=stride, first=i == 0))
            cin = cout
        blocks += [PooledBlock(728, 728, 728, 728) for _ in range(middle)]
        blocks += [PooledBlock(728, 728, 1024, stride=2), PooledBlock(1024, 1536, 2048, last=True)]
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Module()
        self.head.fc = nn.Linear(2048, classes)

    def forward(self, x):
        return self.head.fc(self.blocks(self.stem(x)).mean((2, 3)))


THREE = [(128, 2), (256, 2), (728, 2)]
FIVE = [(128, 2), (256, 1), (256, 2), (728, 1), (728, 2)]
MODELS = {
    "inception_v3": (inception_v3, 75),
    "paddle_inception_v3": (paddle_inception_v3, 107),
    "inception_v4": (named("inception_v4"), 107),
    "paddle_inception_v4": (paddle_inception_v4, 107),
    "paddle_googlenet": (PaddleGoogLeNet, 63),
    **{name: named(name) for name in ["xception41", "xception65", "xception71"]},
    "paddle_xception41": (lambda classes: PooledXception(THREE, 8, classes), 32),
    "paddle_xception65": lambda classes: PooledXception(THREE, 16, classes),
    "paddle_xception71": lambda classes: PooledXception(FIVE, 16, classes),
    "paddle_xception41_deeplab": paddle_deeplab(41),
    "paddle_xception65_deeplab": paddle_deeplab(65),
}
TRAINED = ["inception_v3", "paddle_googlenet", "paddle_xception41"]
