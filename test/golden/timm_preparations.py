"""Writes timm-preparations.json: python3 test/golden/timm_preparations.py (needs torch, torchvision and timm 1.0.31).

How timm prepares images for its published weights of every architecture that fovea reads: what pretrained_cfg says, and
the transforms that timm makes of it, at the size of training and (use_test_size) at that of evaluation. Weights that want
the same are one row, named after the first.
"""

import json
import pathlib

import timm
from timm.data import create_transform, resolve_data_config

SAME = """densenet121 densenet161 densenet169 densenet201 efficientnet_b0 efficientnet_b1 efficientnet_b2 efficientnet_b3
efficientnet_b4 efficientnet_b5 efficientnet_b6 efficientnet_b7 resnet18 resnet34 resnet50 resnet101 resnet152
resnext50_32x4d resnext101_32x8d resnext101_64x4d vgg11 vgg11_bn vgg13 vgg13_bn vgg16 vgg16_bn vgg19 vgg19_bn
wide_resnet50_2 wide_resnet101_2""".split()
OTHERS = ["mobilenetv2_100", "mobilenetv3_small_100", "mobilenetv3_large_100"] + [f"resnet{n}d" for n in (18, 34, 50, 101, 152)]
KEYS = """input_size test_input_size fixed_input_size interpolation crop_pct test_crop_pct crop_mode mean std""".split()


def prepared(cfg, test):
    config = resolve_data_config(pretrained_cfg=cfg, use_test_size=test)
    made = {type(t).__name__: t for t in create_transform(**config).transforms}
    resize = made["Resize"].size
    channels, height, width = config["input_size"]
    assert list(made["CenterCrop"].size) == [height, width]
    return {
        "inputSize": [height, width, channels],
        "resize": resize if isinstance(resize, int) else resize[0],
        "interpolation": made["Resize"].interpolation.value,
        "mean": [round(v, 6) for v in made["Normalize"].mean.tolist()],
        "std": [round(v, 6) for v in made["Normalize"].std.tolist()],
    }


rows = {}
names = 0
for architecture in SAME + OTHERS:
    for name in timm.list_pretrained(architecture):
        if name.split(".")[0] != architecture:
            continue
        names += 1
        cfg = timm.get_pretrained_cfg(name).to_dict()
        said = {key: cfg[key] for key in KEYS if cfg.get(key) is not None}
        row = {"cfg": said, "plain": prepared(cfg, False), "test": prepared(cfg, True)}
        rows.setdefault(json.dumps(row), name)

file = pathlib.Path(__file__).parent / "timm-preparations.json"
about = {"script": "test/golden/timm_preparations.py", "timm": timm.__version__, "names": names}
lines = ",\n".join(f'{{"name":{json.dumps(name)},{row[1:]}' for row, name in rows.items())
file.write_text(f'{{"about":{json.dumps(about)},"rows":[\n{lines}\n]}}\n')
