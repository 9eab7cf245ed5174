"""Writes imagenet-sample.json: size and mean colour that Pillow gives the 201 pictures of imagenet-sample.tar
(github.com/EliSchwartz/imagenet-sample-images). python test/golden/imagenet-sample.py FOLDER, the unpacked archive."""

import json
import sys
from pathlib import Path

import numpy as np
import PIL
from PIL import Image

pictures = {}
for path in sorted(Path(sys.argv[1]).glob("val/*/*")):
    pixels = np.asarray(Image.open(path).convert("RGB"))
    mean = [round(float(c), 3) for c in pixels.mean((0, 1))]
    pictures[path.parent.name] = [pixels.shape[1], pixels.shape[0], *mean]
out = Path(__file__).parent / "imagenet-sample.json"
rows = ",\n".join(f" {json.dumps(name)}: {json.dumps(values)}" for name, values in pictures.items())
out.write_text(f'{{\n "pillow": {json.dumps(PIL.__version__)},\n "pictures": {{\n{rows}\n }}\n}}\n')
