"""Times PyTorch's side of a workload: one JSON request a line on stdin, one JSON answer a line on stdout.

{"prepare": workload} -> {} or {"skip": reason};  {"time": calls} -> {"ms": …};  {"dispose": true} -> {}
"""

import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

try:
    import torchvision
except ImportError:
    torchvision = None


def lenet5(classes):
    """src/models/lenet.ts"""
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, classes),
    )  # fmt: skip


class BasicBlock(nn.Module):
    def __init__(self, cin, cout, stride, projection):
        super().__init__()
        self.conv1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(cout)
        self.conv2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(cout)
        self.stride, self.pad = stride, cout - cin
        self.downsample = None
        if projection and (stride != 1 or cin != cout):
            self.downsample = nn.Sequential(nn.Conv2d(cin, cout, 1, stride, bias=False), nn.BatchNorm2d(cout))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = self.bn2(self.conv2(y))
        if self.downsample is not None:
            x = self.downsample(x)
        elif self.pad:
            x = F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.pad))
        return F.relu(y + x, inplace=True)


def resnet(stem, widths, depth, projection, classes):
    layers, cin = list(stem), widths[0]
    for i, width in enumerate(widths):
        for j in range(depth):
            layers.append(BasicBlock(cin, width, 2 if i > 0 and j == 0 else 1, projection))
            cin = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(cin, classes))


def resnet18(classes):
    stem = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(True), nn.MaxPool2d(3, 2, 1)]
    return resnet(stem, [64, 128, 256, 512], 2, True, classes)


def resnet20_cifar(classes):
    """He et al. 2015, section 4.2, with shortcuts of option A (zeros for new channels)."""
    stem = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(True)]
    return resnet(stem, [16, 32, 64], 3, False, classes)


def maker(name):
    """A function of the number of classes; other networks than those above are torchvision's."""
    if name in MODELS or torchvision is None:
        return MODELS.get(name)
    if name not in torchvision.models.list_models():
        return None
    more = {"aux_logits": False, "init_weights": False} if name == "googlenet" else {}
    return lambda classes: torchvision.models.get_model(name, num_classes=classes, **more)


MODELS = {"lenet5": lenet5, "resnet18": resnet18, "resnet20_cifar": resnet20_cifar}


def elapsed(run, calls):
    begin = time.perf_counter()
    for _ in range(calls):
        run()
    return (time.perf_counter() - begin) * 1000


def faster(runs):
    """Contiguous or channels last: what suits PyTorch better here."""
    for run in runs:
        elapsed(run, 3)
    return min(runs, key=lambda run: min(elapsed(run, 1) for _ in range(5)))


def gemm(n, **_):
    a, b = torch.rand(n, n), torch.rand(n, n)
    return lambda: torch.matmul(a, b)


def conv(op, batch, height, width, channels, outChannels, kernel, stride, padding, groups, **_):
    def run(layout):
        x = torch.rand(batch, channels, height, width).contiguous(memory_format=layout)
        w = torch.rand(outChannels, channels // groups, kernel, kernel).contiguous(memory_format=layout)
        if "Backward" not in op:
            return lambda: F.conv2d(x, w, None, stride, padding, 1, groups)
        dy = torch.rand_like(F.conv2d(x, w, None, stride, padding, 1, groups))
        mask = [op.endswith("Data"), op.endswith("Weight"), False]
        s, p = [stride] * 2, [padding] * 2
        backward = torch.ops.aten.convolution_backward
        return lambda: backward(dy, x, w, None, s, p, [1, 1], False, [0, 0], groups, mask)

    return faster([run(torch.contiguous_format), run(torch.channels_last)])


def model(kind, model, batch, inputSize, classes, optimizer):
    make_model = maker(model)
    if make_model is None:
        return f"{model} is not written for it" + ("" if torchvision else ", and there is no torchvision")
    h, w, c = inputSize

    def run(layout):
        net = make_model(classes).to(memory_format=layout)
        x = torch.rand(batch, c, h, w).contiguous(memory_format=layout)
        if kind == "infer":
            net.eval()
            return lambda: net(x)
        labels = torch.randint(classes, (batch,))
        make = {
            "adam": lambda p: torch.optim.Adam(p, lr=1e-3),
            "sgd": lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9),
        }[optimizer]
        opt = make(net.parameters())

        def step():
            with torch.enable_grad():
                opt.zero_grad()
                F.cross_entropy(net(x), labels).backward()
            opt.step()

        return step

    return faster([run(torch.contiguous_format), run(torch.channels_last)])


def prepare(workload):
    kind = workload["kind"]
    if kind == "gemm":
        return gemm(**workload)
    if kind == "conv":
        return conv(**workload)
    if kind in ("train", "infer"):
        return model(**workload)
    return "not measured"


def main():
    torch.set_num_threads(int(sys.argv[1]))
    torch.set_num_interop_threads(1)
    torch.set_grad_enabled(False)
    print(json.dumps({"version": f"torch {torch.__version__}"}), flush=True)
    run = None
    for line in sys.stdin:
        request = json.loads(line)
        answer = {}
        try:
            if "prepare" in request:
                torch.manual_seed(1)
                run = prepare(request["prepare"])
                if isinstance(run, str):
                    answer = {"skip": run}
            elif "time" in request:
                answer = {"ms": elapsed(run, request["time"])}
            else:
                run = None
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


main()
