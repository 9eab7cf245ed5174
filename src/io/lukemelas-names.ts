// Names of lukemelas's EfficientNet, from which TensorFlow's weights first came to PyTorch, brought to timm's:
// https://github.com/lukemelas/EfficientNet-PyTorch/blob/master/efficientnet_pytorch/model.py

const ENDS = {
  _conv_stem: "conv_stem",
  _bn0: "bn1",
  _conv_head: "conv_head",
  _bn1: "bn2",
  _fc: "classifier",
};
const WEIGHED = { _se_reduce: "se.conv_reduce", _se_expand: "se.conv_expand" };
const WIDENED = {
  _expand_conv: "conv_pw",
  _bn0: "bn1",
  _depthwise_conv: "conv_dw",
  _bn1: "bn2",
  _project_conv: "conv_pwl",
  _bn2: "bn3",
  ...WEIGHED,
};
const NOT_WIDENED = {
  _depthwise_conv: "conv_dw",
  _bn1: "bn1",
  _project_conv: "conv_pw",
  _bn2: "bn2",
  ...WEIGHED,
};

/**
 * The model's modules for those of such a file: undefined unless it is one and the model has timm's names. Blocks are numbered
 * through there, and by stages here. `names` are the file's, `own` the model's.
 */
export function lukemelasModules(
  names: readonly string[],
  own: readonly string[],
): Map<string, string> | undefined {
  if (!names.includes("_conv_stem.weight") || !own.includes("conv_stem.weight")) return undefined;
  const blocks = [...new Set(own.flatMap((name) => /^blocks\.\d+\.\d+\./.exec(name)?.[0] ?? []))];
  const modules = new Map<string, string>(Object.entries(ENDS));
  const file = new Set(names);
  blocks.forEach((to, i) => {
    const from = `_blocks.${i}.`;
    const parts = file.has(`${from}_expand_conv.weight`) ? WIDENED : NOT_WIDENED;
    for (const [theirs, ours] of Object.entries(parts)) modules.set(from + theirs, to + ours);
  });
  return modules;
}
