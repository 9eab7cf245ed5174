// Draws pictures side by side in one, with titles and captions.

import type { RawImage } from "../data/index.js";
import { drawText, TEXT_HEIGHT, textWidth } from "./font.js";

export interface Cell {
  readonly caption: string;
  /** RGB; all cells have the same size. */
  readonly image: RawImage;
}

/** A row of pictures under one title: first the originals, then the results. */
export interface Block {
  readonly title: string;
  readonly originals: readonly Cell[];
  readonly cells: readonly Cell[];
}

/** Not white, since many pictures have a white background. */
const PAPER = 238;
const INK = 0;
const GAP = 6;
/** Gap between the originals and the results. */
const APART = 10;
const TITLE_SCALE = 2;
const TITLE = TEXT_HEIGHT * TITLE_SCALE + 4;
const CAPTION = TEXT_HEIGHT + 3;

/** One RGB picture of all blocks, `across` side by side. Blocks are as wide as the widest one. */
export function drawSheet(blocks: readonly Block[], across: number): RawImage {
  const { height, width } = blocks[0]!.cells[0]!.image;
  const cells = Math.max(...blocks.map((block) => block.originals.length + block.cells.length));
  const blockWidth = cells * (width + GAP) + APART + 3 * GAP;
  const blockHeight = TITLE + CAPTION + height + 2 * GAP;
  const sheet: RawImage = {
    height: Math.ceil(blocks.length / across) * blockHeight + 2 * GAP,
    width: across * blockWidth + GAP,
    channels: 3,
    data: new Uint8Array(0),
  };
  const data = new Uint8Array(sheet.height * sheet.width * 3).fill(PAPER);
  const drawn = { ...sheet, data };
  blocks.forEach((block, n) => {
    const left = (n % across) * blockWidth + 2 * GAP;
    const top = Math.floor(n / across) * blockHeight + 2 * GAP;
    drawText(drawn, block.title, left, top, INK, TITLE_SCALE);
    [...block.originals, ...block.cells].forEach(({ caption, image }, i) => {
      const x = left + i * (width + GAP) + (i < block.originals.length ? 0 : APART);
      drawText(drawn, caption, x + Math.floor((width - textWidth(caption)) / 2), top + TITLE, INK);
      paste(drawn, image, x, top + TITLE + CAPTION);
    });
  });
  return drawn;
}

/** Puts a picture into a larger one. */
function paste(into: RawImage, { data, height, width }: RawImage, x: number, y: number): void {
  for (let row = 0; row < height; row++) {
    into.data.set(data.subarray(row * width * 3, (row + 1) * width * 3), ((y + row) * into.width + x) * 3);
  }
}
