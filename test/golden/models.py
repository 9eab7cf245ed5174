"""Writes models.json, model-gradients.json and model-starts.json: python3 test/golden/models.py (needs torch, and torchvision 0.14 or later).

Weights are drawn from a formula that the tests repeat, element by element, seeded by the tensor's name. models.json holds
the logits of every model in evaluation and a digest of its names and shapes; model-gradients.json, for one model of each
family in training, the loss and, of each parameter's gradient, its norm and four sums that catch any change, computed in
float64, for images that leave no decision to rounding (decisions.py); model-starts.json how weights start. Arguments: "gradients" to leave out the first file; or names of models, to print what they hold instead.
"""

import hashlib
import json
import pathlib
import re
import sys

import torch
import torch.nn.functional as F
import torchvision
from torch import nn
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet

from decisions import decided

HERE = pathlib.Path(__file__).parent
CHUNK = 1 << 22
MASK = 0xFFFFFFFF


def draw(seed, n):
    """Element i is a fixed hash of (seed, i), in [-1, 1); float64."""
    out = torch.empty(n, dtype=torch.float64)
    for start in range(0, n, CHUNK):
        i = torch.arange(start, min(n, start + CHUNK), dtype=torch.int64)
        x = (i * 0x9E3779B1 + seed * 0x85EBCA77 + 12345) & MASK
        x = ((x ^ (x >> 15)) * 0x2C1B3C6D) & MASK
        x = ((x ^ (x >> 12)) * 0x297A2D39) & MASK
        out[start : start + len(i)] = ((x ^ (x >> 15)) >> 8).double() / 2**23 - 1
    return out


def seed_of(name):
    """FNV-1a."""
    h = 0x811C9DC5
    for c in name.encode():
        h = ((h ^ c) * 0x01000193) & MASK
    return h & 0xFFFF


def fill(net, training=False):
    """Weights within +-sqrt(6 / inputs of an output); normalisation near the identity. Rounded to float32.

    For training, normalisation gives values about four deviations from 0, in most channels above it, in some below: where
    a rounding error decides whether a ReLU is on, gradients cannot be compared. Where a shortcut is added, all lie above.
    """
    state = net.state_dict()
    for name, t in state.items():
        if name.endswith("num_batches_tracked"):
            continue
        v = draw(seed_of(name), t.numel())
        if t.dim() > 1:
            v = v * (6 / t[0].numel()) ** 0.5
        elif name.endswith("running_var"):
            v = 1 + 0.5 * v
        elif training and name.endswith("weight"):
            v = 0.25 + 0.05 * v
        elif training and name[:-4] + "running_mean" in state:
            above = torch.ones_like(v) if re.search(r"(bn2|bn3|downsample\.\d)\.bias$", name) else torch.where(v < -0.5, -1.0, 1.0).double()
            v = above + 0.2 * v
        else:
            v = (1 if name.endswith("weight") else 0) + 0.2 * v
        t.copy_(v.float().reshape(t.shape))


def images(n, size, seed=8):
    """Drawn as NHWC."""
    return draw(seed, n * size * size * 3).float().double().reshape(n, size, size, 3).permute(0, 3, 1, 2)


def conv_norm(cin, cout, k, stride=1, groups=1):
    return nn.Sequential(nn.Conv2d(cin, cout, k, stride, k // 2, groups=groups, bias=False), nn.BatchNorm2d(cout), nn.ReLU())


class MobileNetV1(nn.Module):
    """Howard et al. (2017), table 1."""

    def __init__(self, num_classes):
        super().__init__()
        layers, cin = [conv_norm(3, 32, 3, 2)], 32
        for stride, cout in [(1, 64), (2, 128), (1, 128), (2, 256), (1, 256), (2, 512)] + 5 * [(1, 512)] + [(2, 1024), (1, 1024)]:
            layers.append(nn.Sequential(conv_norm(cin, cin, 3, stride, cin), conv_norm(cin, cout, 1)))
            cin = cout
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(1024, num_classes))

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))


def vd(block, depths, num_classes):
    """ResNet-D under timm's names: a stem of three convolutions, pooling in the shortcuts."""
    net = ResNet(block, depths, num_classes)
    net.conv1 = nn.Sequential(*conv_norm(3, 32, 3, 2), *conv_norm(32, 32, 3), nn.Conv2d(32, 64, 3, 1, 1, bias=False))
    for stage in [net.layer1, net.layer2, net.layer3, net.layer4]:
        for b in stage:
            if b.downsample is not None:
                conv, norm = b.downsample
                stride = conv.stride[0]
                pool = nn.AvgPool2d(stride, ceil_mode=True, count_include_pad=False) if stride > 1 else nn.Identity()
                b.downsample = nn.Sequential(pool, nn.Conv2d(conv.in_channels, conv.out_channels, 1, bias=False), norm)
    return net


VD = {
    "resnet18_vd": (BasicBlock, [2, 2, 2, 2]),
    "resnet34_vd": (BasicBlock, [3, 4, 6, 3]),
    "resnet50_vd": (Bottleneck, [3, 4, 6, 3]),
    "resnet101_vd": (Bottleneck, [3, 4, 23, 3]),
    "resnet152_vd": (Bottleneck, [3, 8, 36, 3]),
}


