"""Exchanges weights with torchvision, for python.test.ts: python3 check_torchvision.py ARCHITECTURE FOLDER

Needs torch, torchvision and safetensors. Loads FOLDER/model.safetensors, which fovea wrote, into torchvision's model of
that name with strict=True; then fills another one with seeded weights and writes it back as theirs.safetensors, theirs.pth
(zip) and theirs-legacy.pth. Prints the logits of both for the image x[i] = sin(i / 10), 64x64x3, as JSON.
"""

import json
import pathlib
import sys

import torch
import torchvision
from safetensors.torch import load_file, save_file


def logits(model):
    image = torch.sin(torch.arange(64 * 64 * 3, dtype=torch.float64) / 10).float().reshape(1, 64, 64, 3)
    with torch.no_grad():
        return model.eval()(image.permute(0, 3, 1, 2)).reshape(-1).tolist()


def main(architecture, folder):
    config = json.loads((folder / "config.json").read_text())
    make = lambda: getattr(torchvision.models, architecture)(num_classes=config["num_classes"])
    ours = make()
    ours.load_state_dict(load_file(folder / "model.safetensors"), strict=True)
    torch.manual_seed(3)
    theirs = make()
    theirs(torch.randn(4, 3, 64, 64))  # running statistics other than zero and one
    state = theirs.state_dict()
    save_file(state, folder / "theirs.safetensors", {"format": "pt"})
    torch.save(state, folder / "theirs.pth")
    torch.save(torch.nn.DataParallel(theirs).state_dict(), folder / "theirs-legacy.pth", _use_new_zipfile_serialization=False)
    print(json.dumps({"ours": logits(ours), "theirs": logits(theirs)}))


main(sys.argv[1], pathlib.Path(sys.argv[2]))
