// Which of the many models tests run. All are cheap where only shapes are computed (shapesOnly()).

import sizes from "../../src/cli/model-sizes.json";

/** The smallest of each kind. The others are made of the same layers, and their names and shapes in files are compared to PyTorch's. */
export const ONE_OF_EACH = (
  "alexnet vgg11 vgg11_bn googlenet lenet5 resnet18 resnet50 resnet18_vd resnet20_cifar resnext50_32x4d densenet121 " +
  "efficientnet_b0 mobilenet_v1 mobilenet_v2 mobilenet_v3_small squeezenet1_1 seresnet18 res2net50_48w_2s resnest14d " +
  "tf_efficientnetv2_b0 regnetx_002 repvgg_a0 mobileone_s0 dpn68 dla46x_c hgnetv2_b0 paddle_hgnetv2_b0 mobilenetv4_conv_small_035 mixnet_s " +
  "tinynet_e mnasnet_050 paddle_lcnet_025 darknet53 cspdarknet53 peleenet paddle_vgg11 paddle_squeezenet1_1 " +
  "starnet_s050 shufflenet_v2_x0_25 rexnet_100 mobilenext_035 ghostnet_050 paddle_ghostnet_050 esnet_025 " +
  "paddle_lcnetv2_small fasternet_t0 micronet_m0 inception_v3 paddle_googlenet xception41 paddle_xception41 hardnet39ds " +
  "hrnet_w18_small"
).split(" ");

/** The smallest images of networks that take none of 32 pixels. */
export const SMALLEST: Readonly<Record<string, number>> = { inception_v3: 75, paddle_googlenet: 63 };

/** Models whose weights are less than half a gigabyte. */
export const moderate = (): string[] =>
  Object.entries(sizes).flatMap(([name, [parameters]]) => (parameters! < 1.2e8 ? [name] : []));
