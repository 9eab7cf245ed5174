"""ShuffleNet V2 as torchvision builds it, at PaddleClas's widths too; ReXNet as timm does; PaddleClas's MobileNeXt."""

import math

import timm
from timm.layers import make_divisible
from torch import nn
from torchvision.models.shufflenetv2 import ShuffleNetV2


def shuffle(*widths):
    return lambda classes: ShuffleNetV2([4, 8, 4], list(widths), classes)


def swish(classes):
    net = ShuffleNetV2([4, 8, 4], [24, 116, 232, 464, 1024], classes)
    for m in list(net.modules()):
        for name, child in m.named_children():
            if isinstance(child, nn.ReLU):
                setattr(m, name, nn.SiLU())
    return net


def named(name):
    return lambda classes: timm.create_model(name, num_classes=classes)


class Sandglass(nn.Module):
    """Zhou et al. (2020), arXiv 2007.02269: depthwise, narrow, widen, depthwise."""

    def __init__(self, before, to, stride, narrowing, keeps):
        super().__init__()
        hidden = before // narrowing
        if hidden < to / 6:
            hidden = make_divisible(math.ceil(to / 6), 16)
        unit = lambda a, b, k, s, act: [
            nn.Conv2d(a, b, k, s, k // 2, groups=a if k == 3 else 1, bias=False),
            nn.BatchNorm2d(b),
            *([nn.ReLU6()] if act else []),
        ]
        bare = before != to and narrowing != 2 and not keeps
        self.identity = narrowing != 2 and before == to and not keeps
        self.conv = nn.Sequential(
            *([] if bare else unit(before, before, 3, 1, True)),
            *unit(before, hidden, 1, 1, False),
            *unit(hidden, to, 1, 1, True),
            *([] if bare and stride == 1 else unit(to, to, 3, stride, False)),
        )

    def forward(self, x):
        return self.conv(x) + x if self.identity else self.conv(x)


class MobileNeXt(nn.Module):
    def __init__(self, width, classes):
        super().__init__()
        before = make_divisible(32 * width)
        layers = [nn.Sequential(nn.Conv2d(3, before, 3, 2, 1, bias=False), nn.BatchNorm2d(before), nn.ReLU6())]
        for t, c, n, s in [(2, 96, 1, 2), (6, 144, 1, 1), (6, 192, 3, 2), (6, 288, 3, 2), (6, 384, 4, 1), (6, 576, 4, 2), (6, 960, 3, 1), (6, 1280, 1, 1)]:
            to = 1280 if c == 1280 and width < 1 else make_divisible(c * width)
            for i in range(n):
                layers.append(Sandglass(before, to, 1 if i else s, t, i == 0 and n == 1 and s == 1))
                before = to
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(before, classes))

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))


def mobilenext(width):
    return lambda classes: MobileNeXt(width, classes)


MODELS = {
    "shufflenet_v2_x0_25": shuffle(24, 24, 48, 96, 512),
    "shufflenet_v2_x0_33": shuffle(24, 32, 64, 128, 512),
    "shufflenet_v2_x0_5": shuffle(24, 48, 96, 192, 1024),
    "shufflenet_v2_x1_0": shuffle(24, 116, 232, 464, 1024),
    "shufflenet_v2_x1_5": shuffle(24, 176, 352, 704, 1024),
    "shufflenet_v2_x2_0": shuffle(24, 244, 488, 976, 2048),
    "shufflenet_v2_swish": swish,
    **{name: named(name) for name in ["rexnet_100", "rexnet_130", "rexnet_150", "rexnet_200", "rexnet_300"]},
    **{f"mobilenext_{round(w * 100):03}": mobilenext(w) for w in [0.35, 0.5, 0.75, 1, 1.4]},
}
TRAINED = ["shufflenet_v2_x0_25", "rexnet_100", "mobilenext_035"]
