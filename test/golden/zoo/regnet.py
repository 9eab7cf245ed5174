"""RegNet as timm builds it."""

from resnets import named

SIZES = ["002", "004", "006", "008", "016", "032", "040", "064", "080", "120", "160", "320"]
MODELS = {f"regnet{form}_{size}": named(f"regnet{form}_{size}") for form in "xy" for size in SIZES}
TRAINED = ["regnetx_002", "regnety_002"]
