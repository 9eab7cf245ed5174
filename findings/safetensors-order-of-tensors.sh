#!/usr/bin/env bash
# A file of safetensors does not keep the order of the state dict. save_file() sorts tensors by the bytes of an element, largest first,
# and then by name; load_file() gives them in that order. So the first convolution in a file of MobileNetV3 is
# "blocks.0.0.conv_dw.weight", which is depthwise, not "conv_stem.weight": taking the channels of images from the first
# weight with four axes gives 1. Counters in int64, such as num_batches_tracked, come before all weights.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q safetensors==0.8.0 numpy==2.3.5
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import json
import struct
import sys

import numpy as np
import safetensors
from safetensors.numpy import load_file, save_file

print("safetensors", safetensors.__version__)
state = {
    "conv_stem.weight": np.zeros((16, 3, 3, 3), np.float32),
    "bn1.weight": np.zeros(16, np.float32),
    "bn1.num_batches_tracked": np.zeros((), np.int64),
    "blocks.0.0.conv_dw.weight": np.zeros((16, 1, 3, 3), np.float32),
    "a.half": np.zeros(4, np.float16),
}
save_file(state, "model.safetensors")
with open("model.safetensors", "rb") as file:
    header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
order = sorted(header, key=lambda name: header[name]["data_offsets"][0])
print("state dict:", list(state))
print("in the file:", order)
four = [name for name in order if len(header[name]["shape"]) == 4]
print("the first weight with four axes:", four[0], header[four[0]]["shape"])
print("load_file:", list(load_file("model.safetensors")))
as_seen = order == [
    "bn1.num_batches_tracked",
    "blocks.0.0.conv_dw.weight",
    "bn1.weight",
    "conv_stem.weight",
    "a.half",
] and set(load_file("model.safetensors")) == set(state)
sys.exit(0 if as_seen else 1)
PY
