export { AFFINE_INTERPOLATIONS, type AffineInterpolation } from "./affine.js";
export { ColorJitter, Grayscale, RandomGrayscale, type ColorJitterOptions } from "./color-jitter.js";
export { Compose } from "./compose.js";
export { Pad, RandomCrop, type PadOptions, type RandomCropOptions } from "./cropping.js";
export { RandomHorizontalFlip, RandomVerticalFlip } from "./flips.js";
export { PADDING_MODES, type Box, type Fill, type PaddingMode } from "./geometry.js";
export type { Padding, Size } from "./options.js";
export {
  RandomAffine,
  RandomRotation,
  type Degrees,
  type RandomAffineOptions,
  type RandomRotationOptions,
} from "./random-affine.js";
export { INTERPOLATIONS, type Interpolation } from "./resize.js";
export {
  CenterCrop,
  RandomResizedCrop,
  Resize,
  ResizeLonger,
  type RandomResizedCropOptions,
  type ResizeTransformOptions,
} from "./resizing.js";
export { Normalize, ToTensor } from "./to-tensor.js";
