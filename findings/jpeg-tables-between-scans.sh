#!/usr/bin/env bash
# A JPEG may define a quantisation table again between two scans; the new one is for the scans that remain (ITU-T T.81,
# B.2.4.1). jpeg-js uses a table's last definition for the scans before it too, and says nothing; Pillow, sharp and
# @jsquash/jpeg, which all build on libjpeg-turbo or mozjpeg, use the one that stands when a component's scan begins.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q pillow==13.0.0
cd "$folder"
npm install --silent --no-audit --no-fund --prefix "$folder" jpeg-js@0.4.4 sharp@0.35.5 @jsquash/jpeg@1.6.0
cat >write.py <<'PY'
# Two baseline files of 16 x 16 pixels of one colour, a scan for each of Y, Cb and Cr. Every block is its DC coefficient
# alone, so the level is 128 + coefficient * step / 8. The same coefficients and steps in both files:
# "apart" has a table of its own for each component, "again" one that is defined anew before each scan.
COEFFICIENTS, STEPS = (40, -20, 10), (8, 16, 24)
# Huffman codes: of DC sizes 0 to 6 the size in three bits, for AC the end of a block alone, in one bit.


def segment(marker, body):
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + bytes(body)


def table(number, step):
    return segment(0xDB, [number] + [step] * 64)


def scan(component, coefficient):
    bits = ""
    for difference in (coefficient, 0, 0, 0):
        size = abs(difference).bit_length()
        value = difference if difference >= 0 else difference + (1 << size) - 1
        bits += f"{size:03b}" + (f"{value:0{size}b}" if size else "") + "0"
    bits += "1" * (-len(bits) % 8)
    data = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    return segment(0xDA, [1, component, 0, 0, 63, 0]) + data


def write(name, numbers):
    out = b"\xff\xd8" + segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")
    out += segment(0xC0, [8, 0, 16, 0, 16, 3] + [x for i in range(3) for x in (i + 1, 0x11, numbers[i])])
    out += segment(0xC4, [0x00] + [0, 0, 7] + [0] * 13 + list(range(7)))
    out += segment(0xC4, [0x10] + [1] + [0] * 15 + [0])
    for i in range(3):
        out += table(numbers[i], STEPS[i]) + scan(i + 1, COEFFICIENTS[i])
    open(name, "wb").write(out + b"\xff\xd9")


write("apart.jpg", (0, 1, 2))
write("again.jpg", (0, 0, 0))
PY
cat >read.py <<'PY'
import PIL
from PIL import Image

for name in ("apart", "again"):
    with Image.open(name + ".jpg") as file:
        picture = file.convert("RGB")
    assert len(picture.getcolors()) == 1
    print("pillow", PIL.__version__, name, *picture.getpixel((0, 0)))
PY
cat >read.mjs <<'JS'
import { readFileSync } from "node:fs";
import jpegJs from "jpeg-js";
import jsquash, { init } from "@jsquash/jpeg/decode.js";
import sharp from "sharp";

globalThis.ImageData ??= class {
  constructor(data, width, height) {
    Object.assign(this, { data, width, height });
  }
};
await init(new WebAssembly.Module(readFileSync("node_modules/@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm")));
const decoders = {
  sharp: (bytes) => sharp(bytes).raw().toBuffer(),
  "@jsquash/jpeg": async (bytes) => (await jsquash(Uint8Array.from(bytes).buffer)).data,
  "jpeg-js": async (bytes) => jpegJs.decode(bytes).data,
};
for (const [tool, decode] of Object.entries(decoders)) {
  const { version } = JSON.parse(readFileSync(`node_modules/${tool}/package.json`, "utf8"));
  for (const name of ["apart", "again"]) {
    const pixels = await decode(readFileSync(`${name}.jpg`));
    console.log(tool, version, name, ...pixels.subarray(0, 3));
  }
}
JS
venv/bin/python write.py
{ venv/bin/python read.py; node read.mjs; } | tee seen.txt
diff seen.txt - <<'TXT'
pillow 13.0.0 apart 210 160 97
pillow 13.0.0 again 210 160 97
sharp 0.35.5 apart 210 160 97
sharp 0.35.5 again 210 160 97
@jsquash/jpeg 1.6.0 apart 210 160 97
@jsquash/jpeg 1.6.0 again 210 160 97
jpeg-js 0.4.4 apart 210 160 97
jpeg-js 0.4.4 again 255 247 141
TXT
