"""Writes timm.json: python3 test/golden/timm_models.py (needs torch and timm).

timm's own models of MobileNet V2 and V3, EfficientNet and VGG: names and shapes of their tensors, and the logits of two
images in evaluation, in float64. Weights and images are drawn as in models.py.
"""

import importlib.machinery
import json
import pathlib
import sys
from unittest.mock import MagicMock


class WithoutTorchvision:
    """timm imports torchvision for its transforms, which none of its models needs."""

    def find_spec(self, name, path, target=None):
        if name.split(".")[0] == "torchvision":
            return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        return MagicMock(name=spec.name, __path__=[], __spec__=spec)

    def exec_module(self, module):
        pass


sys.meta_path.insert(0, WithoutTorchvision())

import timm  # noqa: E402
import torch  # noqa: E402

from models import fill, images, numbers  # noqa: E402

MODELS = {
    "mobilenetv2_100": ("mobilenet_v2", 64),
    "mobilenetv3_small_100": ("mobilenet_v3_small", 64),
    "mobilenetv3_large_100": ("mobilenet_v3_large", 64),
    "efficientnet_b0": ("efficientnet_b0", 64),
    "vgg11_bn": ("vgg11_bn", 64),
}


def row(name, own, size):
    net = timm.create_model(name, num_classes=7).double().eval()
    fill(net)
    with torch.no_grad():
        logits = numbers(net(images(2, size)))
    tensors = [f"{key} {'x'.join(map(str, t.shape))}" for key, t in net.state_dict().items() if not key.endswith("num_batches_tracked")]
    return {"model": own, "size": size, "logits": logits, "tensors": tensors}


rows = {name: row(name, *rest) for name, rest in MODELS.items()}
about = {"script": "test/golden/timm_models.py", "torch": torch.__version__, "timm": timm.__version__}
file = pathlib.Path(__file__).parent / "timm.json"
file.write_text(json.dumps({"about": about, "rows": rows}, separators=(",", ":")) + "\n")
