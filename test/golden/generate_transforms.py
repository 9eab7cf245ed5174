"""Writes transforms.json, which transforms.test.ts compares with: python3 test/golden/generate_transforms.py

Needs Pillow, NumPy and torchvision (written with Pillow 9.4, torchvision 0.14; resizes are the same with
Pillow 12.3, which --pillow-only checks; Pillow 13 resizes columns before rows where the height shrinks by more than twice as many pixels
as the width, so 10 of them differ). --crops adds what the installed Pillow makes of other sizes to crops.json, by version. Pictures are drawn from a formula that the test repeats; of the results the file holds size and CRC-32.
"""

import json
import pathlib
import sys
import zlib

import numpy as np
from PIL import Image, ImageEnhance

HERE = pathlib.Path(__file__).parent


def picture(seed, height, width, channels):
    """Byte i is a fixed hash of (seed, i): noise in even seeds; in odd ones on a slope."""
    i = np.arange(height * width * channels, dtype=np.uint64)
    x = (i * 0x9E3779B1 + seed * 0x85EBCA77 + 12345) & 0xFFFFFFFF
    x = ((x ^ (x >> 15)) * 0x2C1B3C6D) & 0xFFFFFFFF
    x = ((x ^ (x >> 12)) * 0x297A2D39) & 0xFFFFFFFF
    x = x ^ (x >> 15)
    noise = x >> 24
    column = i // channels % width
    row = i // channels // width
    slope = (noise >> 4) + column * 160 // width + row * 80 // height
    return (slope if seed % 2 else noise).astype(np.uint8).reshape(height, width, channels)


def pil(pixels):
    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)


rows = []


def row(op, shape, args, fn):
    """Runs fn on picture number len(rows) of this shape."""
    seed = len(rows)
    y = np.ascontiguousarray(np.asarray(fn(pil(picture(seed, *shape)))))
    if y.ndim == 2:
        y = y[:, :, None]
    crc = zlib.crc32(y.astype(y.dtype.newbyteorder("<")).tobytes())
    rows.append({"op": op, "shape": list(shape), "args": args, "out": list(y.shape), "crc": crc})


FILTERS = {
    "nearest": Image.NEAREST,
    "bilinear": Image.BILINEAR,
    "bicubic": Image.BICUBIC,
    "box": Image.BOX,
    "lanczos": Image.LANCZOS,
}

SIZES = [
    # tiny
    ((1, 1), (1, 1)),
    ((1, 1), (5, 3)),
    ((2, 3), (1, 1)),
    ((3, 2), (7, 11)),
    # up
    ((13, 17), (32, 41)),
    ((32, 32), (224, 224)),
    ((28, 28), (33, 64)),
    # down
    ((100, 75), (50, 37)),
    ((97, 131), (31, 29)),
    ((375, 500), (256, 341)),
    ((640, 480), (97, 53)),
    ((301, 17), (8, 16)),
    # one axis up, the other down or kept
    ((40, 90), (77, 21)),
    ((64, 50), (64, 20)),
    ((50, 64), (20, 64)),
    ((61, 61), (61, 61)),
    # long
    ((1, 777), (1, 50)),
    ((777, 1), (50, 1)),
]

for (height, width), (h, w) in SIZES:
    for name, code in FILTERS.items():
        for channels in (1, 3):
            big = height * width > 100000
            if big and (name in ("box", "lanczos") or channels == 1):
                continue
            args = {"size": [h, w], "interpolation": name}
            row("resize", (height, width, channels), args, lambda x: x.resize((w, h), code))
for name in ("bilinear", "bicubic"):  # CMYK: channels of their own, as ours
    row(
        "resize",
        (37, 53, 4),
        {"size": [20, 71], "interpolation": name},
        lambda x: Image.frombytes("CMYK", x.size, x.tobytes()).resize((71, 20), FILTERS[name]),
    )
PILLOW_RESIZES = len(rows)

if "--pillow-only" in sys.argv:  # does this Pillow give what the file says?
    known = json.loads((HERE / "transforms.json").read_text())["rows"][:PILLOW_RESIZES]
    for a, b in zip(known, rows):
        if json.dumps(a) != json.dumps(b):
            print("different:", a, b)
    print(PILLOW_RESIZES, "compared with Pillow", Image.__version__)
    sys.exit()

