"""Writes paddle-models.json: python3 test/golden/paddle_models.py PADDLECLAS, a checkout at d178931 (paddlepaddle 3.3.1, numpy 2; minutes).

For one network and more of each series, by the name that PaddleClas, or of paddle.vision fovea, gives it: its modules with the shape of the
weight as fovea has it once the file is read (linear layers are [out, in]) and letters for their tensors (weight, bias, mean, variance,
scale), and the logits of two images. Weights and images are drawn from the formula of models.py, weights by their names then (`_mean`
is `running_mean`), statistics of normalisations fitted as in zoo.py.
"""

import json
import math
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
    return re.sub(r"\b_variance$", "running_var", re.sub(r"\b_mean$", "running_mean", re.sub(r"\.\.+", ".", name)))


LETTERS = {"weight": "w", "bias": "b", "running_mean": "m", "running_var": "v", "scale": "s"}


def calibrate(net, x):
    """Statistics of normalisations of the size of what they see: calibrate() of zoo.py."""
    norms = {name_of(f"{name}._variance"): m for name, m in net.named_sublayers() if hasattr(m, "_variance")}
    exponents = {}

    def hook(name, m, inputs):
        axes = [d for d in range(inputs[0].dim()) if d != 1]
        variance = float(inputs[0].astype("float64").numpy().var(axis=tuple(axes), ddof=1).mean())
        exponents[name] = k = round(math.log2(max(variance, 1e-12)) / 2)
        m._variance.set_value(m._variance * 4.0**k)
        m._mean.set_value(m._mean * 2.0**k)

    hooks = [m.register_forward_pre_hook(lambda m, inputs, name=name: hook(name, m, inputs)) for name, m in norms.items()]
    net(x)
    for h in hooks:
        h.remove()
    return " ".join(str(exponents.get(name, 0)) for name in sorted(norms))


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
        known = modules[path][0] if path in modules and what != "weight" else "x".join(map(str, shape))
        modules[path] = (known, letters + LETTERS[what])
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
stub("ppcls.utils.config", AttrDict=type("AttrDict", (dict,), {"__getattr__": dict.__getitem__, "__setattr__": dict.__setitem__}))
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

from ppcls.arch.backbone.legendary_models import esnet, hrnet, inception_v3, mobilenet_v1, mobilenet_v3, mobilenet_v4, pp_hgnet, pp_hgnet_v2, pp_lcnet, pp_lcnet_v2, resnet, vgg  # noqa: E402
from ppcls.arch.backbone.model_zoo import alexnet, cspnet, darknet, densenet, dla, dpn, efficientnet, efficientnet_v2, fasternet, ghostnet  # noqa: E402
from ppcls.arch.backbone.model_zoo import mixnet, mobilenet_v2, mobilenext, peleenet, regnet, repvgg, res2net, res2net_vd, resnest, resnet_vc  # noqa: E402
from ppcls.arch.backbone.model_zoo import resnext, resnext101_wsl, resnext_vd, rexnet, se_resnet_vd, se_resnext, se_resnext_vd  # noqa: E402
from ppcls.arch.backbone.model_zoo import googlenet, hardnet, inception_v4, micronet, shufflenet_v2, squeezenet, starnet, tinynet, xception, xception_deeplab  # noqa: E402

vision = paddle.vision.models
TINY = {"depth_trunc": "round", "batch_norm_epsilon": 1e-5}

