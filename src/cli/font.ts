// A small bitmap font: 5×7 pixels a character and two below the line, ASCII that labels need.

import type { RawImage } from "../data/index.js";

/** Character, then its seven rows from the top, or nine of one that goes below the line, as digits of base 32: bit 4 is the left pixel. */
const GLYPHS = `
  A ehhvhhh B uhhuhhu C ehggghe D sihhhis E vgguggv F vgguggg G ehgnhhf H hhhvhhh I e44444e J 72222ic K hikokih
  L ggggggv M hrllhhh N hhpljhh O ehhhhhe P uhhuggg Q ehhhlid R uhhukih S fgge11u T v444444 U hhhhhhe V hhhhha4
  W hhhllla X hha4ahh Y hha4444 Z v1248gv a 00e1fhf b ggmphhu c 00egghe d 11djhhf e 00ehvge f 698s888 g 00fhhhf1e
  h ggmphhh i 40c444e j 2062222ic k ggikoki l c44444e m 00qllhh n 00mphhh o 00ehhhe p 00uhhhugg q 00fhhhf11 r 00mpggg
  s 00ege1u t 88s8896 u 00hhhjd v 00hhha4 w 00hhlla x 00ha4ah y 00hhhhf1e z 00v248v 0 ehjlphe 1 4c4444e 2 eh1248v
  3 v2421he 4 26aiv22 5 vgu11he 6 68guhhe 7 v124888 8 ehhehhe 9 ehhf12c . 00000cc , 00000cc48 - 000e000 + 044v440
  % op248j3 ( 2488842 ) 8422248 / 01248g0 = 00v0v00 : 0cc0cc0 ; 0cc00cc48 ? eh12404 ! 4444404 _ 0000000v " aa00000
  ' 4400000 # aavavaa & ciiclid * 0a4v4a0 < 248g842 > 8421248 [ e88888e ] e22222e | 444444444 \\ 0g84210 ~ 008l200
  @ ehnlnge × 00ha4ah ° ciic000`;

const glyphs = new Map(
  [...GLYPHS.matchAll(/(\S) (\w{7,9})/g)].map(([, character, rows]) => [character!, rows!]),
);

const ADVANCE = 6;
/** Rows of a line, including those below the baseline. */
export const TEXT_HEIGHT = 9;

/** Width of a text in pixels. */
export function textWidth(text: string, scale = 1): number {
  return Math.max(0, text.length * ADVANCE - 1) * scale;
}

/** Writes a text into an RGB image, its upper left corner at (x, y); parts outside are cut off. */
export function drawText(
  image: RawImage,
  text: string,
  x: number,
  y: number,
  shade: number,
  scale = 1,
): void {
  const { data, height, width } = image;
  [...text].forEach((character, n) => {
    const rows = glyphs.get(character) ?? (character === " " ? "0000000" : glyphs.get("?")!);
    for (let i = 0; i < rows.length * scale; i++) {
      const bits = parseInt(rows[Math.floor(i / scale)]!, 32);
      for (let j = 0; j < (ADVANCE - 1) * scale; j++) {
        if ((bits & (16 >> Math.floor(j / scale))) === 0) continue;
        const [px, py] = [x + n * ADVANCE * scale + j, y + i];
        if (px < 0 || px >= width || py < 0 || py >= height) continue;
        data.fill(shade, (py * width + px) * 3, (py * width + px + 1) * 3);
      }
    }
  });
}
