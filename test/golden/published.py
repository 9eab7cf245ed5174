"""Writes published.json: python3 test/golden/published.py (torchvision 0.29.1; timm 1.0.31 for the last part).

"weights": what torchvision says of every file of weights of an architecture that fovea has, and what these weights'
transforms() make of two pictures drawn from a formula: the CRC-32 of the bytes before normalisation, and a few of the
numbers that the network's first layer sees, after GoogLeNet's transform_input. "networks": probabilities of whole
pipelines, with weights drawn from a formula (models.py) instead of the published ones. "timm": the same bytes and numbers
of timm's transforms for its own descriptions, all ways of cropping among them.
Written with Pillow 12.3; 13 resizes columns first where that is less work, which rounds differently.
"""

import contextlib
import hashlib
import io
import json
import math
import pathlib
import sys
import zlib

import numpy as np
import PIL
import torch
import torchvision
from PIL import Image
from torchvision.models import get_model_weights
from torchvision.transforms.functional import center_crop, resize

sys.argv = [sys.argv[0], "--pillow-only"]
HERE = pathlib.Path(__file__).parent
from models import fill  # noqa: E402

MODELS = """alexnet densenet121 densenet161 densenet169 densenet201 efficientnet_b0 efficientnet_b1 efficientnet_b2
efficientnet_b3 efficientnet_b4 efficientnet_b5 efficientnet_b6 efficientnet_b7 googlenet inception_v3 mobilenet_v2
mobilenet_v3_large mobilenet_v3_small resnet101 resnet152 resnet18 resnet34 resnet50 resnext101_32x8d resnext101_64x4d
resnext50_32x4d shufflenet_v2_x0_5 shufflenet_v2_x1_0 shufflenet_v2_x1_5 shufflenet_v2_x2_0 squeezenet1_0 squeezenet1_1 vgg11 vgg11_bn vgg13 vgg13_bn vgg16 vgg16_bn vgg19 vgg19_bn wide_resnet101_2
wide_resnet50_2""".split()

# Seed, height, width: a landscape that shrinks, an upright one that grows.
PICTURES = [(1, 375, 500), (3, 181, 122)]


def picture(seed, height, width):
    """picture() of test/helpers/picture.ts, three channels."""
    i = np.arange(height * width * 3, dtype=np.uint64)
    x = (i * 0x9E3779B1 + seed * 0x85EBCA77 + 12345) & 0xFFFFFFFF
    x = ((x ^ (x >> 15)) * 0x2C1B3C6D) & 0xFFFFFFFF
    x = ((x ^ (x >> 12)) * 0x297A2D39) & 0xFFFFFFFF
    noise = (x ^ (x >> 15)) >> 24
    slope = (noise >> 4) + i // 3 % width * 160 // width + i // 3 // width * 80 // height
    return Image.fromarray((slope if seed % 2 else noise).astype(np.uint8).reshape(height, width, 3))


def googlenet_input(x):
    """What torchvision's GoogLeNet does first with published weights, on [n, 3, h, w]."""
    with contextlib.redirect_stdout(io.StringIO()):
        net = torchvision.models.googlenet(init_weights=False, transform_input=True)
    return net._transform_input(x)


def seen(x, mean, std, change=lambda x: x):
    """Of a prepared picture [3, h, w]: size, CRC-32 of its bytes, every n-th number of the network's input as NHWC."""
    pixels = (x.double() * torch.tensor(std).double()[:, None, None] + torch.tensor(mean).double()[:, None, None]) * 255
    assert (pixels - pixels.round()).abs().max() < 0.01
    data = pixels.round().permute(1, 2, 0).to(torch.uint8).contiguous().numpy()
    numbers = change(x[None])[0].permute(1, 2, 0).flatten()
    step = numbers.numel() // 7
    return [*data.shape[:2], zlib.crc32(data.tobytes()), *[round(v, 6) for v in numbers[step // 2 :: step].tolist()]]


def weights_of(name):
    for weights in get_model_weights(name):
        t, meta = weights.transforms(), weights.meta
        scores = meta["_metrics"]["ImageNet-1K"]
        change = googlenet_input if name in ("googlenet", "inception_v3") else lambda x: x
        categories = meta.get("categories")
        yield {
            "model": name,
            "version": weights.name,
            "url": weights.url,
            "resize": t.resize_size,
            "crop": t.crop_size,
            "interpolation": t.interpolation.value,
            "antialias": t.antialias,
            "mean": t.mean,
            "std": t.std,
            "categories": hashlib.sha256("\n".join(categories).encode()).hexdigest()[:16] if categories else None,
            "top1": None if math.isnan(scores["acc@1"]) else scores["acc@1"],
            "top5": None if math.isnan(scores["acc@5"]) else scores["acc@5"],
            "parameters": meta["num_params"],
            "fileSize": meta["_file_size"],
            "recipe": meta["recipe"],
            "pictures": [seen(t(picture(*p)), t.mean, t.std, change) for p in PICTURES],
        }


def network(name, version):
    weights = get_model_weights(name)[version]
    options = {"init_weights": False, "transform_input": True} if name == "googlenet" else {}
    net = getattr(torchvision.models, name)(num_classes=10, **options).double().eval()
    with torch.no_grad():
        fill(net)
        t = weights.transforms()
        rows = [net(t(picture(*p))[None].double()).softmax(1)[0].tolist() for p in PICTURES]
    return [[round(p, 7) for p in row] for row in rows]


def timm_row(cfg):
    from timm.data import create_transform, resolve_data_config

    full = {"crop_mode": "center", "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225], "interpolation": "bicubic", **cfg}
    t = create_transform(**resolve_data_config(pretrained_cfg=full))
    return {"cfg": full, "pictures": [seen(t(picture(*p)), full["mean"], full["std"]) for p in PICTURES]}


TIMM = [
    {"input_size": [3, size, size], "crop_pct": pct, **more}
    for size, pct in [(224, 0.875), (224, 0.95), (240, 0.882), (160, 0.9), (224, 1.0), (380, 0.922)]
    for more in [{}, {"crop_mode": "squash"}, {"crop_mode": "border", "mean": [0.5, 0.4, 0.3]}]
] + [
    {"input_size": [3, 64, 64], "crop_pct": 0.875, "interpolation": filter} for filter in ["bilinear", "nearest", "lanczos", "box"]
]

networks = [("googlenet", "IMAGENET1K_V1"), ("mobilenet_v2", "IMAGENET1K_V2")]
golden = {
    "torchvision": torchvision.__version__.split("+")[0],
    "pillow": PIL.__version__,
    "sizes": PICTURES,
    "weights": [row for name in MODELS for row in weights_of(name)],
    "networks": {f"{name} {version}": network(name, version) for name, version in networks},
    "timm": [timm_row(cfg) for cfg in TIMM],
}
parts = []
for key, value in golden.items():
    if key in ("weights", "timm"):
        rows = ",\n".join("  " + json.dumps(row) for row in value)
        parts.append(f' "{key}": [\n{rows}\n ]')
    else:
        parts.append(f' "{key}": {json.dumps(value)}')
(HERE / "published.json").write_text("{\n" + ",\n".join(parts) + "\n}\n")
