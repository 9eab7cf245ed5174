"""Exchanges weights with PyTorch, for python.test.ts: python3 exchange.py ARCHITECTURE FOLDER SIDE CHANNELS [FILE...]

Needs torch, torchvision and safetensors. Loads FOLDER/model.safetensors, which fovea wrote, into the model of that name
with strict=True: torchvision's, or where it has none a definition in PyTorch. Then fills another one with seeded weights
and writes it back under the names that are given: *.safetensors, *.pth (zip) or *legacy.pth. Prints the logits of both for
the image x[i] = sin(i / 10) of SIDE x SIDE x CHANNELS as JSON.
"""

import json
import pathlib
import re
import sys

import torch
from safetensors.torch import load_file, save_file
from torch import nn

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
import models
from generate_cifar import ResNet


def lenet5(num_classes):
    net = nn.Sequential()
    net.features = nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2))
    net.classifier = nn.Sequential(nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, num_classes))
    return net


def make(name, num_classes):
    if name == "lenet5":
        return lenet5(num_classes)
    cifar = re.fullmatch(r"resnet(\d+)_cifar", name)
    return ResNet((int(cifar[1]) - 2) // 6, num_classes) if cifar else models.make(name, num_classes, init_weights=True)


def logits(net, side, channels):
    image = torch.sin(torch.arange(side * side * channels, dtype=torch.float64) / 10).float().reshape(1, side, side, channels)
    with torch.no_grad():
        return net.eval()(image.permute(0, 3, 1, 2)).reshape(-1).tolist()


def write(path, net):
    if path.suffix == ".safetensors":
        save_file(net.state_dict(), path, {"format": "pt"})
    elif path.name.endswith("legacy.pth"):
        torch.save(nn.DataParallel(net).state_dict(), path, _use_new_zipfile_serialization=False)
    else:
        torch.save(net.state_dict(), path)


def main(name, folder, side, channels, *files):
    num_classes = json.loads((folder / "config.json").read_text())["num_classes"]
    ours = make(name, num_classes)
    ours.load_state_dict(load_file(folder / "model.safetensors"), strict=True)
    torch.manual_seed(3)
    theirs = make(name, num_classes)
    theirs(torch.randn(4, channels, side, side))  # running statistics other than zero and one
    for file in files:
        write(folder / file, theirs)
    print(json.dumps({"ours": logits(ours, side, channels), "theirs": logits(theirs, side, channels)}))


if __name__ == "__main__":
    main(sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), *sys.argv[5:])
