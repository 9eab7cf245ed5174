"""Writes accumulation.json, which test/train/accumulation.test.ts compares with: python3 test/golden/accumulation.py (needs torch).

Trains a linear classifier in float64. Each step has as one batch what fit() gathers from several, without what cannot be read.
"""

import json
import pathlib

import torch
import torch.nn.functional as F

HERE = pathlib.Path(__file__).parent
torch.manual_seed(2)
N, PIXELS, CLASSES, BATCH, ACCUMULATE, EPOCHS = 22, 9, 3, 4, 4, 2

images = torch.randint(0, 256, (N, PIXELS))
labels = torch.randint(0, CLASSES, (N,))
start = (torch.randn(CLASSES, PIXELS, dtype=torch.float64) * 16).round() / 64
class_weights = [0.5, 2, 4]
# The groups are the batches 0 to 3 (images 0 to 15) and 4 to 5 (16 to 21, the last batch smaller).
unreadable = {
    "none": [],
    "the batch that ends a group": [12, 13, 14, 15],
    "the batch that begins a group": [0, 1, 2, 3],
    "a part of some batches": [1, 2, 3, 9, 17],
    "a whole group": list(range(16)),
    "all but one image of a group": list(range(15)),
    "the last batch": [20, 21],
}
rows = []
for weight in [None, class_weights]:
    for name, missing in unreadable.items():
        w = start.clone().requires_grad_(True)
        b = torch.zeros(CLASSES, dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.SGD([w, b], lr=0.5, momentum=0.9)
        for _ in range(EPOCHS):
            for begin in range(0, N, BATCH * ACCUMULATE):
                group = [i for i in range(begin, min(N, begin + BATCH * ACCUMULATE)) if i not in missing]
                if not group:
                    continue
                optimizer.zero_grad()
                x = images[group].double() / 255
                own = None if weight is None else torch.tensor(weight, dtype=torch.float64)
                F.cross_entropy(x @ w.T + b, labels[group], own).backward()
                optimizer.step()
        rows.append({"name": name, "missing": missing, "weight": weight, "w": w.flatten().tolist(), "b": b.tolist()})

(HERE / "accumulation.json").write_text(json.dumps({
    "about": {"script": "test/golden/accumulation.py", "torch": torch.__version__},
    "images": images.flatten().tolist(), "labels": labels.tolist(), "start": start.flatten().tolist(), "rows": rows,
}) + "\n")
