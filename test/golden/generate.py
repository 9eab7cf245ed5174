"""Writes the goldens that golden.test.ts compares with: python3 test/golden/generate.py (needs torch and numpy).

Inputs are drawn from a formula that the test repeats, so the files hold results alone. Everything in them is in fovea's
layout: images NHWC, convolution weights [kh, kw, in / groups, out].
"""

import json
import pathlib

import torch
import torch.nn.functional as F

from decisions import decided

HERE = pathlib.Path(__file__).parent
torch.set_num_threads(1)


def draw(seed, shape):
    """Element i is a fixed hash of (seed, i), in [-1, 1)."""
    n = 1
    for s in shape:
        n *= s
    i = torch.arange(n, dtype=torch.int64)
    x = (i * 0x9E3779B1 + seed * 0x85EBCA77 + 12345) & 0xFFFFFFFF
    x = ((x ^ (x >> 15)) * 0x2C1B3C6D) & 0xFFFFFFFF
    x = ((x ^ (x >> 12)) * 0x297A2D39) & 0xFFFFFFFF
    x = x ^ (x >> 15)
    return ((x >> 8).to(torch.float32) / 2**23 - 1).reshape(shape)


def flat(t):
    return [float(f"{v:.8g}") for v in t.detach().reshape(-1).tolist()]


def nchw(x):
    return x.permute(0, 3, 1, 2)


def nhwc(x):
    return x.permute(0, 2, 3, 1)


cases = []


def case(op, attrs, inputs, fn, ints=()):
    """Runs fn on leaves made of `inputs` (name -> shape or ready tensor) and records y and every gradient."""
    leaves = {}
    for k, (name, value) in enumerate(inputs.items()):
        if torch.is_tensor(value):
            leaves[name] = value
        else:
            leaves[name] = draw(k + 1, value)
        if name not in ints:
            leaves[name] = leaves[name].clone().requires_grad_(True)
    y = fn(**leaves)
    dy = draw(99, tuple(y.shape))
    y.backward(dy)
    shapes = {k: list(v.shape) for k, v in leaves.items()}
    row = {"op": op, "attrs": attrs, "shapes": shapes, "y": flat(y), "yShape": list(y.shape)}
    row["gradients"] = {k: flat(v.grad) for k, v in leaves.items() if k not in ints}
    if ints:
        row["ints"] = {k: leaves[k].tolist() for k in ints}
    cases.append(row)


def conv(x, w, o, **attrs):
    def fn(x, weight, bias):
        return nhwc(F.conv2d(nchw(x), weight.permute(3, 2, 0, 1), bias, **attrs))

    named = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, **attrs}
    case("conv2d", named, {"x": x, "weight": w, "bias": [o]}, fn)


conv([2, 5, 6, 3], [3, 3, 3, 4], 4)
conv([1, 7, 8, 9], [3, 3, 9, 10], 10, padding=1)
conv([2, 8, 7, 4], [3, 3, 4, 5], 5, stride=2, padding=1)
conv([1, 9, 9, 2], [5, 5, 2, 7], 7, stride=(2, 1), padding=(2, 0))
conv([1, 9, 8, 3], [3, 3, 3, 4], 4, dilation=2, padding=2)
conv([1, 6, 5, 6], [3, 3, 2, 9], 9, groups=3, padding=1)
conv([1, 6, 5, 5], [3, 3, 1, 5], 5, groups=5, stride=2, padding=1)
conv([1, 5, 5, 8], [1, 1, 8, 12], 12)

for kernel, attrs in [(2, {}), (3, {"stride": 2, "padding": 1}), (2, {"stride": 1, "dilation": 2})]:
    case("maxPool2d", {"kernelSize": kernel, "stride": kernel, "padding": 0, "dilation": 1, **attrs}, {"x": [2, 7, 6, 5]},
         lambda x: nhwc(F.max_pool2d(nchw(x), kernel, **attrs)))
for include in [True, False]:
    case("avgPool2d", {"kernelSize": 3, "stride": 2, "padding": 1, "dilation": 1, "countIncludePad": include},
         {"x": [2, 6, 7, 5]},
         lambda x: nhwc(F.avg_pool2d(nchw(x), 3, stride=2, padding=1, count_include_pad=include)))
for size in [1, 3]:
    case("adaptiveAvgPool2d", {"outputSize": size}, {"x": [2, 7, 5, 4]}, lambda x: nhwc(F.adaptive_avg_pool2d(nchw(x), size)))

case("interpolate", {"scaleFactor": [2, 3]}, {"x": [2, 3, 2, 5]}, lambda x: nhwc(F.interpolate(nchw(x), scale_factor=(2, 3))))

for groups in [2, 3]:
    case("channelShuffle", {"groups": groups}, {"x": [2, 3, 2, 12]}, lambda x: nhwc(F.channel_shuffle(nchw(x), groups)))

