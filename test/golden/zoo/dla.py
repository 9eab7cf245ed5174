"""DLA as timm builds it."""

from resnets import named

MODELS = {f"dla{form}": named(f"dla{form}") for form in ["34", "46_c", "46x_c", "60", "60x", "60x_c", "102", "102x", "102x2", "169"]}
TRAINED = ["dla34", "dla46x_c"]
