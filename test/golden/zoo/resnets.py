"""ResNet and its relatives as timm builds them, and PaddleClas's forms put together from timm's parts."""

import timm
from timm.models.res2net import Bottle2neck
from timm.models.resnest import ResNestBottleneck
from timm.models.resnet import BasicBlock, Bottleneck, ResNet
from torch import nn

VD = {"stem_type": "deep", "stem_width": 32, "avg_down": True}
SPLIT = {**VD, "block": ResNestBottleneck, "block_args": {"radix": 2, "avd": True, "avd_first": False}}


def named(name):
    return lambda classes: timm.create_model(name, num_classes=classes)


def built(block, layers, change=lambda net: None, **options):
    def make(classes):
        net = ResNet(block, layers, num_classes=classes, **options)
        change(net)
        return net

    return make


def blocks(net):
    return [b for stage in [net.layer1, net.layer2, net.layer3, net.layer4] for b in stage]


def projected(net):
    """The first block has a projection in any case."""
    width = net.layer1[0].conv1.in_channels
    parts = [nn.Conv2d(width, width, 1, bias=False), nn.BatchNorm2d(width)]
    deep = isinstance(net.conv1, nn.Sequential)
    net.layer1[0].downsample = nn.Sequential(*([nn.Identity()] if deep else []), *parts)


def paddle_se(net):
    """Squeezed widths are a sixteenth, not rounded."""
    projected(net)
    for b in blocks(net):
        width = b.conv2.out_channels
        b.se.fc1, b.se.fc2 = nn.Conv2d(width, width // 16, 1), nn.Conv2d(width // 16, width, 1)


def padding_left_out(net):
    for m in net.modules():
        if isinstance(m, nn.AvgPool2d):
            m.count_include_pad = False


def paddle_res2(net):
    padding_left_out(net)
    first = net.layer1[0]
    first.is_first, first.pool = False, None


def paddle_nest(net):
    padding_left_out(net)
    for b in blocks(net):
        b.conv2.fc1.bias = None


MODELS = {
    **{name: named(name) for name in ["resnet200d", "resnet26d"]},
    "resnet50_vc": named("resnet50c"),
    "resnet200_vd": built(Bottleneck, [3, 12, 48, 3], **VD),
    "paddle_resnet18": built(BasicBlock, [2, 2, 2, 2], projected),
    "paddle_resnet34": built(BasicBlock, [3, 4, 6, 3], projected),
    "paddle_resnet18_vd": built(BasicBlock, [2, 2, 2, 2], projected, **VD),
    "paddle_resnet34_vd": built(BasicBlock, [3, 4, 6, 3], projected, **VD),
    "resnext50_64x4d": built(Bottleneck, [3, 4, 6, 3], cardinality=64, base_width=4),
    "resnext101_32x4d": named("resnext101_32x4d"),
    "resnext152_32x4d": built(Bottleneck, [3, 8, 36, 3], cardinality=32, base_width=4),
    "resnext152_64x4d": built(Bottleneck, [3, 8, 36, 3], cardinality=64, base_width=4),
    "resnext50_vd_32x4d": named("resnext50d_32x4d"),
    "resnext50_vd_64x4d": built(Bottleneck, [3, 4, 6, 3], cardinality=64, base_width=4, **VD),
    "resnext101_vd_32x4d": built(Bottleneck, [3, 4, 23, 3], cardinality=32, base_width=4, **VD),
    "resnext101_vd_64x4d": built(Bottleneck, [3, 4, 23, 3], cardinality=64, base_width=4, **VD),
    "resnext152_vd_32x4d": built(Bottleneck, [3, 8, 36, 3], cardinality=32, base_width=4, **VD),
    "resnext152_vd_64x4d": built(Bottleneck, [3, 8, 36, 3], cardinality=64, base_width=4, **VD),
    **{name: named(name) for name in ["seresnet18", "seresnet34", "seresnet50", "seresnet101", "seresnet152"]},
    "paddle_seresnet18_vd": built(BasicBlock, [2, 2, 2, 2], paddle_se, block_args={"attn_layer": "se"}, **VD),
    "paddle_seresnet34_vd": built(BasicBlock, [3, 4, 6, 3], paddle_se, block_args={"attn_layer": "se"}, **VD),
    "seresnet50_vd": built(Bottleneck, [3, 4, 6, 3], block_args={"attn_layer": "se"}, **VD),
    "seresnext50_32x4d": named("seresnext50_32x4d"),
    "seresnext101_32x4d": named("seresnext101_32x4d"),
    "seresnext152_64x4d": built(
        Bottleneck, [3, 8, 36, 3], cardinality=64, base_width=4, block_args={"attn_layer": "se"}, stem_type="deep", stem_width=64
    ),
    "seresnext50_vd_32x4d": built(
        Bottleneck, [3, 4, 6, 3], cardinality=32, base_width=4, block_args={"attn_layer": "se"}, **{**VD, "stem_width": 64}
    ),
    "senet154_vd": built(
        Bottleneck, [3, 8, 36, 3], cardinality=64, base_width=4, block_args={"attn_layer": "se"}, **{**VD, "stem_width": 64}
    ),
    **{
        name: named(name)
        for name in [
            "res2net50_26w_4s",
            "res2net50_48w_2s",
            "res2net50_14w_8s",
            "res2net50_26w_6s",
            "res2net50_26w_8s",
            "res2net101_26w_4s",
            "res2next50",
            "res2net50d",
            "res2net101d",
        ]
    },
    "paddle_res2net50_26w_4s": built(Bottle2neck, [3, 4, 6, 3], paddle_res2, base_width=26, block_args={"scale": 4}),
    "paddle_res2net50_14w_8s": built(Bottle2neck, [3, 4, 6, 3], paddle_res2, base_width=14, block_args={"scale": 8}),
    "paddle_res2net50_vd_26w_4s": built(Bottle2neck, [3, 4, 6, 3], paddle_res2, base_width=26, block_args={"scale": 4}, **VD),
    "paddle_res2net101_vd_26w_4s": built(Bottle2neck, [3, 4, 23, 3], paddle_res2, base_width=26, block_args={"scale": 4}, **VD),
    "paddle_res2net200_vd_26w_4s": built(Bottle2neck, [3, 12, 48, 3], paddle_res2, base_width=26, block_args={"scale": 4}, **VD),
    **{
        name: named(name)
        for name in [
            "resnest14d",
            "resnest26d",
            "resnest50d",
            "resnest101e",
            "resnest200e",
            "resnest269e",
            "resnest50d_4s2x40d",
            "resnest50d_1s4x24d",
        ]
    },
    "paddle_resnest50_fast_1s1x64d": built(
        **{**SPLIT, "layers": [3, 4, 6, 3], "change": paddle_nest, "block_args": {"radix": 1, "avd": True, "avd_first": True}}
    ),
    "paddle_resnest50": built(layers=[3, 4, 6, 3], change=paddle_nest, **SPLIT),
    "paddle_resnest101": built(layers=[3, 4, 23, 3], change=paddle_nest, **{**SPLIT, "stem_width": 64}),
    "paddle_resnest200": built(layers=[3, 24, 36, 3], change=paddle_nest, **{**SPLIT, "stem_width": 64}),
    "paddle_resnest269": built(layers=[3, 30, 48, 8], change=paddle_nest, **{**SPLIT, "stem_width": 64}),
}
TRAINED = ["paddle_seresnet18_vd", "res2net50_48w_2s", "resnest14d"]
