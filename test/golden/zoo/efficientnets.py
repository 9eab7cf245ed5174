"""EfficientNet with TensorFlow's padding, Lite and V2 as timm and torchvision build them, and PaddleClas's small B0."""

import timm
import torchvision
from torch import nn


def named(name, **options):
    return lambda classes: timm.create_model(name, num_classes=classes, **options)


def seen(name):
    return lambda classes: getattr(torchvision.models, name)(num_classes=classes)


MODELS = {
    **{name: named(name) for name in [f"tf_efficientnet_b{i}" for i in range(8)]},
    "efficientnet_lite0": named("efficientnet_lite0"),
    **{name: named(name) for name in [f"tf_efficientnet_lite{i}" for i in range(5)]},
    "tf_efficientnet_lite3": (named("tf_efficientnet_lite3"), 75),  # padding is even in some places and odd in others
    "paddle_efficientnet_b0_small": named("efficientnet_lite0", act_layer=nn.SiLU, bn_eps=1e-3),
    **{name: named(name) for name in [f"tf_efficientnetv2_{size}" for size in ["b0", "b1", "b2", "b3", "s", "m", "l"]]},
    **{name: seen(name) for name in ["efficientnet_v2_s", "efficientnet_v2_m", "efficientnet_v2_l"]},
}
TRAINED = ["tf_efficientnet_b0", "tf_efficientnet_lite0", "tf_efficientnetv2_b0"]
