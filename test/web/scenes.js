// Pictures as a camera gives them, drawn in a page: the same mug, key or leaf on cluttered tables, at any place, size and angle,
// in any light, with noise. 640 × 480 JPEG files; the same for the same seed.

export const CLASSES = ["mug", "key", "leaf"];

/** Numbers from 0 to 1 (mulberry32). */
function numbers(seed) {
  let state = seed >>> 0;
  return (low = 0, high = 1) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return low + (high - low) * (((t ^ (t >>> 14)) >>> 0) / 2 ** 32);
  };
}

const hsl = (h, s, l) => `hsl(${h} ${s}% ${l}%)`;

const DRAW = {
  mug(c, r) {
    const hue = r(200, 220);
    c.lineWidth = 14;
    c.strokeStyle = hsl(hue, 45, 40);
    c.beginPath();
    c.ellipse(62, 0, 34, 40, 0, -1.3, 1.3);
    c.stroke();
    c.fillStyle = hsl(hue, 50, r(45, 60));
    c.beginPath();
    c.roundRect(-60, -75, 120, 150, [8, 8, 26, 26]);
    c.fill();
    c.fillStyle = hsl(hue, 30, 25);
    c.beginPath();
    c.ellipse(0, -72, 60, 16, 0, 0, 7);
    c.fill();
  },
  key(c, r) {
    const metal = hsl(r(42, 48), r(35, 45), r(50, 60));
    c.strokeStyle = c.fillStyle = metal;
    c.lineWidth = 16;
    c.beginPath();
    c.arc(-80, 0, 34, 0, 7);
    c.stroke();
    c.fillRect(-48, -9, 150, 18);
    for (const x of [50, 72, 92]) c.fillRect(x, 0, 12, r(22, 36));
  },
  leaf(c, r) {
    c.fillStyle = hsl(r(95, 115), r(45, 60), r(28, 40));
    c.beginPath();
    c.moveTo(-110, 0);
    c.bezierCurveTo(-50, -80, 50, -70, 110, 0);
    c.bezierCurveTo(50, 70, -50, 80, -110, 0);
    c.fill();
    c.strokeStyle = hsl(80, 35, 65);
    c.lineWidth = 4;
    c.beginPath();
    c.moveTo(-140, 0);
    c.lineTo(105, 0);
    for (let x = -70; x < 80; x += 28) {
      for (const side of [-1, 1]) {
        c.moveTo(x, 0);
        c.lineTo(x + 26, side * 34);
      }
    }
    c.stroke();
  },
};

function clutter(c, r) {
  const table = r(15, 45);
  const light = c.createLinearGradient(0, 0, r(0, 640), r(200, 480));
  light.addColorStop(0, hsl(table, r(10, 40), r(35, 80)));
  light.addColorStop(1, hsl(table, r(10, 40), r(20, 65)));
  c.fillStyle = light;
  c.fillRect(0, 0, 640, 480);
  for (let i = 0; i < 14; i++) {
    c.save();
    c.translate(r(0, 640), r(0, 480));
    c.rotate(r(0, 7));
    c.filter = `blur(${r(0, 4)}px)`;
    c.fillStyle = hsl(r(0, 360), r(5, 60), r(15, 90));
    c.globalAlpha = r(0.4, 0.9);
    if (r() < 0.5) c.fillRect(-r(10, 70), -r(10, 40), r(20, 140), r(10, 60));
    else {
      c.beginPath();
      c.arc(0, 0, r(8, 45), 0, 7);
      c.fill();
    }
    c.restore();
  }
}

/** A picture of the class with this number. */
export async function scene(name, seed) {
  const r = numbers(seed * 7919 + CLASSES.indexOf(name) * 104729 + 1);
  const canvas = new OffscreenCanvas(640, 480);
  const c = canvas.getContext("2d");
  clutter(c, r);
  c.save();
  c.translate(r(180, 460), r(150, 330));
  c.rotate(name === "mug" ? r(-0.4, 0.4) : r(0, 7));
  const size = r(0.9, 1.7);
  c.scale(size, size);
  c.shadowColor = "#0008";
  c.shadowBlur = 18;
  c.shadowOffsetY = 10;
  DRAW[name](c, r);
  c.restore();
  const pixels = c.getImageData(0, 0, 640, 480);
  const [noise, gain] = [r(4, 22), r(0.65, 1.25)];
  for (let i = 0; i < pixels.data.length; i++)
    if (i % 4 < 3) pixels.data[i] = pixels.data[i] * gain + r(-noise, noise);
  c.putImageData(pixels, 0, 0);
  const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.85 });
  return new File([blob], `${name}-${seed}.jpg`, { type: "image/jpeg" });
}
