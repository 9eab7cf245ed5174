"""MobileOne as timm builds it. Its gradients are RepVGG's: where that many branches are added, no images leave all ReLUs decided."""

from resnets import named

MODELS = {f"mobileone_s{i}": named(f"mobileone_s{i}") for i in range(5)}
TRAINED = []
