"""Writes jpeg.json: small JPEG files of all samplings, processes, restarts and qualities by libjpeg-turbo's cjpeg, each with the CRC-32 of
the pixels that Pillow makes of it (convert("RGB")), and the same of photographs and CIFAR-10's pictures, which are not part of the project.
python test/golden/jpeg.py [FOLDER], which may hold imagenet-sample/ and cifar10-jpeg/, unpacked. Needs Pillow 12 or later and cjpeg."""

import base64
import io
import json
import random
import subprocess
import sys
import zlib
from pathlib import Path

import PIL
from PIL import Image

SAMPLINGS = ["1x1", "2x1", "2x2", "1x2", "4x1", "1x4", "4x2", "2x4", "3x1", "1x3", "2x2,1x2,2x1", "1x1,2x2,2x2", "2x2,2x2,1x1"]
random.seed(21)


def crc(data, start=0):
    return zlib.crc32(Image.open(io.BytesIO(data)).convert("RGB").tobytes(), start)


def picture(width, height):
    """A gradient with noise in a part of it."""
    pixel = lambda x, y, c: (x * (3 + c) + y * (5 - c)) % 256 if (x // 5 + y // 3) % 4 else random.randrange(256)
    return bytes(pixel(x, y, c) for y in range(height) for x in range(width) for c in range(3))


def encode(width, height, arguments):
    ppm = b"P6 %d %d 255\n" % (width, height) + picture(width, height)
    return subprocess.run(["cjpeg", *arguments], input=ppm, capture_output=True, check=True).stdout


cases = []
widths = random.sample(range(1, 41), 40)
for i, sampling in enumerate(SAMPLINGS * 4):
    width, height = widths[i % 40], random.randint(1, 40)
    arguments = ["-sample", sampling, "-quality", str([30, 75, 90, 5, 100][i % 5])]
    arguments += [["-progressive"], ["-optimize"], ["-progressive"], ["-optimize", "-rgb"]][i // len(SAMPLINGS)]
    arguments += [[], ["-restart", "1"], ["-restart", "2B"]][i % 3]
    file = encode(width, height, arguments)
    cases.append({"name": " ".join([f"{width}×{height}", *arguments]), "crc": crc(file), "file": base64.b64encode(file).decode()})

photographs, cifar = {}, {}
if len(sys.argv) > 1:
    folder = Path(sys.argv[1])
    for path in sorted(folder.glob("imagenet-sample/val/*/*")):
        photographs[path.parent.name] = crc(path.read_bytes())
    for part in sorted(folder.glob("cifar10-jpeg/*/*")):
        total = 0
        for path in sorted(part.iterdir())[::50]:
            total = crc(path.read_bytes(), total)
        cifar[f"{part.parent.name}/{part.name}"] = total

out = Path(__file__).with_name("jpeg.json")
values = {"pillow": PIL.__version__, "cases": cases, "photographs": photographs, "cifar": cifar}
out.write_text(json.dumps(values, indent=0, ensure_ascii=False) + "\n")