def make(name, num_classes=1000, init_weights=False):
    if name == "mobilenet_v1":
        return MobileNetV1(num_classes)
    if name in VD:
        return vd(*VD[name], num_classes)
    if name == "vgg11_bn, small images":
        net = torchvision.models.vgg11_bn(num_classes=num_classes)
        net.avgpool = nn.AdaptiveAvgPool2d(1)
        net.classifier[0], net.classifier[3], net.classifier[6] = nn.Linear(512, 512), nn.Linear(512, 512), nn.Linear(512, num_classes)
        return net
    options = {"init_weights": init_weights} if name == "googlenet" or name.startswith("vgg") else {}
    return getattr(torchvision.models, name)(num_classes=num_classes, **options)


def digest(net):
    lines = sorted(f"{name} {list(t.shape)}" for name, t in net.state_dict().items())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def numbers(t, digits=8):
    return [float(f"{v:.{digits}g}") for v in t.detach().reshape(-1).tolist()]


NAMES = (
    ["alexnet", "googlenet", "squeezenet1_0", "squeezenet1_1", "mobilenet_v1", "mobilenet_v2", "mobilenet_v3_small", "mobilenet_v3_large"]
    + [f"vgg{n}{bn}" for n in [11, 13, 16, 19] for bn in ["", "_bn"]]
    + ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152", *VD]
    + ["resnext50_32x4d", "resnext101_32x8d", "resnext101_64x4d", "wide_resnet50_2", "wide_resnet101_2"]
    + [f"densenet{n}" for n in [121, 161, 169, 201]]
    + [f"efficientnet_b{n}" for n in range(8)]
)


def evaluated(name):
    """Logits of two images for 7 classes, and what the model of 1,000 classes holds."""
    whole = make(name)
    row = {"digest": digest(whole), "parameters": sum(p.numel() for p in whole.parameters())}
    del whole
    net = make(name, 7).double().eval()
    fill(net)
    row["size"] = 64 if name == "alexnet" else 32
    with torch.no_grad():
        row["logits"] = numbers(net(images(2, row["size"])))
    return row


def trained(name, size):
    net = make(name, 10).double()
    fill(net, training=True)
    for m in net.modules():
        if hasattr(m, "p"):
            m.p = 0.0
    seed = decided(net, lambda seed: images(4, size, seed), 1.5)
    out = net(images(4, size, seed))
    labels = torch.arange(4)
    heads = [(1, out)] if torch.is_tensor(out) else [(1, out[0]), (0.3, out[1]), (0.3, out[2])]
    loss = sum(weight * F.cross_entropy(logits, labels) for weight, logits in heads)
    loss.backward()
    gradients = {}
    for key, p in net.named_parameters():
        g = p.grad.reshape(-1)
        parts = g * draw(seed_of(key) + 1, g.numel())
        gradients[key] = numbers(torch.stack([g.norm(), *(parts[j::4].sum() for j in range(4))]), 7)
    print(name, "images", seed, flush=True)
    return {"size": size, "images": seed, "logits": numbers(heads[0][1]), "loss": loss.item(), "gradients": gradients}


def started(name):
    """Mean and deviation of every parameter of a new model."""
    net = make(name, 10, init_weights=True)
    return {key: numbers(torch.stack([p.mean(), p.std()]), 6) for key, p in net.named_parameters() if p.numel() > 1}


def main():
    if len(sys.argv) > 1 and sys.argv[1] != "gradients":
        for name in sys.argv[1:]:
            print(name, *(f"\n  {key} {list(t.shape)}" for key, t in make(name).state_dict().items()))
    else:
        torch.set_num_threads(1)
        torch.manual_seed(0)
        about = {"script": "test/golden/models.py", "torch": torch.__version__, "torchvision": torchvision.__version__}
        rows = {}
        if len(sys.argv) == 1:
            for name in NAMES:
                rows[name] = evaluated(name)
                print(name, rows[name]["parameters"], rows[name]["logits"][:3], flush=True)
            (HERE / "models.json").write_text(json.dumps({"about": about, "rows": rows}) + "\n")
        sizes = {"vgg11_bn, small images": 32}
        families = ["alexnet", "vgg11_bn, small images", "googlenet", "resnext50_32x4d", "resnet18_vd", "densenet121",
                    "efficientnet_b0", "mobilenet_v1", "mobilenet_v2", "mobilenet_v3_small", "squeezenet1_1"]
        rows = {name: trained(name, sizes.get(name, 64)) for name in families}
        names = ["alexnet", "vgg11_bn", "googlenet", "resnet18", "densenet121", "efficientnet_b0", "mobilenet_v2", "mobilenet_v3_small", "squeezenet1_1"]
        starts = {"about": about, "rows": {name: started(name) for name in names}}
        (HERE / "model-starts.json").write_text(json.dumps(starts) + "\n")
        (HERE / "model-gradients.json").write_text(json.dumps({"about": about, "rows": rows}) + "\n")


if __name__ == "__main__":
    main()
