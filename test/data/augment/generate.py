"""Writes ops.json and tables.json beside this file: what torchvision's AutoAugment operations make of seeded pictures.

Made with torchvision 0.14.1 and Pillow 9.4 (Debian 12): python3 generate.py
"""

import hashlib
import json
import pathlib

import numpy as np
import PIL
import torch
import torchvision
from PIL import Image
from torchvision.transforms import AutoAugment, AutoAugmentPolicy, InterpolationMode, RandAugment, TrivialAugmentWide
from torchvision.transforms.autoaugment import _apply_op

HERE = pathlib.Path(__file__).parent


def picture(kind, height, width, channels):
    """As pictures.ts draws it."""
    state = height * 1000 + width * 10 + channels
    out = np.empty(height * width * channels, np.uint8)
    for i in range(out.size):
        state = (state * 1664525 + 1013904223) % 2**32
        noise = state >> 24
        c, x, y = i % channels, i // channels % width, i // channels // width
        if kind == "noise":
            out[i] = noise
        elif kind == "slope":
            out[i] = min(255, 20 + 3 * x + 2 * y + 25 * c + noise // 16)
        elif kind == "dark":
            out[i] = 40 + noise * noise // 700
        else:
            out[i] = 77 + c
    return out.reshape(height, width, channels)


PICTURES = [
    ("noise", 3, 3, 3),
    ("slope", 4, 5, 1),
    ("noise", 1, 1, 3),
    ("noise", 2, 9, 3),
    ("flat", 20, 21, 3),
    ("slope", 31, 17, 3),
    ("slope", 32, 32, 3),
    ("dark", 49, 64, 3),
    ("dark", 33, 33, 1),
    ("slope", 64, 49, 1),
]
GEOMETRIC = ["ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate"]
ENHANCE = ["Brightness", "Color", "Contrast", "Sharpness"]
LEVELED = GEOMETRIC + ENHANCE + ["Posterize", "Solarize"]
PLAIN = ["AutoContrast", "Equalize", "Invert", "Identity"]
STANDARD = [0, 4, 9, 15, 30]
WIDE = [7, 22, 30]
ADDITIONS = [0, 1, 64, 110, 200]
HOW = [("nearest", 0), ("nearest", 128), ("bilinear", 0), ("bicubic", 30)]


def text(image):
    """Small pictures in full, so that a failure can be looked at; a checksum of the others."""
    data = np.asarray(image, np.uint8).tobytes()
    return data.hex() if len(data) <= 30 else hashlib.sha256(data).hexdigest()[:12]


def magnitudes(op, size):
    """Both signs where there are two, standard levels first."""
    found = []
    for space, levels in ((RandAugment()._augmentation_space(31, size), STANDARD),
                          (TrivialAugmentWide()._augmentation_space(31), WIDE)):
        values, signed = space[op]
        for level in levels:
            m = float(values[level].item())
            found += [m, -m] if signed else [m]
    return found


def solarize_add(image, addition):
    return image.point([min(255, v + addition) if v < 128 else v for v in range(256)] * len(image.getbands()))


def ops():
    result = {}
    for kind, height, width, channels in PICTURES:
        pixels = picture(kind, height, width, channels)
        image = Image.fromarray(pixels[:, :, 0] if channels == 1 else pixels)
        name = f"{kind} {height} {width} {channels}"
        for op in LEVELED:
            for interpolation, fill in HOW if op in GEOMETRIC else HOW[:1]:
                how = dict(interpolation=InterpolationMode(interpolation), fill=fill)
                rows = [text(_apply_op(image, op, m, **how)) for m in magnitudes(op, (height, width))]
                result[f"{op} {name} {interpolation} {fill}"] = " ".join(rows)
        for op in PLAIN:
            how = dict(interpolation=InterpolationMode.NEAREST, fill=0)
            result[f"{op} {name} nearest 0"] = text(_apply_op(image, op, 0.0, **how))
        result[f"SolarizeAdd {name} nearest 0"] = " ".join(text(solarize_add(image, a)) for a in ADDITIONS)
    return result


def table(space):
    return {op: [" ".join(map(repr, values.tolist())) if values.ndim else "", signed] for op, (values, signed) in space.items()}


def irfft2():
    """Of small integers, as batch.test.ts makes them."""
    result = {}
    for height, width in [(1, 1), (4, 5), (5, 4), (6, 8), (7, 3)]:
        i = np.arange(height * (width // 2 + 1)).reshape(height, -1)
        spectrum = (i * 37 % 19 - 9) + 1j * (i * 23 % 17 - 8)
        values = np.fft.irfft2(spectrum, (height, width)).ravel()
        result[f"{height} {width}"] = " ".join(f"{v:.15g}" for v in values)
    return result


def tables():
    # Invert and the rest without magnitude differ between the three in name only.
    return {
        "autoAugment 10 224 200": table(AutoAugment()._augmentation_space(10, (224, 200))),
        "randAugment 31 32 33": table(RandAugment()._augmentation_space(31, (32, 33))),
        "trivialAugmentWide 31": table(TrivialAugmentWide()._augmentation_space(31)),
        "irfft2": irfft2(),
        "policies": {
            p.value: [" ".join(f"{op} {prob} {level or 0}" for op, prob, level in sub) for sub in AutoAugment(p).policies]
            for p in AutoAugmentPolicy
        },
    }


def write(name, what):
    versions = {"torchvision": torchvision.__version__, "torch": torch.__version__, "pillow": PIL.__version__}
    (HERE / name).write_text(json.dumps({"made with": versions, **what}, indent=2) + "\n")


write("ops.json", {"ops": ops()})
write("tables.json", tables())
