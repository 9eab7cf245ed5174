"""Writes cifar-logits.json and cifar-images.bin: python3 test/golden/weights/generate_cifar.py DATA

DATA is a folder with cifar10-jpeg.tar and resnet-cifar10/*.th (github.com/akamaster/pytorch_resnet_cifar10, BSD-2), which
resnet-cifar.test.ts looks for too. Needs torch, numpy and Pillow. The images are the first two of each class of the test
set as Pillow decodes them, in the layout of CIFAR-10's binary files: label, 1024 R, 1024 G, 1024 B. The logits are
float64 arithmetic on the trained weights.
"""

import io
import json
import pathlib
import sys
import tarfile

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from PIL import Image

HERE = pathlib.Path(__file__).parent
CLASSES = "airplane automobile bird cat deer dog frog horse ship truck".split()


class Block(nn.Module):
    def __init__(self, inputs, planes, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, planes, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.stride, self.more = stride, planes - inputs

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.stride > 1:
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.more // 2, self.more // 2))
        return F.relu(y + x)


class ResNet(nn.Module):
    def __init__(self, depth, num_classes=10):
        super().__init__()
        stage = lambda a, b, s: nn.Sequential(*[Block(b if i else a, b, 1 if i else s) for i in range(depth)])
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1, self.layer2, self.layer3 = stage(16, 16, 1), stage(16, 32, 2), stage(32, 64, 2)
        self.linear = nn.Linear(64, num_classes)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(F.relu(self.bn1(self.conv1(x))))))
        return self.linear(x.mean((2, 3)))


def main(data):
    records = []
    with tarfile.open(data / "cifar10-jpeg.tar") as tar:
        for label, name in enumerate(CLASSES):
            for number in (1, 2):
                file = tar.extractfile(f"cifar10-jpeg/test/{name}/{number:04}.jpg")
                pixels = Image.open(io.BytesIO(file.read())).convert("RGB")
                records.append(bytes([label]) + b"".join(band.tobytes() for band in pixels.split()))
    (HERE / "cifar-images.bin").write_bytes(b"".join(records))
    rows = np.frombuffer(b"".join(records), np.uint8).reshape(-1, 3073)
    x = torch.tensor(rows[:, 1:].reshape(-1, 3, 32, 32)).double() / 255
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    x = (x - mean.double().reshape(3, 1, 1)) / std.double().reshape(3, 1, 1)
    logits = {}
    for path in sorted((data / "resnet-cifar10").glob("*.th")):
        layers = int(path.name[6:8])
        model = ResNet((layers - 2) // 6)
        state = torch.load(path, map_location="cpu", weights_only=True)["state_dict"]
        model.load_state_dict({name.removeprefix("module."): t for name, t in state.items()})
        with torch.no_grad():
            y = model.double().eval()(x)
        logits[path.name] = [[round(v, 6) for v in row] for row in y.tolist()]
    text = json.dumps({"torch": torch.__version__, "logits": logits})
    (HERE / "cifar-logits.json").write_text(text.replace("[[", "[\n[").replace("], [", "],\n[") + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
