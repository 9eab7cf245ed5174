#!/usr/bin/env bash
# Paddle saves bfloat16 tensors as arrays of uint16, and nothing marks them. So an array of real uint16 numbers, such as labels,
# that goes through paddle.save() and paddle.load() comes back as bfloat16 numbers near 0, and paddle.to_tensor() makes such
# numbers of it too; nothing is raised or said. With return_numpy=True bfloat16 weights come back as integers.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q paddlepaddle==3.3.1 numpy==2.3.5 setuptools
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import sys

import numpy as np
import paddle

print("paddlepaddle", paddle.__version__, "numpy", np.__version__)
labels = np.array([1, 2, 1000], dtype=np.uint16)
paddle.save({"labels": labels, "same": labels.astype(np.int32)}, "labels.pdparams")
loaded = paddle.load("labels.pdparams")
read = loaded["labels"].astype("float32").numpy()
made = paddle.to_tensor(labels)
print("labels", labels.tolist(), "load as", loaded["labels"].dtype, read.tolist())
print("the same as int32 load as", loaded["same"].dtype, loaded["same"].numpy().tolist())
print("paddle.to_tensor(labels) is", made.dtype)
paddle.save({"weights": paddle.to_tensor([1.5, -2.25]).astype("bfloat16")}, "weights.pdparams")
weights = paddle.load("weights.pdparams", return_numpy=True)["weights"]
print("bfloat16 weights [1.5, -2.25] load as", weights.dtype, weights.tolist())
as_seen = (
    loaded["labels"].dtype == made.dtype == paddle.bfloat16
    and np.abs(read).max() < 1e-30
    and loaded["same"].numpy().tolist() == [1, 2, 1000]
    and weights.tolist() == [16320, 49168]
)
sys.exit(0 if as_seen else 1)
PY
