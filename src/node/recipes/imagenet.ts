// How the classic families are trained on ImageNet: PaddleClas's recipes (ppcls/configs/ImageNet at d178931f; its batches are those of
// four cards together), torchvision's of before and of 2021 (V. Kumar, https://github.com/pytorch/vision/issues/3995), and those of
// Wightman, Touvron and Jégou, ResNet strikes back (2021), arXiv 2110.00476, table 2. Left out is what fovea lacks: repeated
// augmentation, noise on RandAugment's level, and other sizes in training than in evaluation, as torchvision's V2 and A3 have them.
// Rates are for the batch size beside them; resolveArguments() scales them to another.

type Values = Readonly<Record<string, unknown>>;

const sgd = { opt: "sgd", momentum: 0.9, nesterov: false, decayAll: true };
const steps = { sched: "multistep", decayMilestones: [30, 60, 90], decayRate: 0.1, warmupEpochs: 0 };
const cosine = { sched: "cosine", warmupEpochs: 0 };
const warmed = { sched: "cosine", warmupEpochs: 5, warmupLr: 0 };
const basis = (model: string, epochs: number, batchSize: number, lr: number, weightDecay: number) => ({
  ...{ model, data: "imagenet", epochs, batchSize, lr, weightDecay },
});
const vd = { ...sgd, ...cosine, smoothing: 0.1, mixup: 0.2 };

const strikesBack = {
  ...{ model: "resnet50", data: "imagenet", batchSize: 2048, opt: "lamb", ...warmed, warmupLr: 1e-4 },
  ...{ loss: "bce", mixup: 0.1, cutmix: 1, cropPct: 0.95, weightDecay: 0.02 },
};

/** The recipes of PaddleClas are named after the model that they were written for, and serve its relatives too. */
export const imagenetRecipes: Readonly<Record<string, Values>> = {
  "paddle-alexnet": { ...basis("AlexNet", 120, 256, 0.01, 1e-4), ...sgd, ...steps },
  "paddle-vgg11": { ...basis("VGG11", 90, 512, 0.1, 2e-4), ...sgd, ...cosine },
  "paddle-vgg13": { ...basis("VGG13", 90, 256, 0.01, 3e-4), ...sgd, ...cosine },
  "paddle-vgg16": { ...basis("VGG16", 90, 256, 0.01, 4e-4), ...sgd, ...cosine },
  "paddle-vgg19": { ...basis("VGG19", 150, 256, 0.01, 4e-4), ...sgd, ...cosine },
  "paddle-googlenet": { ...basis("googlenet", 200, 256, 0.01, 1e-4), ...sgd, ...warmed },
  "paddle-resnet50": { ...basis("ResNet50", 120, 256, 0.1, 1e-4), ...sgd, ...steps },
  "paddle-resnet50-ultra": { ...basis("ResNet50", 120, 1024, 0.8, 1e-4), ...sgd, ...steps, warmupEpochs: 5, warmupLr: 0 },
  "paddle-resnet50-vd": { ...basis("ResNet50_vd", 200, 256, 0.1, 7e-5), ...vd },
  "paddle-resnet101-vd": { ...basis("ResNet101_vd", 200, 256, 0.1, 1e-4), ...vd },
  "paddle-densenet121": { ...basis("DenseNet121", 120, 256, 0.1, 1e-4), ...sgd, ...steps },
  "paddle-efficientnet-b0": {
    ...basis("EfficientNetB0", 360, 512, 0.032, 1e-5), ...warmed, aa: "imagenet", smoothing: 0.1,
    opt: "rmsproptf", momentum: 0.9, decayAll: true,
  },
  "torchvision-v1": { ...basis("resnet50", 90, 256, 0.1, 1e-4), ...sgd, sched: "step", decayEpochs: 30, decayRate: 0.1, warmupEpochs: 0 },
  "torchvision-v2": {
    ...basis("resnet50", 600, 1024, 0.5, 2e-5), ...sgd, ...warmed, warmupLr: 0.005, decayAll: false,
    aa: "ta_wide", reprob: 0.1, smoothing: 0.1, mixup: 0.2, cutmix: 1, modelEma: true, modelEmaDecay: 0.999966,
  },
  "strikes-back-a1": { ...strikesBack, epochs: 600, lr: 5e-3, weightDecay: 0.01, aa: "rand-m7-inc1", smoothing: 0.1, mixup: 0.2, dropPath: 0.05 },
  "strikes-back-a2": { ...strikesBack, epochs: 300, lr: 5e-3, aa: "rand-m7-inc1", dropPath: 0.05 },
  "strikes-back-a3": { ...strikesBack, epochs: 100, lr: 8e-3, aa: "rand-m6-inc1", imgSize: 160 },
}; // prettier-ignore
