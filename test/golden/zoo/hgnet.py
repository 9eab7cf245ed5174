"""PP-HGNet as timm builds it, and with PaddleClas's pooling in the stem of the second version, beyond whose edge nothing is."""

import timm
import torch
import torch.nn.functional as F

from resnets import named


def bare(name):
    def make(classes):
        net = timm.create_model(name, num_classes=classes)
        stem = net.stem

        def forward(x):
            x = stem.stem1(x)
            y = stem.stem2a(F.pad(x, (0, 1, 0, 1)))
            y = stem.stem2b(F.pad(y, (0, 1, 0, 1)))
            pooled = stem.pool(F.pad(x, (0, 1, 0, 1), value=float("-inf")))
            return stem.stem4(stem.stem3(torch.cat([pooled, y], 1)))

        stem.forward = forward
        return net

    return make


FIRST = ["hgnet_tiny", "hgnet_small", "hgnet_base"]
SECOND = [f"hgnetv2_b{i}" for i in range(7)]
MODELS = {**{name: named(name) for name in [*FIRST, *SECOND]}, **{f"paddle_{name}": bare(name) for name in SECOND[:4]}}
TRAINED = ["paddle_hgnetv2_b0"]
