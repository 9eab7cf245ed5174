"""Mobile networks as timm builds them, and PaddleClas's forms put together from timm's parts."""

from functools import partial

import timm
from timm.layers import make_divisible
from timm.models._efficientnet_blocks import SqueezeExcite
from timm.models._efficientnet_builder import decode_arch_def, round_channels
from timm.models.efficientnet import EfficientNet
from timm.models.mobilenetv3 import MobileNetV3
from torch import nn
from torch.nn import functional as F


def named(name, **options):
    return lambda classes: timm.create_model(name, num_classes=classes, **options)


class Downscaled(nn.Module):
    """Paddle's dropout of mode downscale_in_infer, where nothing is dropped."""

    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        return x * (1 - self.p)


class Steep(nn.Module):
    def forward(self, x):
        return (x / 5 + 0.5).clamp(0, 1)


def whole(v, width):
    return int(v * width)


def paddle_v2(width):
    """The first block widens too; widths are cut to whole numbers, and nothing inside is rounded."""

    def make(classes):
        rows = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
        arch = [[f"ir_r{n}_k3_s{s}_e{t}_c{c}"] for t, c, n, s in rows]
        import timm.models._efficientnet_blocks as blocks

        rounding = blocks.make_divisible
        blocks.make_divisible = int
        try:
            return EfficientNet(
                decode_arch_def(arch),
                num_classes=classes,
                num_features=int(1280 * max(1, width)),
                round_chs_fn=partial(whole, width=width),
                act_layer=nn.ReLU6,
            )
        finally:
            blocks.make_divisible = rounding

    return make


LARGE = """3 16 16 0 re 1,3 64 24 0 re 2,3 72 24 0 re 1,5 72 40 1 re 2,5 120 40 1 re 1,5 120 40 1 re 1,3 240 80 0 hs 2,3 200 80 0 hs 1,
3 184 80 0 hs 1,3 184 80 0 hs 1,3 480 112 1 hs 1,3 672 112 1 hs 1,5 672 160 1 hs 2,5 960 160 1 hs 1,5 960 160 1 hs 1"""
SMALL = """3 16 16 1 re 2,3 72 24 0 re 2,3 88 24 0 re 1,5 96 40 1 hs 2,5 240 40 1 hs 1,5 240 40 1 hs 1,5 120 48 1 hs 1,5 144 48 1 hs 1,
5 288 96 1 hs 2,5 576 96 1 hs 1,5 576 96 1 hs 1"""
ENDS = {"large": [1, 3, 6, 10, 12, 15], "small": [1, 3, 6, 8, 11]}


class PaddleV3(nn.Module):
    """MobileNet V3 as PaddleClas has it, of timm's blocks."""

    def __init__(self, size, width, classes):
        super().__init__()
        from timm.models._efficientnet_blocks import ConvBnAct, InvertedResidual

        wide = lambda n: make_divisible(n * width)
        se = partial(SqueezeExcite, rd_round_fn=int, force_act_layer=nn.ReLU, gate_layer=Steep)
        self.conv_stem = nn.Conv2d(3, wide(16), 3, 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(wide(16))
        blocks, stages, before, n = [], [], wide(16), 0
        for row in (LARGE if size == "large" else SMALL).split(","):
            k, inside, to, weighed, act, stride = row.split()
            block = InvertedResidual(
                before,
                wide(int(to)),
                int(k),
                int(stride),
                exp_ratio=wide(int(inside)) / before,
                act_layer=nn.ReLU if act == "re" else nn.Hardswish,
                se_layer=se if weighed == "1" else None,
            )
            before, n = wide(int(to)), n + 1
            blocks.append(block)
            if n in ENDS[size]:
                stages.append(nn.Sequential(*blocks))
                blocks = []
        last = wide(960 if size == "large" else 576)
        stages.append(nn.Sequential(ConvBnAct(before, last, 1, act_layer=nn.Hardswish)))
        self.blocks = nn.Sequential(*stages)
        self.conv_head = nn.Conv2d(last, 1280, 1, bias=False)
        self.dropout = Downscaled(0.2)
        self.classifier = nn.Linear(1280, classes)

    def forward(self, x):
        x = self.blocks(F.hardswish(self.bn1(self.conv_stem(x))))
        x = F.hardswish(self.conv_head(x.mean((2, 3), keepdim=True))).flatten(1)
        return self.classifier(self.dropout(x))


def paddle_v3(size, width):
    return lambda classes: PaddleV3(size, width, classes)


class PaddleLCNet(MobileNetV3):
    def __init__(self, width, classes):
        arch = [
            ["dsa_r1_k3_s1_c32"],
            ["dsa_r2_k3_s2_c64"],
            ["dsa_r2_k3_s2_c128"],
            ["dsa_r1_k3_s2_c256", "dsa_r1_k5_s1_c256"],
            ["dsa_r4_k5_s1_c256"],
            ["dsa_r2_k5_s2_c512_se0.25"],
        ]
        super().__init__(
            decode_arch_def(arch),
            num_classes=classes,
            num_features=1280,
            head_bias=False,
            stem_size=16,
            round_chs_fn=partial(round_channels, multiplier=width),
            act_layer=nn.Hardswish,
            se_layer=partial(SqueezeExcite, gate_layer="hard_sigmoid", force_act_layer=nn.ReLU),
        )
        self.dropout = Downscaled(0.2)

    def forward(self, x):
        return self.classifier(self.dropout(self.forward_head(self.forward_features(x), pre_logits=True)))


def paddle_lcnet(width):
    return lambda classes: PaddleLCNet(width, classes)


NAMED = """mobilenetv1_100 mobilenetv1_100h mobilenetv1_125 mobilenetv2_035 mobilenetv2_050 mobilenetv2_075 mobilenetv2_140 mobilenetv2_110d
mobilenetv2_120d mobilenetv3_large_075 mobilenetv3_small_075 mobilenetv3_small_050 tinynet_a tinynet_b tinynet_c tinynet_d tinynet_e
mnasnet_050 mnasnet_075 mnasnet_100 mnasnet_140 semnasnet_100 mixnet_s mixnet_m mixnet_l lcnet_035 lcnet_050 lcnet_075 lcnet_100 lcnet_150
mobilenetv4_conv_small mobilenetv4_conv_small_035 mobilenetv4_conv_small_050 mobilenetv4_conv_medium mobilenetv4_conv_large""".split()

MODELS = {
    **{name: named(name) for name in NAMED},
    **{f"paddle_mobilenetv2_{round(w * 100):03}": paddle_v2(w) for w in [0.25, 0.5, 0.75, 1, 1.5, 2]},
    **{
        f"paddle_mobilenetv3_{size}_{round(w * 100):03}": paddle_v3(size, w)
        for size in ["small", "large"]
        for w in [0.35, 0.5, 0.75, 1, 1.25]
    },
    **{f"paddle_lcnet_{round(w * 100):03}": paddle_lcnet(w) for w in [0.25, 0.35, 0.5, 0.75, 1, 1.5, 2, 2.5]},
}
TRAINED = [
    "mobilenetv1_100",
    "paddle_mobilenetv2_025",
    "paddle_mobilenetv3_small_035",
    "tinynet_e",
    "mnasnet_050",
    "mixnet_s",
    "paddle_lcnet_025",
    "mobilenetv4_conv_small",
]
