// Examples of each command, for --help.

export const examples: Readonly<Record<string, readonly string[]>> = {
  train: [
    "fovea train photos",
    "fovea train photos --model resnet18 --pretrained --recipe finetune",
    "fovea train --recipe cifar10-resnet20 --download --epochs 30 --out runs/cifar",
    "fovea train --resume runs/cifar",
  ],
  eval: [
    "fovea eval photos --model runs/resnet18-photos --report eval.html",
    "fovea eval photos/val --model resnet50 --pretrained --tta flip --json",
  ],
  predict: [
    "fovea predict new/*.jpg --model runs/resnet18-photos",
    "fovea predict 'new/**/*.jpg' --model resnet18 --pretrained --topk 3 --csv > guesses.csv",
    "fovea predict 'data-{0000..0999}.tar' --model runs/resnet18-photos --out part-%r.csv",
    "fovea predict inbox --model runs/resnet18-photos --move sorted --min-confidence 0.8",
  ],
  undo: ["fovea undo sorted/undo-2026-11-29T18-40-05.csv"],
  features: ["fovea features photos --model resnet18 --pretrained --out photos.safetensors"],
  similar: [
    "fovea similar cat.jpg --in photos --model resnet18 --pretrained",
    "fovea similar --in photos --model resnet18 --pretrained --min-similarity 0.98 --csv > pairs.csv",
    "fovea similar --in photos.safetensors",
  ],
  export: ["fovea export runs/resnet18-photos --out model"],
  "lr-find": ["fovea lr-find photos --model resnet18 --opt adamw"],
  models: ["fovea models", "fovea models --json"],
  bench: [
    "fovea bench resnet18 --batch-size 1,32",
    "fovea bench runs/resnet18-photos --threads 1 --eager --json",
  ],
  check: ["fovea check photos", "fovea check photos --min-size 64 --json > report.json"],
  "augment-sheet": ["fovea augment-sheet cat.jpg --other dog.jpg --out sheet.png"],
};