NETWORKS = {
    "ResNet50": resnet.ResNet50,
    "ResNet50_vd": resnet.ResNet50_vd,
    "ResNet18": resnet.ResNet18,
    "ResNet18_vd": resnet.ResNet18_vd,
    "ResNet50_vc": resnet_vc.ResNet50_vc,
    "ResNeXt50_32x4d": resnext.ResNeXt50_32x4d,
    "ResNeXt50_vd_32x4d": resnext_vd.ResNeXt50_vd_32x4d,
    "ResNeXt101_32x8d_wsl": resnext101_wsl.ResNeXt101_32x8d_wsl,
    "SE_ResNet18_vd": se_resnet_vd.SE_ResNet18_vd,
    "SE_ResNet50_vd": se_resnet_vd.SE_ResNet50_vd,
    "SE_ResNeXt50_32x4d": se_resnext.SE_ResNeXt50_32x4d,
    "SE_ResNeXt50_vd_32x4d": se_resnext_vd.SE_ResNeXt50_vd_32x4d,
    "Res2Net50_26w_4s": res2net.Res2Net50_26w_4s,
    "Res2Net50_vd_26w_4s": res2net_vd.Res2Net50_vd_26w_4s,
    "ResNeSt50": resnest.ResNeSt50,
    "DenseNet121": densenet.DenseNet121,
    "VGG11": vgg.VGG11,
    "AlexNet": alexnet.AlexNet,
    "SqueezeNet1_0": squeezenet.SqueezeNet1_0,
    "SqueezeNet1_1": squeezenet.SqueezeNet1_1,
    "MobileNetV1_x0_25": mobilenet_v1.MobileNetV1_x0_25,
    "MobileNetV2_x0_25": mobilenet_v2.MobileNetV2_x0_25,
    "MobileNetV3_small_x0_35": mobilenet_v3.MobileNetV3_small_x0_35,
    "MobileNetV3_large_x0_35": mobilenet_v3.MobileNetV3_large_x0_35,
    "MobileNetV4_conv_small": mobilenet_v4.MobileNetV4_conv_small,
    "MobileNetV4_conv_medium": mobilenet_v4.MobileNetV4_conv_medium,
    "EfficientNetB0": efficientnet.EfficientNetB0,
    "EfficientNetB0_small": efficientnet.EfficientNetB0_small,
    "EfficientNetV2_S": efficientnet_v2.EfficientNetV2_S,
    "TinyNet_E": lambda class_num: tinynet.TinyNet_E(class_num=class_num, override_params=TINY),
    "MixNet_S": mixnet.MixNet_S,
    "PPLCNet_x0_25": pp_lcnet.PPLCNet_x0_25,
    "PPLCNetV2_small": pp_lcnet_v2.PPLCNetV2_small,
    "GhostNet_x0_5": ghostnet.GhostNet_x0_5,
    "ESNet_x0_25": esnet.ESNet_x0_25,
    "ShuffleNetV2_x0_25": shufflenet_v2.ShuffleNetV2_x0_25,
    "ReXNet_1_0": rexnet.ReXNet_1_0,
    "MobileNeXt_x0_35": mobilenext.MobileNeXt_x0_35,
    "FasterNet_T0": fasternet.FasterNet_T0,
    "FasterNet_T2": fasternet.FasterNet_T2,
    "MicroNet_M0": micronet.MicroNet_M0,
    "MicroNet_M3": micronet.MicroNet_M3,
    "StarNet_S1": starnet.StarNet_S1,
    "RegNetX_200MF": regnet.RegNetX_200MF,
    "DPN68": dpn.DPN68,
    "DLA46x_c": dla.DLA46x_c,
    "PPHGNet_tiny": pp_hgnet.PPHGNet_tiny,
    "PPHGNetV2_B0": pp_hgnet_v2.PPHGNetV2_B0,
    "RepVGG_A0": repvgg.RepVGG_A0,
    "DarkNet53": darknet.DarkNet53,
    "CSPDarkNet53": cspnet.CSPDarkNet53,
    "PeleeNet": peleenet.PeleeNet,
    "HRNet_W18_C": hrnet.HRNet_W18_C,
    "GoogLeNet": googlenet.GoogLeNet,
    "InceptionV3": inception_v3.InceptionV3,
    "InceptionV4": inception_v4.InceptionV4,
    "Xception41": xception.Xception41,
    "Xception71": xception.Xception71,
    "Xception41_deeplab": xception_deeplab.Xception41_deeplab,
    "HarDNet39_ds": hardnet.HarDNet39_ds,
    "resnet18": vision.resnet18,
    "mobilenet_v1": vision.mobilenet_v1,
    "mobilenet_v3_small": vision.mobilenet_v3_small,
    "shufflenet_v2_x0_25": vision.shufflenet_v2_x0_25,
    "paddle_inception_v3": vision.inception_v3,
}
SIZES = {"VGG11": 224, "AlexNet": 224, "GoogLeNet": 224, "MixNet_S": 224, "InceptionV3": 96, "InceptionV4": 96, "paddle_inception_v3": 96}


def written(name, make):
    size = SIZES.get(name, 64)
    net = make(**{"num_classes" if make.__module__.startswith("paddle.vision") else "class_num": CLASSES})
    modules = fill(net)
    net.eval()
    images = paddle.to_tensor(draw(8, 2 * size * size * 3).astype("float32").reshape(2, size, size, 3).transpose(0, 3, 1, 2).copy())
    with paddle.no_grad():
        exponents = calibrate(net, images)
        outputs = net(images)
        logits = (outputs if paddle.is_tensor(outputs) else outputs[0]).numpy()
    print(name, len(modules), logits[0], flush=True)
    logits = [float(f"{v:.7g}") for v in logits.flatten()]
    return {"size": size, "logits": logits, "exponents": exponents, "modules": "\n".join(modules)}


rows = ",\n".join(f"{json.dumps(name)}: {json.dumps(written(name, make))}" for name, make in NETWORKS.items())
(HERE / "paddle-models.json").write_text("{\n" + rows + "\n}\n")
