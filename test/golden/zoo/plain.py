"""AlexNet, VGG and SqueezeNet of PaddleClas: torchvision's, changed where it differs. Its dropout multiplies by 1 - p in evaluation."""

import torchvision
from torch import nn


class Downscaled(nn.Dropout):
    def forward(self, x):
        return super().forward(x) * (1 - self.p)


def downscaled(net):
    for i, m in enumerate(net.classifier):
        if isinstance(m, nn.Dropout):
            net.classifier[i] = Downscaled(m.p)
    return net


def vgg(layers):
    def make(classes):
        net = getattr(torchvision.models, f"vgg{layers}")(num_classes=classes, init_weights=False)
        for m in net.features:
            if isinstance(m, nn.Conv2d):
                m.bias = None
        return downscaled(net)

    return make


def squeezenet(version, padding):
    def make(classes):
        net = getattr(torchvision.models, f"squeezenet{version}")(num_classes=classes)
        net.features[0].padding = (padding, padding)
        for m in net.features:
            if isinstance(m, nn.MaxPool2d):
                m.ceil_mode = False
        return downscaled(net)

    return make


MODELS = {
    "paddle_alexnet": lambda classes: downscaled(torchvision.models.alexnet(num_classes=classes)),
    **{f"paddle_vgg{layers}": vgg(layers) for layers in [11, 13, 16, 19]},
    "paddle_squeezenet1_0": squeezenet("1_0", 0),
    "paddle_squeezenet1_1": squeezenet("1_1", 1),
}
TRAINED = ["paddle_squeezenet1_1"]
