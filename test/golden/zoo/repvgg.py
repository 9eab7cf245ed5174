"""RepVGG as timm builds it, and RepVGG-B1g2 of timm's parts."""

from timm.models.byobnet import ByobNet, ByoModelCfg, _rep_vgg_bcfg

from resnets import named


def b1g2(classes):
    cfg = ByoModelCfg(blocks=_rep_vgg_bcfg(wf=(2.0, 2.0, 2.0, 4.0), groups=2), stem_type="rep", stem_chs=64)
    return ByobNet(cfg, num_classes=classes)


SIZES = ["a0", "a1", "a2", "b0", "b1", "b1g4", "b2", "b2g4", "b3", "b3g4", "d2se"]
MODELS = {**{f"repvgg_{size}": named(f"repvgg_{size}") for size in SIZES}, "repvgg_b1g2": b1g2}
TRAINED = ["repvgg_a0"]
