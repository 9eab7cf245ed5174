"""Writes metrics.json, which test/train/metrics.test.ts compares with: python3 test/golden/metrics.py (needs
scikit-learn and torchmetrics 1.9.0).

Logits are multiples of 1/4, so that there are equal ones.
"""

import json
import pathlib

import numpy as np
import sklearn
import torch
import torchmetrics
from sklearn.metrics import average_precision_score, confusion_matrix, precision_recall_fscore_support
from torchmetrics.functional.classification import (
    multiclass_calibration_error, multiclass_confusion_matrix, multiclass_f1_score, multiclass_precision,
    multiclass_recall, multilabel_average_precision,
)

HERE = pathlib.Path(__file__).parent
random = np.random.default_rng(3)
N, CLASSES = 60, 6

# One class each. Class 4 never occurs, class 5 is never guessed and never occurs.
labels = random.integers(0, 4, N)
logits = np.round(random.normal(size=(N, CLASSES)) * 4) / 4
logits[np.arange(N), labels] += 1
logits[:, 5] = -9
guesses = logits.argmax(1)
scores = precision_recall_fscore_support(labels, guesses, labels=range(CLASSES), zero_division=0)
macro = precision_recall_fscore_support(labels, guesses, average="macro", zero_division=0)

# Guo et al. (2017), equation 3, with their 15 bins.
exp = np.exp(logits - logits.max(1, keepdims=True))
confidence = (exp / exp.sum(1, keepdims=True)).max(1)
edges = np.linspace(0, 1, 16)
ece = 0.0
for low, high in zip(edges[:-1], edges[1:]):
    inside = (confidence > low) & (confidence <= high)
    if inside.any():
        ece += inside.mean() * abs((guesses == labels)[inside].mean() - confidence[inside].mean())

# Several classes each. Class 3 never occurs.
targets = (random.random((N, CLASSES)) < 0.3).astype(int)
targets[:, 3] = 0
several = np.round(random.normal(size=(N, CLASSES)) * 4 + 2 * targets) / 4
known = [j for j in range(CLASSES) if targets[:, j].any()]
ap = {str(j): average_precision_score(targets[:, j], several[:, j]) for j in known}
found = precision_recall_fscore_support(targets, several > 0, zero_division=0)

# TorchMetrics agrees, where there is a choice too: a class without images counts 0 in the mean of average precisions (as in
# scikit-learn), and is left out of macro means if nothing was taken for it either.
x, y = torch.tensor(logits), torch.tensor(labels)
s, t = torch.tensor(several), torch.tensor(targets)
mean_ap = multilabel_average_precision(s.sigmoid(), t, CLASSES, average="macro").item()
assert np.isclose(mean_ap, average_precision_score(targets, several))
assert np.isclose(mean_ap, sum(ap.values()) / CLASSES)
assert (multiclass_confusion_matrix(x, y, CLASSES).numpy() == confusion_matrix(labels, guesses, labels=range(CLASSES))).all()
for function, want in zip([multiclass_precision, multiclass_recall, multiclass_f1_score], macro):
    assert np.isclose(function(x, y, CLASSES, average="macro").item(), want)
# Its bins are [low, high), and confidences of 1 have one of their own; no confidence lies on an edge here.
assert np.isclose(multiclass_calibration_error(x, y, CLASSES, n_bins=15).item(), ece)

(HERE / "metrics.json").write_text(json.dumps({
    "about": {"script": "test/golden/metrics.py", "scikit-learn": sklearn.__version__, "torchmetrics": torchmetrics.__version__},
    "labels": {
        "labels": labels.tolist(), "logits": logits.tolist(), "matrix": confusion_matrix(labels, guesses, labels=range(CLASSES)).tolist(),
        "precision": scores[0].tolist(), "recall": scores[1].tolist(), "f1": scores[2].tolist(), "support": scores[3].tolist(),
        "macro": [float(v) for v in macro[:3]], "ece": ece,
    },
    "targets": {
        "targets": targets.tolist(), "logits": several.tolist(), "ap": ap, "mAP": float(average_precision_score(targets, several)),
        "precision": found[0].tolist(), "recall": found[1].tolist(), "f1": found[2].tolist(), "support": found[3].tolist(),
    },
}) + "\n")
