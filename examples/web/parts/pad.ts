// A square to draw on, white on black, with mouse, finger or pen; with the keyboard, arrows move the pen and space draws.

const PEN = 22;
const STEP = 8;
const MOVES: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-STEP, 0],
  ArrowRight: [STEP, 0],
  ArrowUp: [0, -STEP],
  ArrowDown: [0, STEP],
};

export class DrawingPad {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #changed: () => void;
  #at: readonly [number, number] | undefined;
  #key: readonly [number, number] = [140, 60];
  #down = false;

  constructor(canvas: HTMLCanvasElement, changed: () => void) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d", { willReadFrequently: true })!;
    this.#changed = changed;
    canvas.setAttribute(
      "aria-description",
      "Draw with a pointer, or with the arrow keys while space holds the pen down",
    );
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.#at = undefined;
      this.#line(this.#place(event));
    });
    canvas.addEventListener("pointermove", (event) => event.buttons && this.#line(this.#place(event)));
    canvas.addEventListener("keydown", (event) => this.#type(event));
    this.clear();
  }

  clear(): void {
    this.#context.fillStyle = "#000";
    this.#context.fillRect(0, 0, this.#canvas.width, this.#canvas.height);
    this.#down = false;
  }

  /** Shows a picture of one channel. */
  show(pixels: Uint8Array, side: number): void {
    const image = new ImageData(side, side);
    pixels.forEach((value, i) => image.data.set([value, value, value, 255], 4 * i));
    const small = new OffscreenCanvas(side, side);
    small.getContext("2d")!.putImageData(image, 0, 0);
    this.#context.imageSmoothingEnabled = false;
    this.#context.drawImage(small, 0, 0, this.#canvas.width, this.#canvas.height);
  }

  /** What is drawn as MNIST's digits are: 20 pixels at the longer side, the centre of mass in the middle of 28 × 28; undefined if nothing is. */
  digit(): Uint8Array | undefined {
    const { width, height } = this.#canvas;
    const { data } = this.#context.getImageData(0, 0, width, height);
    let [left, top, right, bottom, mass, sumX, sumY] = [width, height, -1, -1, 0, 0, 0];
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const value = data[4 * (y * width + x)]!;
        if (value < 40) continue;
        [left, right] = [Math.min(left, x), Math.max(right, x)];
        [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
        [mass, sumX, sumY] = [mass + value, sumX + value * x, sumY + value * y];
      }
    }
    if (mass === 0) return undefined;
    const scale = 20 / Math.max(right - left + 1, bottom - top + 1);
    const small = new OffscreenCanvas(28, 28).getContext("2d")!;
    small.fillRect(0, 0, 28, 28);
    small.imageSmoothingQuality = "high";
    small.setTransform(scale, 0, 0, scale, 14 - (scale * sumX) / mass, 14 - (scale * sumY) / mass);
    small.drawImage(this.#canvas, 0, 0);
    const pixels = small.getImageData(0, 0, 28, 28).data;
    return Uint8Array.from({ length: 784 }, (_, i) => pixels[4 * i]!);
  }

  #place({ offsetX, offsetY }: PointerEvent): [number, number] {
    const { width, clientWidth } = this.#canvas;
    return [(offsetX * width) / clientWidth, (offsetY * width) / clientWidth];
  }

  #type(event: KeyboardEvent): void {
    const move = MOVES[event.key];
    if (event.key === " ") {
      this.#down = !this.#down;
      this.#at = undefined;
      if (this.#down) this.#line(this.#key);
    } else if (move) {
      this.#key = [this.#key[0] + move[0], this.#key[1] + move[1]];
      if (this.#down) this.#line(this.#key);
    } else return;
    event.preventDefault();
  }

  #line(to: readonly [number, number]): void {
    const context = this.#context;
    Object.assign(context, { lineWidth: PEN, lineCap: "round", lineJoin: "round", strokeStyle: "#fff" });
    context.beginPath();
    context.moveTo(...(this.#at ?? to));
    context.lineTo(...to);
    context.stroke();
    this.#at = to;
    this.#changed();
  }
}
