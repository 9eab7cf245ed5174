// A JPEG's frame (ITU-T T.81, B.2.2), and limits of its cost.

const SOF0 = 0xc0;
const SOF2 = 0xc2;
/**
 * jpeg-js takes 18 to 40 bytes of memory per pixel, whatever the file's length. Beyond FREE_PIXELS, the pixels must be in
 * proportion to the file: cameras write one to eight pixels per byte.
 */
const FREE_PIXELS = 2 ** 23;
const PIXELS_PER_BYTE = 32;

export type Fail = (what: string) => never;

export interface Component {
  readonly id: number;
  /** Its samples in a unit, across and down: a component with fewer is stretched. */
  readonly h: number;
  readonly v: number;
  /** Number of its quantisation table. */
  readonly table: number;
}

export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly components: readonly Component[];
  readonly progressive: boolean;
}

/** Reads the contents of the segment with this marker. */
export function readFrame(data: Uint8Array, marker: number, fail: Fail): Frame {
  if (marker > SOF2) fail(`JPEG of process SOF${marker - SOF0}; expected baseline or progressive (SOF0…2)`);
  const [precision, h1, h0, w1, w0, count] = data as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (precision !== 8) fail(`JPEG of ${precision} bits; expected 8`);
  if (![1, 3, 4].includes(count) || data.length !== 6 + 3 * count) {
    fail(`damaged JPEG; got ${count} components; expected 1, 3 or 4`);
  }
  const components = Array.from({ length: count }, (_, i): Component => {
    const [id, factors, table] = data.subarray(6 + 3 * i) as unknown as [number, number, number];
    const [h, v] = [factors >> 4, factors & 15];
    if (h < 1 || h > 4 || v < 1 || v > 4) fail("damaged JPEG; got a sampling factor that is not 1…4");
    return count === 1 ? { id, h: 1, v: 1, table } : { id, h, v, table }; // a single component defines its own unit
  });
  const [most, tallest] = factorsOf(components);
  if (components.some(({ h, v }) => most % h || tallest % v)) {
    const got = components.map(({ h, v }) => `${h}×${v}`).join(", ");
    fail(`JPEG of sampling factors ${got}; expected those that divide the largest`);
  }
  return { width: (w1 << 8) | w0, height: (h1 << 8) | h0, components, progressive: marker === SOF2 };
}

/** The largest sampling factors across and down. */
export const factorsOf = (components: readonly Component[]): [number, number] => [
  Math.max(...components.map(({ h }) => h)),
  Math.max(...components.map(({ v }) => v)),
];

/** Blocks that the frame declares, whole units of them, in the components that count. */
export function blocksOf(
  { width, height, components }: Omit<Frame, "progressive">,
  counts: (c: Component) => boolean = () => true,
): number {
  const [most, tallest] = factorsOf(components);
  const units = Math.ceil(width / 8 / most) * Math.ceil(height / 8 / tallest);
  return units * components.filter(counts).reduce((sum, { h, v }) => sum + h * v, 0);
}

/** Every block takes at least a bit (except those that pad a unit), so that a short file cannot declare a large picture. */
export function checkLength(frame: Frame, bytes: number, fail: Fail): void {
  const least = Math.floor(blocksOf(frame) / 16);
  if (bytes < least) {
    fail(`truncated JPEG; got ${bytes} bytes; expected ${least} or more for ${frame.width}×${frame.height}`);
  }
  const most = FREE_PIXELS + PIXELS_PER_BYTE * bytes;
  if (frame.width * frame.height > most) {
    fail(
      `JPEG of too much work for its ${bytes} bytes; got ${frame.width}×${frame.height}; expected at most ${most} pixels`,
    );
  }
}

/** The restart interval for jpeg-js in a scan of only this component; 0 for none. @throws as `fail` does if jpeg-js cannot read it */
export function restartsAlone(
  frame: Omit<Frame, "progressive">,
  { h, v }: Component,
  interval: number,
  fail: Fail,
): number {
  const [most, tallest] = factorsOf(frame.components);
  const rows = Math.ceil((Math.ceil(frame.height / 8) * v) / tallest);
  const blocks = Math.ceil((Math.ceil(frame.width / 8) * h) / most) * rows;
  if (interval >= blocks) return 0;
  // It reads to the end of the last interval, including rows that only pad the last unit.
  const padded = Math.ceil(frame.height / 8 / tallest) * v > rows;
  if (interval > 0 && blocks % interval && padded) {
    fail(`JPEG of restarts that jpeg-js cannot read: every ${interval} of ${blocks} blocks; expected a part`);
  }
  return interval;
}
