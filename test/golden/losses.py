"""Writes losses.json, which losses.test.ts compares with: python3 test/golden/losses.py (needs torch; where torchvision is
installed too, its sigmoid_focal_loss is compared with the formula here).

Computed in float64. Logits are multiples of 1/16, so that they are the same numbers in float32.
"""

import json
import pathlib

import torch
import torch.nn.functional as F

try:
    import torchvision
except ImportError:
    torchvision = None

HERE = pathlib.Path(__file__).parent
torch.manual_seed(1)
N, CLASSES = 4, 5


def grid(*shape):
    return (torch.randn(*shape, dtype=torch.float64) * 48).round() / 16


near = grid(N, CLASSES)
far = torch.tensor([[1000, -1000, 0, 20, -20], [-1000, 1000, 1000, 0, 1], [0, 0, 0, 0, 0], [-30, 40, -50, 60, 1000]])
labels = torch.tensor([3, 0, 4, 3])
hot = F.one_hot(labels, CLASSES).double()
several = torch.tensor([[1, 0, 0, 1, 0], [0, 0, 0, 0, 0], [1, 1, 1, 1, 1], [0, 1, 0, 0, 1]])
mixed = torch.tensor([[0.25, 0, 0, 0.75, 0], [1, 0, 0, 0, 0], [0.5, 0.125, 0, 0, 0.375], [0, 0, 0.0625, 0.9375, 0]])
weight = torch.tensor([0.5, 2, 1, 0, 3.25], dtype=torch.float64)
rows = []


def row(loss, options, x, target, fn):
    x = x.double().clone().requires_grad_(True)
    y = fn(x, target if target.dim() == 1 else target.double())
    y.sum().backward()
    rows.append({
        "loss": loss, "options": options, "x": x.tolist(), "target": target.tolist(),
        "y": y.reshape(-1).tolist(), "shape": list(y.shape), "gradient": x.grad.reshape(-1).tolist(),
    })


def cross_entropy(target, reduction, smoothing, x=near, w=weight):
    row("crossEntropy", {"weight": w.tolist(), "reduction": reduction, "labelSmoothing": smoothing}, x, target,
        lambda x, t: F.cross_entropy(x, t, w, reduction=reduction, label_smoothing=smoothing))


for target in [labels, mixed]:
    for reduction in ["mean", "sum", "none"]:
        for smoothing in [0, 0.1, 1]:
            cross_entropy(target, reduction, smoothing)
cross_entropy(labels, "none", 0.1, far)


def bce(x, target, options, t):
    pos = options.get("posWeight")
    pos = torch.tensor(pos, dtype=torch.float64) if pos is not None else None
    row("binaryCrossEntropyWithLogits", options, x, target,
        lambda x, _: F.binary_cross_entropy_with_logits(x, t.double(), pos_weight=pos, reduction=options["reduction"]))


for x in [near, far]:
    for target in [several, mixed]:
        for reduction in ["mean", "sum", "none"]:
            bce(x, target, {"reduction": reduction}, target)
        bce(x, target, {"reduction": "mean", "posWeight": weight.tolist()}, target)
bce(near, several, {"reduction": "none", "posWeight": 3}, several)
bce(near, labels, {"reduction": "mean"}, hot)
bce(near, labels, {"reduction": "none", "labelSmoothing": 0.1}, hot * 0.9 + 0.1 / CLASSES)

def sigmoid_focal_loss(x, t, alpha=0.25, gamma=2, reduction="none"):
    """torchvision.ops.sigmoid_focal_loss."""
    p = torch.sigmoid(x)
    loss = F.binary_cross_entropy_with_logits(x, t, reduction="none") * (1 - (p * t + (1 - p) * (1 - t))) ** gamma
    if alpha >= 0:
        loss = loss * (alpha * t + (1 - alpha) * (1 - t))
    loss = {"none": loss, "mean": loss.mean(), "sum": loss.sum()}[reduction]
    if torchvision:
        assert torch.equal(loss, torchvision.ops.sigmoid_focal_loss(x, t, alpha, gamma, reduction))
    return loss


for x in [near, far]:
    for target in [several, mixed]:
        for alpha, gamma in [(0.25, 2), (-1, 2), (0.75, 0.5), (0.25, 1), (0.25, 5)]:
            if x is far and gamma < 1:
                continue  # the gradient is NaN there
            row("sigmoidFocalLoss", {"alpha": alpha, "gamma": gamma, "reduction": "none"}, x, target,
                lambda x, t: sigmoid_focal_loss(x, t, alpha, gamma, "none"))
for reduction in ["mean", "sum"]:
    row("sigmoidFocalLoss", {"reduction": reduction}, near, several, lambda x, t: sigmoid_focal_loss(x, t, reduction=reduction))
row("sigmoidFocalLoss", {}, near, labels, lambda x, t: sigmoid_focal_loss(x, hot, reduction="mean"))


def focal(x, t, alpha, gamma):
    """Lin et al. (2017), equation 5, with softmax; 1 - p as the sum of the others."""
    t = t if t.dim() == 2 else F.one_hot(t, CLASSES).double()
    log_p = F.log_softmax(x, 1)
    others = log_p.exp() @ (1 - torch.eye(CLASSES, dtype=torch.float64))
    return -(alpha * t * (others + 1e-300) ** gamma * log_p).sum(1)


for x in [near, far]:
    for target in [labels, mixed]:
        for gamma in [0, 0.5, 1, 2, 5]:
            row("focalLoss", {"gamma": gamma, "reduction": "none"}, x, target, lambda x, t: focal(x, t, 1, gamma))
    row("focalLoss", {"alpha": weight.tolist()}, x, labels, lambda x, t: focal(x, t, weight, 2).mean())
row("focalLoss", {"alpha": 0.25, "reduction": "sum"}, near, labels, lambda x, t: focal(x, t, 0.25, 2).sum())

teacher = grid(N, CLASSES)
for alpha, temperature in [(0.9, 4), (0.5, 1), (0, 3), (1, 20)]:
    row("distillation", {"alpha": alpha, "temperature": temperature, "teacher": teacher.tolist()}, near, labels,
        lambda x, t: alpha * temperature**2 * F.kl_div(
            F.log_softmax(x / temperature, 1), F.softmax(teacher / temperature, 1), reduction="batchmean")
        + (1 - alpha) * F.cross_entropy(x, t))

for r in rows:
    for key in ["y", "gradient"]:
        r[key] = [float(f"{v:.9g}") for v in r[key]]
about = {"script": "test/golden/losses.py", "torch": torch.__version__}
(HERE / "losses.json").write_text(json.dumps({"about": about, "rows": rows}) + "\n")
