// Resizing as Pillow and OpenCV define it, pixel by pixel.

import type { RawImage } from "../../src/data/image.js";

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

/** Half the width of each filter, and its value at x. */
const filters: Record<string, [support: number, (x: number) => number]> = {
  box: [0.5, (x) => (x > -0.5 && x <= 0.5 ? 1 : 0)],
  bilinear: [1, (x) => (Math.abs(x) < 1 ? 1 - Math.abs(x) : 0)],
  bicubic: [
    2,
    (x) => {
      const [a, d] = [-0.5, Math.abs(x)];
      if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
      return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
    },
  ],
  lanczos: [3, (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0)],
};

type Line = (i: number) => number;

/** A line of n pixels resized to m: weights of 22 bits, a sum, a byte. */
function resizeLine(x: Line, n: number, m: number, filter: string): Line {
  const [halfWidth, weight] = filters[filter]!;
  const scale = n / m;
  const stretch = Math.max(scale, 1);
  return (i) => {
    const center = (i + 0.5) * scale;
    const from = Math.max(0, Math.floor(center - halfWidth * stretch + 0.5));
    const to = Math.min(n, Math.floor(center + halfWidth * stretch + 0.5));
    const weights = Array.from({ length: to - from }, (_, k) => weight((from + k - center + 0.5) / stretch));
    const total = weights.reduce((sum, w) => sum + w, 0);
    const sum = weights.reduce((sum, w, k) => {
      const fixed = (w / total) * 2 ** 22;
      return sum + Math.sign(fixed) * Math.floor(Math.abs(fixed) + 0.5) * x(from + k);
    }, 0);
    return Math.min(255, Math.max(0, Math.floor((sum + 2 ** 21) / 2 ** 22)));
  };
}

/** Every row resized to a width; unchanged if it has that. */
function alongRows(image: RawImage, width: number, filter: string): RawImage {
  const { channels: c, height } = image;
  if (width === image.width) return image;
  const data = new Uint8Array(height * width * c);
  for (let y = 0; y < height; y++) {
    for (let k = 0; k < c; k++) {
      const line = resizeLine((x) => image.data[(y * image.width + x) * c + k]!, image.width, width, filter);
      for (let x = 0; x < width; x++) data[(y * width + x) * c + k] = line(x);
    }
  }
  return { data, height, width, channels: c };
}

/** Every column resized to a height; unchanged if it has that. */
function alongColumns(image: RawImage, height: number, filter: string): RawImage {
  const { channels: c, width } = image;
  if (height === image.height) return image;
  const data = new Uint8Array(height * width * c);
  for (let at = 0; at < width * c; at++) {
    const line = resizeLine((y) => image.data[y * width * c + at]!, image.height, height, filter);
    for (let y = 0; y < height; y++) data[y * width * c + at] = line(y);
  }
  return { data, height, width, channels: c };
}

/** Along rows, rounded to bytes, then along columns; in Pillow 13 the other way if the height loses more than twice as much as the width. */
export function resizeFiltered(
  image: RawImage,
  height: number,
  width: number,
  filter: string,
  pillow: 12 | 13 = 13,
): RawImage {
  const lost = [image.height - height, image.width - width] as const;
  if (pillow === 13 && lost[0] > 0 && lost[0] > 2 * lost[1]) {
    return alongRows(alongColumns(image, height, filter), width, filter);
  }
  return alongColumns(alongRows(image, width, filter), height, filter);
}

/** Where pixel i of m lies between pixels of n, in single precision, and the share of the second one. */
function between(i: number, n: number, m: number): [pixel: number, share: number] {
  const at = Math.fround((i + 0.5) * (1 / (m / n)) - 0.5);
  const pixel = Math.floor(at);
  return [pixel, Math.fround(at - pixel)];
}

/** To the nearest integer, halves to even. */
const rint = (v: number): number => {
  const near = Math.round(v);
  return Math.abs(v % 1) === 0.5 && near % 2 !== 0 ? near - 1 : near;
};

/** OpenCV's INTER_LINEAR on bytes. */
export function resizeLinear(image: RawImage, height: number, width: number): RawImage {
  const { channels: c } = image;
  const data = new Uint8Array(height * width * c);
  const inside = (i: number, n: number): number => Math.min(Math.max(i, 0), n - 1);
  for (let y = 0; y < height; y++) {
    const [row, down] = between(y, image.height, height);
    for (let x = 0; x < width; x++) {
      const [column, share] = between(x, image.width, width);
      const right = column < 0 || column >= image.width - 1 ? 0 : share;
      for (let k = 0; k < c; k++) {
        const along = (r: number): number => {
          const pixel = (j: number): number =>
            image.data[(inside(r, image.height) * image.width + inside(j, image.width)) * c + k]!;
          return (
            (pixel(column) * rint(Math.fround(1 - right) * 2048) + pixel(column + 1) * rint(right * 2048)) >>
            4
          );
        };
        const upper = (along(row) * rint(Math.fround(1 - down) * 2048)) >> 16;
        const under = (along(row + 1) * rint(down * 2048)) >> 16;
        data[(y * width + x) * c + k] = (upper + under + 2) >> 2;
      }
    }
  }
  return { data, height, width, channels: c };
}
