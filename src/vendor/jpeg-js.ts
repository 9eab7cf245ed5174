// Only its decoder: the package's entry includes the encoder as well.

import type { decode as decodeJpeg } from "jpeg-js";
import decoder from "jpeg-js/lib/decoder.js";

export const decode = decoder as typeof decodeJpeg;
