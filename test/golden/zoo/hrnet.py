"""HRNet as timm builds it, and PaddleClas's form: without biases before normalisations, as timm's ssld models, and with its
squeeze and excitation at the end of every block's branch."""

import timm
from timm.layers import SEModule
from timm.models.hrnet import HighResolutionNet, cfg_cls
from timm.models.resnet import BasicBlock, Bottleneck

from resnets import named


def scaled(width):
    """hrnet_w18's configuration of another width."""
    cfg = {key: dict(stage) if isinstance(stage, dict) else stage for key, stage in cfg_cls["hrnet_w18"].items()}
    for n, stage in enumerate(["stage2", "stage3", "stage4"], 2):
        cfg[stage]["num_channels"] = tuple(width * 2**i for i in range(n))
    return cfg


def paddled(width, se=False):
    def make(classes):
        net = HighResolutionNet(scaled(width), num_classes=classes, head_conv_bias=False)
        for m in net.modules():
            if se and isinstance(m, (BasicBlock, Bottleneck)):
                to = (m.conv3 if isinstance(m, Bottleneck) else m.conv2).out_channels
                m.se = SEModule(to, rd_channels=to // 16)
        return net

    return make


WIDTHS = [18, 30, 32, 40, 44, 48]
MODELS = {
    **{f"hrnet_w{width}": named(f"hrnet_w{width}") for width in ["18_small", "18_small_v2", *WIDTHS, 64]},
    **{f"paddle_hrnet_w{width}": paddled(width) for width in [*WIDTHS, 60, 64]},
    "paddle_se_hrnet_w64": paddled(64, se=True),
}
TRAINED = ["hrnet_w18_small"]
