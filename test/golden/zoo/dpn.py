"""DPN as timm builds it, and with PaddleClas's eps."""

import timm
from torch import nn

from resnets import named

SIZES = ["dpn68", "dpn92", "dpn98", "dpn107", "dpn131"]


def paddle(name):
    def make(classes):
        net = timm.create_model(name, num_classes=classes)
        for m in net.modules():
            if isinstance(m, nn.BatchNorm2d):
                m.eps = 1e-5
        return net

    return make


MODELS = {**{name: named(name) for name in [*SIZES, "dpn68b"]}, **{f"paddle_{name}": paddle(name) for name in SIZES}}
TRAINED = ["dpn68b", "paddle_dpn68"]
