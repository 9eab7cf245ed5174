"""StarNet as timm builds it."""

from resnets import named

MODELS = {f"starnet_{size}": named(f"starnet_{size}") for size in ["s050", "s100", "s150", "s1", "s2", "s3", "s4"]}
TRAINED = ["starnet_s050"]
