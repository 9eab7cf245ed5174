#!/usr/bin/env bash
# TorchMetrics' top-2 accuracy can be smaller than its top-1 accuracy: of equal scores top_k=1 takes the first class (argmax),
# top_k=2 those that torch.topk happens to return.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q torch==2.13.0 torchmetrics==1.9.0 numpy
"$folder/venv/bin/python" - <<'PY'
import sys
import torch, torchmetrics
from torchmetrics.functional.classification import multiclass_accuracy

print("torch", torch.__version__, "torchmetrics", torchmetrics.__version__)
scores = torch.tensor([[0.0, 1.0, 1.0, 0.0, 1.0]])
label = torch.tensor([1])
got = [multiclass_accuracy(scores, label, 5, average="micro", top_k=k).item() for k in (1, 2, 3)]
print("scores", scores.tolist(), "label", label.tolist())
print("accuracy at top_k = 1, 2, 3:", got)
sys.exit(0 if got == [1.0, 0.0, 1.0] else 1)
PY