case("linear", {}, {"x": [5, 7], "weight": [9, 7], "bias": [9]}, lambda x, weight, bias: F.linear(x, weight, bias))
case("matmul", {}, {"a": [5, 7], "b": [7, 9]}, lambda a, b: a @ b)
case("softmax", {}, {"x": [4, 7]}, lambda x: F.softmax(x, -1))
case("logSoftmax", {}, {"x": [4, 7]}, lambda x: F.log_softmax(x, -1))
labels = torch.tensor([3, 0, 6, 2])
for smoothing in [0.0, 0.1]:
    for reduction in ["mean", "sum", "none"]:
        attrs = {"labelSmoothing": smoothing, "reduction": reduction}
        case("crossEntropy", attrs, {"x": [4, 7], "target": labels},
             lambda x, target: F.cross_entropy(x, target, label_smoothing=smoothing, reduction=reduction), ints=["target"])
soft = F.softmax(3 * draw(5, [4, 7]), -1)
for smoothing in [0.0, 0.2]:
    attrs = {"labelSmoothing": smoothing, "reduction": "mean"}
    case("softCrossEntropy", attrs, {"x": [4, 7], "target": soft},
         lambda x, target: F.cross_entropy(x, target, label_smoothing=smoothing), ints=["target"])
for op in ["relu", "sigmoid", "tanh", "exp", "abs", "neg"]:
    case(op, {}, {"x": [3, 11]}, getattr(torch, op))
for slopes in [11, 1]:
    case("prelu", {}, {"x": [3, 11], "weight": [slopes]}, F.prelu)
case("gelu", {}, {"x": [3, 11]}, F.gelu)
case("geluTanh", {}, {"x": [3, 11]}, lambda x: F.gelu(x, approximate="tanh"))
case("logSigmoid", {}, {"x": [3, 11]}, F.logsigmoid)
case("flip", {"axes": [2, 0]}, {"x": [2, 3, 4, 5]}, lambda x: x.flip([2, 0]))


def batch_norm():
    """Three training steps, then an evaluation."""
    weight = (1 + 0.5 * draw(1, [5])).requires_grad_(True)
    bias = draw(2, [5]).requires_grad_(True)
    mean, var = torch.zeros(5), torch.ones(5)
    rows = []
    for step in range(4):
        x = (2 * draw(10 + step, [3, 4, 2, 5]) + 1).requires_grad_(True)
        weight.grad = bias.grad = None
        y = F.batch_norm(nchw(x), mean, var, weight, bias, training=step < 3)
        nhwc(y).backward(draw(20 + step, [3, 4, 2, 5]))
        rows.append({"y": flat(nhwc(y)), "x": flat(x.grad), "weight": flat(weight.grad), "bias": flat(bias.grad),
                     "runningMean": flat(mean), "runningVar": flat(var)})
    return rows


def optimizers():
    """Five steps on given gradients."""
    rows = []
    for name, options in [
        ("SGD", {"lr": 0.1}),
        ("SGD", {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}),
        ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.5}),
        ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
        ("Adam", {"lr": 0.01}),
        ("Adam", {"lr": 0.01, "betas": [0.8, 0.95], "eps": 1e-6, "weight_decay": 0.1}),
        ("AdamW", {"lr": 0.01}),
        ("AdamW", {"lr": 0.01, "weight_decay": 0.2}),
    ]:
        p = draw(1, [7]).clone().requires_grad_(True)
        optimizer = getattr(torch.optim, name)([p], **options)
        for step in range(5):
            p.grad = draw(2 + step, [7])
            optimizer.step()
        rows.append({"name": name, "options": options, "p": flat(p)})
    return rows


def lenet():
    """LeNet-5 with drawn weights: names, logits, loss, gradients' sums, and the losses of five Adam steps."""
    nn = torch.nn
    net = nn.Module()
    net.features = nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2))
    net.classifier = nn.Sequential(nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))
    with torch.no_grad():
        for k, p in enumerate(net.parameters()):
            fan = p[0].numel() if p.dim() > 1 else 16
            p.copy_(draw(50 + k, tuple(p.shape)) / fan**0.5)
    x = nchw(draw(7, [8, 28, 28, 1]))
    labels = torch.arange(8) % 10
    optimizer = torch.optim.Adam(net.parameters(), lr=0.002)
    losses, logits, gradients = [], None, {}
    for step in range(6):
        out = net.classifier(net.features(x))
        loss = F.cross_entropy(out, labels)
        optimizer.zero_grad()
        loss.backward()
        losses.append(float(f"{loss.item():.8g}"))
        if step == 0:
            logits = flat(out)
            for name, p in net.named_parameters():
                gradients[name] = {"shape": list(p.shape), "sum": p.grad.sum().item(), "absSum": p.grad.abs().sum().item(), "first": flat(p.grad)[:8]}
        optimizer.step()
    return {"logits": logits, "losses": losses, "gradients": gradients}