if "--crops" in sys.argv:
    file = HERE / "crops.json"
    known = json.loads(file.read_text())["crc"] if file.exists() else {}
    # Around the limit (50 rows fewer, 24 to 26 columns fewer), then sizes of random crops.
    sizes = [((90, 60 + d), (40, 35)) for d in range(-2, 3)] + [((90 + d, 60), (40, 35)) for d in (-1, 1)]
    sizes += [((90, 30), (40, 90)), ((90, 40), (89, 40)), ((90, 41), (89, 41)), ((90, 30), (91, 10)), ((300, 3), (10, 9))]
    draw = np.random.default_rng(21)
    sizes += [((int(draw.integers(30, 260)), int(draw.integers(30, 260))), (112, 112)) for _ in range(20)]
    shapes = []
    sums = []
    for k, ((height, width), (h, w)) in enumerate(sizes):
        for name in ("box", "bilinear", "bicubic", "lanczos"):
            channels = (1, 3)[k % 2]
            y = pil(picture(k, height, width, channels)).resize((w, h), FILTERS[name])
            shapes.append({"seed": k, "shape": [height, width, channels], "size": [h, w], "interpolation": name})
            sums.append(zlib.crc32(y.tobytes()))
    known[Image.__version__] = sums
    lines = ",\n".join("    " + json.dumps(r, separators=(",", ":")) for r in shapes)
    by_version = ",\n".join(f'    "{version}": {json.dumps(crc)}' for version, crc in sorted(known.items()))
    file.write_text(f'{{\n  "rows": [\n{lines}\n  ],\n  "crc": {{\n{by_version}\n  }}\n}}\n')
    print(len(shapes), "resizes with Pillow", Image.__version__)
    sys.exit()

if "--cv2" in sys.argv:  # writes transforms-cv2.json (OpenCV 5.0)
    import cv2

    rows = []
    for k, ((height, width), (h, w)) in enumerate(SIZES):
        for channels in (1, 3, 4):
            y = cv2.resize(picture(k, height, width, channels), (w, h), interpolation=cv2.INTER_LINEAR)
            crc = zlib.crc32(np.ascontiguousarray(y).tobytes())
            rows.append({"seed": k, "shape": [height, width, channels], "size": [h, w], "crc": crc})
    lines = ",\n".join("    " + json.dumps(r, separators=(",", ":")) for r in rows)
    text = f'{{\n  "opencv": "{cv2.__version__}",\n  "rows": [\n{lines}\n  ]\n}}\n'
    (HERE / "transforms-cv2.json").write_text(text)
    sys.exit()

import torch  # noqa: E402
import torchvision  # noqa: E402
import torchvision.transforms.functional as F  # noqa: E402
from torchvision.transforms import InterpolationMode  # noqa: E402

MODES = {mode.value: mode for mode in InterpolationMode}

for size, max_size in ((256, None), (32, None), (40, 50), (7, None)):
    for shape in ((375, 500, 3), (91, 60, 1), (33, 33, 3)):
        args = {"size": size, "interpolation": "bilinear"} | ({"maxSize": max_size} if max_size else {})
        row("Resize", shape, args, lambda x: F.resize(x, size, max_size=max_size))

for shape in ((9, 9, 3), (10, 13, 3), (11, 12, 1), (4, 30, 3)):
    for size in ((4, 4), (5, 7), (9, 10), (12, 12)):
        row("centerCrop", shape, {"size": size}, lambda x: F.center_crop(x, size))

for shape in ((7, 10, 3), (5, 4, 1)):
    row("hflip", shape, {}, F.hflip)
    row("vflip", shape, {}, F.vflip)
    row("grayscale", shape, {"channels": 1}, lambda x: F.to_grayscale(x, 1))
    row("grayscale", shape, {"channels": 3}, lambda x: F.to_grayscale(x, 3))
    row("toTensor", shape, {}, lambda x: F.to_tensor(x).permute(1, 2, 0))
    for mode in ("constant", "edge", "reflect", "symmetric"):
        for padding in ([2, 2, 2, 2], [1, 2, 3, 0], [3, 3, 0, 1]):
            args = {"padding": padding, "mode": mode, "fill": 0}
            row("pad", shape, args, lambda x: F.pad(x, padding, 0, mode))
row("pad", (7, 10, 3), {"padding": [1, 2, 3, 4], "mode": "constant", "fill": [9, 120, 255]},
    lambda x: F.pad(x, [1, 2, 3, 4], (9, 120, 255)))

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
for shape in ((7, 10, 3), (33, 29, 3)):
    row("normalize", shape, {"mean": MEAN, "std": STD},
        lambda x: F.normalize(F.to_tensor(x), MEAN, STD).permute(1, 2, 0))
