"""Writes paddle-models.json: python3 test/golden/paddle_models.py PADDLECLAS, a checkout at d178931 (paddlepaddle 3.3.1, numpy 2).

For networks of each family whose names src/io/paddle-names.ts knows: their modules with the shape of the weight as fovea has it once
the file is read (linear layers are [out, in]) and letters for their tensors (weight, bias, mean, variance), and the logits of two
images. Weights and images are drawn from the formula of models.py, weights by their names then (`_mean` is `running_mean`).
"""

import json
import pathlib
import re
import sys
import types

import numpy as np
import paddle

HERE = pathlib.Path(__file__).parent
ROOT = pathlib.Path(sys.argv[1]) / "ppcls"
CLASSES = 7
CHUNK = 1 << 22


def draw(seed, n):
    """Element i is a fixed hash of (seed, i), in [-1, 1)."""
    out = np.empty(n)
    for start in range(0, n, CHUNK):
        i = np.arange(start, min(n, start + CHUNK), dtype=np.uint32)
        x = i * np.uint32(0x9E3779B1) + np.uint32((seed * 0x85EBCA77 + 12345) & 0xFFFFFFFF)
        x = (x ^ (x >> np.uint32(15))) * np.uint32(0x2C1B3C6D)
        x = (x ^ (x >> np.uint32(12))) * np.uint32(0x297A2D39)
        out[start : start + len(i)] = ((x ^ (x >> np.uint32(15))) >> np.uint32(8)) / 2**23 - 1
    return out


def seed_of(name):
    h = 0x811C9DC5
    for c in name.encode():
        h = ((h ^ c) * 0x01000193) & 0xFFFFFFFF
    return h & 0xFFFF


def name_of(name):
    return re.sub(r"\b_variance$", "running_var", re.sub(r"\b_mean$", "running_mean", name))


LETTERS = {"weight": "w", "bias": "b", "running_mean": "m", "running_var": "v"}


def fill(net):
    """Draws the weights; gives the modules."""
    modules = {}
    for given, t in net.state_dict().items():
        name = name_of(given)
        turned = t.dim() == 2
        shape = list(t.shape)[::-1] if turned else list(t.shape)
        v = draw(seed_of(name), t.size)
        if len(shape) > 1:
            v = v * (6 / np.prod(shape[1:])) ** 0.5
        elif name.endswith("running_var"):
            v = 1 + 0.5 * v
        else:
            v = (1 if name.endswith("weight") else 0) + 0.2 * v
        v = v.astype("float32").reshape(shape)
        t.set_value(v.T if turned else v)
        path, what = name.rsplit(".", 1)
        _, letters = modules.get(path, (None, ""))
        modules[path] = ("x".join(map(str, shape)) if what == "weight" else modules[path][0], letters + LETTERS[what])
    return [f"{path} {shape} {letters}" for path, (shape, letters) in modules.items()]


def stub(name, path=None, **attributes):
    module = types.ModuleType(name)
    module.__dict__.update(attributes)
    if path:
        module.__path__ = [str(path)]
    sys.modules[name] = module


# PaddleClas' packages without what they import besides the networks.
stub("ppcls", ROOT)
stub("ppcls.utils", "none", logger=types.SimpleNamespace(warning=print, error=print, info=print))
stub("ppcls.utils.save_load", load_dygraph_pretrain=None)
stub("ppcls.arch", ROOT / "arch")
for folder in ("", ".base", ".base.dbb", ".legendary_models", ".model_zoo"):
    stub(f"ppcls.arch.backbone{folder}", ROOT / "arch" / "backbone" / folder[1:].replace(".", "/"))

# Older networks give their parameters fixed names, which no second one may have.
init = paddle.ParamAttr.__init__
paddle.ParamAttr.__init__ = lambda self, name=None, *args, **kw: init(self, None, *args, **kw)
norm = paddle.nn.BatchNorm.__init__


def nameless(self, *args, moving_mean_name=None, moving_variance_name=None, **kw):
    norm(self, *args, **kw)


paddle.nn.BatchNorm.__init__ = nameless

from ppcls.arch.backbone.legendary_models import resnet, vgg  # noqa: E402
from ppcls.arch.backbone.model_zoo import alexnet, densenet, res2net, res2net_vd, resnest, resnet_vc, resnext, resnext101_wsl  # noqa: E402
from ppcls.arch.backbone.model_zoo import resnext_vd, se_resnet_vd, se_resnext, se_resnext_vd  # noqa: E402

NETWORKS = {
    "resnet50": (resnet.ResNet50, 64),
    "resnet50_vd": (resnet.ResNet50_vd, 64),
    "paddle_resnet18": (resnet.ResNet18, 64),
    "paddle_resnet18_vd": (resnet.ResNet18_vd, 64),
    "resnet50_vc": (resnet_vc.ResNet50_vc, 64),
    "resnext50_32x4d": (resnext.ResNeXt50_32x4d, 64),
    "resnext50_vd_32x4d": (resnext_vd.ResNeXt50_vd_32x4d, 64),
    "resnext101_32x8d": (resnext101_wsl.ResNeXt101_32x8d_wsl, 64),
    "paddle_seresnet18_vd": (se_resnet_vd.SE_ResNet18_vd, 64),
    "seresnet50_vd": (se_resnet_vd.SE_ResNet50_vd, 64),
    "seresnext50_32x4d": (se_resnext.SE_ResNeXt50_32x4d, 64),
    "seresnext50_vd_32x4d": (se_resnext_vd.SE_ResNeXt50_vd_32x4d, 64),
    "paddle_res2net50_26w_4s": (res2net.Res2Net50_26w_4s, 64),
    "paddle_res2net50_vd_26w_4s": (res2net_vd.Res2Net50_vd_26w_4s, 64),
    "paddle_resnest50": (resnest.ResNeSt50, 64),
    "densenet121": (densenet.DenseNet121, 64),
    "vgg11": (vgg.VGG11, 224),
    "alexnet": (alexnet.AlexNet, 224),
    "resnet18": (lambda class_num: paddle.vision.models.resnet18(num_classes=class_num), 64),
}
found = {}
for name, (make, size) in NETWORKS.items():
    net = make(class_num=CLASSES)
    modules = fill(net)
    net.eval()
    images = draw(8, 2 * size * size * 3).astype("float32").reshape(2, size, size, 3)
    with paddle.no_grad():
        logits = net(paddle.to_tensor(images.transpose(0, 3, 1, 2).copy())).numpy()
    found[name] = {"size": size, "logits": [float(f"{v:.7g}") for v in logits.flatten()], "modules": "\n".join(modules)}
    print(name, len(modules), logits[0])
(HERE / "paddle-models.json").write_text(json.dumps(found, indent=1) + "\n")