class Block(torch.nn.Module):
    """Two 3x3 convolutions and a shortcut: a projection, or (option A) every second pixel and zero channels."""

    def __init__(self, cin, cout, stride, project):
        super().__init__()
        nn = torch.nn
        self.conv1, self.bn1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False), nn.BatchNorm2d(cout)
        self.conv2, self.bn2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False), nn.BatchNorm2d(cout)
        self.change = stride != 1 or cin != cout
        self.more = (cout - cin) // 2
        if project and self.change:
            self.downsample = nn.Sequential(nn.Conv2d(cin, cout, 1, stride, bias=False), nn.BatchNorm2d(cout))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if hasattr(self, "downsample"):
            x = self.downsample(x)
        elif self.change:
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.more, self.more))
        return F.relu(y + x)


class ResNet(torch.nn.Module):
    def __init__(self, widths, depth, imagenet):
        super().__init__()
        nn = torch.nn
        self.imagenet = imagenet
        self.conv1 = nn.Conv2d(3, widths[0], 7, 2, 3, bias=False) if imagenet else nn.Conv2d(3, widths[0], 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[0])
        cin = widths[0]
        for i, width in enumerate(widths):
            blocks = [Block(cin if j == 0 else width, width, 2 if i > 0 and j == 0 else 1, imagenet) for j in range(depth)]
            setattr(self, f"layer{i + 1}", nn.Sequential(*blocks))
            cin = width
        self.stages = len(widths)
        setattr(self, "fc" if imagenet else "linear", nn.Linear(cin, 10))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        if self.imagenet:
            y = F.max_pool2d(y, 3, 2, 1)
        for i in range(self.stages):
            y = getattr(self, f"layer{i + 1}")(y)
        y = y.mean((2, 3))
        return self.fc(y) if self.imagenet else self.linear(y)


def resnets():
    """ResNet-20 for CIFAR and ResNet-18 with drawn weights, in training and float64: logits, loss, and of each gradient the start and the sum of absolute values.

    Normalisation gives values about two deviations from 0, below it in a quarter of the channels: were they about 0, no images
    would leave every ReLU decided. Winograd's error is up to ten times float32's.
    """
    out = {}
    for name, net, size in [("resnet20_cifar", ResNet([16, 32, 64], 3, False), 32), ("resnet18", ResNet([64, 128, 256, 512], 2, True), 64)]:
        net = net.double()
        with torch.no_grad():
            for k, (key, p) in enumerate(net.named_parameters()):
                v = draw(100 + k, tuple(p.shape)).double()
                if p.dim() > 1:
                    v = v * (6 / p[0].numel()) ** 0.5
                elif key.endswith("weight"):
                    v = 0.5 + 0.1 * v
                else:
                    v = torch.where(v < -0.5, -1, 1) + 0.2 * v
                p.copy_(v.float())
        images = lambda seed: nchw(draw(seed, [4, size, size, 3])).double()
        seed = decided(net, images, 10)
        logits = net(images(seed))
        loss = F.cross_entropy(logits, torch.arange(4))
        loss.backward()
        gradients = {key: {"absSum": p.grad.abs().sum().item(), "first": flat(p.grad)[:8]} for key, p in net.named_parameters()}
        out[name] = {"size": size, "images": seed, "logits": flat(logits), "loss": loss.item(), "gradients": gradients}
        print(name, "images", seed, flush=True)
    return out


def initialisers():
    """Deviations that PyTorch's initialisers aim at, from samples large enough to tell."""
    torch.manual_seed(0)
    rows = {}
    for name in ["kaiming_uniform_", "kaiming_normal_", "xavier_uniform_", "xavier_normal_"]:
        rows[name] = getattr(torch.nn.init, name)(torch.empty(64, 32, 3, 3)).std().item()
    rows["conv bias bound"] = torch.nn.Conv2d(32, 4096, 3).bias.abs().max().item()
    rows["linear weight bound"] = torch.nn.Linear(50, 4096).weight.abs().max().item()
    gains = {n: torch.nn.init.calculate_gain(n) for n in ["linear", "sigmoid", "tanh", "relu", "leaky_relu"]}
    return {"std": rows, "gains": gains}


about = {"script": "test/golden/generate.py", "torch": torch.__version__}
for name, rows in {"ops": cases, "batch-norm": batch_norm(), "optimizers": optimizers(), "lenet": lenet(), "resnets": resnets(), "init": initialisers()}.items():
    (HERE / f"{name}.json").write_text(json.dumps({"about": about, "rows": rows}) + "\n")