row("normalize", (28, 27, 1), {"mean": [0.1307], "std": [0.3081]},
    lambda x: F.normalize(F.to_tensor(x), [0.1307], [0.3081]).permute(1, 2, 0))

COLOURS = {
    "adjustBrightness": (F.adjust_brightness, (0, 0.31, 0.5, 1, 1.7, 3)),
    "adjustContrast": (F.adjust_contrast, (0, 0.31, 0.5, 1, 1.7, 3)),
    "adjustSaturation": (F.adjust_saturation, (0, 0.31, 0.5, 1, 1.7, 3)),
    "adjustHue": (F.adjust_hue, (-0.5, -0.21, 0, 0.1, 0.37, 0.5)),
}
for op, (fn, factors) in COLOURS.items():
    for factor in factors:
        for shape in ((61, 83, 3), (60, 83, 3), (40, 40, 1)):
            row(op, shape, {"factor": factor}, lambda x: fn(x, factor))

for angle in (0, 13.7, 45, 90, 180, 270, -30, 361.5):
    for shape in ((40, 40, 3), (31, 52, 3), (32, 21, 1)):
        for mode in ("nearest", "bilinear"):
            for expand in (False, True):
                args = {"angle": angle, "interpolation": mode, "expand": expand}
                row("rotate", shape, args, lambda x: F.rotate(x, angle, MODES[mode], expand))
args = {"angle": 25, "interpolation": "nearest", "expand": False, "center": [3, 7], "fill": [1, 2, 3]}
row("rotate", (31, 52, 3), args, lambda x: F.rotate(x, 25, center=[3, 7], fill=[1, 2, 3]))
args = {"angle": 25, "interpolation": "bicubic", "expand": False}
row("rotate", (31, 52, 3), args, lambda x: F.rotate(x, 25, MODES["bicubic"]))

MAPS = [
    (0, (0, 0), 1, (0, 0)),
    (0, (3, -5), 1, (0, 0)),
    (0, (0, 0), 1.3, (0, 0)),
    (20, (0, 0), 1, (0, 0)),
    (0, (0, 0), 1, (17, 0)),
    (0, (0, 0), 1, (0, -12)),
    (-33, (4, 2), 0.8, (5, 9)),
    (171, (-7, 1), 1.9, (-25, 3)),
]
for angle, translate, scale, shear in MAPS:
    for shape in ((40, 40, 3), (31, 52, 3), (32, 21, 1)):
        for mode in ("nearest", "bilinear", "bicubic"):
            args = {"angle": angle, "translate": translate, "scale": scale, "shear": shear}
            args |= {"interpolation": mode, "fill": 0 if mode == "nearest" else 77}
            fill = None if mode == "nearest" else [77] * shape[2]
            row("affine", shape, args, lambda x: F.affine(
                x, angle, list(translate), scale, list(shear), MODES[mode], fill=fill))


def imagenet_eval(x):
    x = F.center_crop(F.resize(x, 256), [224, 224])
    return F.normalize(F.to_tensor(x), MEAN, STD).permute(1, 2, 0)


for shape in ((375, 500, 3), (500, 333, 3), (97, 131, 3), (256, 301, 3)):
    row("imagenetEval", shape, {}, imagenet_eval)

if "--pictures" in sys.argv:
    # Decodes the JPEG files below a folder with Pillow, as torchvision does, for sample.test.ts. On 2026-11-24 all 201 pictures
    # of imagenet-sample.tar gave the same floats, to the last bit (mean absolute difference 0).
    folder, out = map(pathlib.Path, sys.argv[sys.argv.index("--pictures") + 1 :])
    out.mkdir(parents=True, exist_ok=True)
    index = []
    for path in sorted(folder.rglob("*.JPEG")):
        x = Image.open(path).convert("RGB")
        (out / f"{path.stem}.rgb").write_bytes(x.tobytes())
        crc = zlib.crc32(np.ascontiguousarray(imagenet_eval(x).numpy()).tobytes())
        index.append({"file": f"{path.stem}.rgb", "height": x.height, "width": x.width, "crc": crc})
    (out / "index.json").write_text(json.dumps(index))
    print(len(index), "pictures")
    sys.exit()

versions = {"pillow": Image.__version__, "torchvision": torchvision.__version__, "torch": torch.__version__}
lines = ",\n".join("    " + json.dumps(r, separators=(",", ":")) for r in rows)
text = f'{{\n  "versions": {json.dumps(versions)},\n  "rows": [\n{lines}\n  ]\n}}\n'
(HERE / "transforms.json").write_text(text)
print(PILLOW_RESIZES, "resizes,", len(rows), "rows,", len(text), "bytes")
