"""Writes pictures.json: PNG, JPEG, BMP and PNM files with the pixels that Pillow makes of them (convert("RGB"), convert("L")).
python test/golden/pictures.py, with Pillow 10.2 or later."""

import base64
import io
import json
import struct
import zlib
from pathlib import Path

import PIL
from PIL import Image, ImageOps

WIDTH, HEIGHT = 21, 13
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def paeth(a, b, c):
    pa, pb, pc = abs(b - c), abs(a - c), abs(a + b - 2 * c)
    return a if pa <= pb and pa <= pc else b if pb <= pc else c


def filtered(rows, bpp):
    """Rows of bytes with each of the five filters in turn."""
    out, above = b"", bytes(len(rows[0]))
    for y, row in enumerate(rows):
        kind = (y + 1) % 5
        line = bytearray()
        for i, value in enumerate(row):
            a = row[i - bpp] if i >= bpp else 0
            b = above[i]
            c = above[i - bpp] if i >= bpp else 0
            guess = [0, a, b, (a + b) // 2, paeth(a, b, c)][kind]
            line.append((value - guess) & 255)
        out += bytes([kind]) + bytes(line)
        above = row
    return out


def pack(samples, depth):
    bits = "".join(format(v, f"0{depth}b") for v in samples)
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))


def png(color, depth, interlaced=False, extra=(), width=WIDTH, height=HEIGHT, colors=None):
    samples = SAMPLES[color]
    most = (colors or 2**depth) - 1
    noise = lambda x, y, c: (x * 7919 + y * 104729 + c * 1299709 + x * y * 31) % (most + 1)
    smooth = lambda x, y, c: (x * (c + 2) + y * 3) * most // (6 * (width + height))
    value = lambda x, y, c: noise(x, y, c) if (x + y) % 3 == 0 else smooth(x, y, c)
    bpp = max(1, depth * samples // 8)
    raw = b""
    for x0, y0, dx, dy in ADAM7 if interlaced else [(0, 0, 1, 1)]:
        rows = [
            pack([value(x, y, c) for x in range(x0, width, dx) for c in range(samples)], depth)
            for y in range(y0, height, dy)
        ]
        if rows and rows[0]:
            raw += filtered(rows, bpp)
    packed = zlib.compress(raw)
    head = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, int(interlaced))
    half = len(packed) // 2
    chunks = [(b"IHDR", head), *extra, (b"IDAT", packed[:half]), (b"IDAT", packed[half:]), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*c) for c in chunks)


def picture(mode, width=WIDTH, height=HEIGHT):
    image = Image.new("RGB", (width, height))
    image.putdata(
        [
            ((x * 11 + y) % 256, (y * 17 + x * x) % 256, (255 - x * 9 + y * 5) % 256)
            for y in range(height)
            for x in range(width)
        ]
    )
    return image.convert(mode)


def jpeg(mode="RGB", size=(WIDTH, HEIGHT), **options):
    buffer = io.BytesIO()
    picture(mode, *size).save(buffer, "JPEG", quality=90, **options)
    return buffer.getvalue()


def adobe(file, transform=None):
    """The file with another Adobe transform flag, or without the segment."""
    at = file.index(b"\xff\xeeAdobe"[:2] + b"\x00\x0eAdobe")
    return file[:at] + file[at + 16 :] if transform is None else file[: at + 15] + bytes([transform]) + file[at + 16 :]


def factors(file, *values):
    """The file with other sampling factors in its frame."""
    at = file.index(b"\xff\xc0")
    out = bytearray(file)
    for i, value in enumerate(values):
        out[at + 11 + 3 * i] = value
    return bytes(out)


def exif(orientation, order):
    return b"Exif\0\0" + (
        (b"MM\0*" if order == ">" else b"II*\0")
        + struct.pack(order + "IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    )


def saved(mode, kind, **options):
    buffer = io.BytesIO()
    picture(mode).save(buffer, kind, **options)
    return buffer.getvalue()


def bmp(bits, rows, compression=0, colors=b"", masks=b"", height=HEIGHT, width=WIDTH):
    """A BMP with these bytes for pixels; a negative height stands for rows from the top down."""
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, len(rows), 0, 0, len(colors) // 4, 0)
    start = 14 + len(head) + len(masks) + len(colors)
    return b"BM" + struct.pack("<IHHI", start + len(rows), 0, 0, start) + head + masks + colors + rows


def os2(rows, colors):
    start = 26 + len(colors)
    head = struct.pack("<IHHHH", 12, WIDTH, HEIGHT, 1, 8)
    return b"BM" + struct.pack("<IHHI", start + len(rows), 0, 0, start) + head + colors + rows


def rle(four):
    """Runs, stretches of single pixels, a skip, lines that end early."""
    single = bytes([0x12, 0x34, 0x50] if four else [1, 2, 3, 4, 5]) + b"\0"
    lines = [
        bytes([21, 0x21]) + b"\0\0",
        bytes([3, 5, 0, 5]) + single + bytes([4, 0x70]) + b"\0\0",
        bytes([2, 9]) + b"\0\0",
        b"\0\x02\x03\x02" + bytes([6, 0x83]) + b"\0\0",
        bytes([21, 0x0F]) + b"\0\0",
        *[bytes([20, 16 * y + 3]) + b"\0\0" for y in range(1, 7)],
        b"\0\x01",
    ]
    return b"".join(lines)


palette = bytes((i * 37 + c * 91) % 256 for i in range(256) for c in range(3))
files = {}
for color, depths in {0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16]}.items():
    for depth in depths:
        extra = [(b"PLTE", palette[: 3 * min(256, 2**depth)])] if color == 3 else []
        for interlaced in (False, True):
            files[f"png-type{color}-{depth}{'-interlaced' if interlaced else ''}"] = png(color, depth, interlaced, extra)
files["png-type3-8-trns"] = png(3, 8, extra=[(b"PLTE", palette), (b"tRNS", bytes(range(0, 250)))])
files["png-type3-8-short-palette"] = png(3, 8, extra=[(b"PLTE", palette[:30])], colors=40)
files["png-type0-8-trns"] = png(0, 8, extra=[(b"tRNS", b"\0\x05")])
files["png-type2-8-trns-1x1"] = png(2, 8, extra=[(b"tRNS", b"\0\x05\0\x06\0\x07")], width=1, height=1)
files["png-type2-8-plte"] = png(2, 8, extra=[(b"PLTE", palette)])
files["png-type0-1-1x9-interlaced"] = png(0, 1, True, width=1, height=9)
files["png-type0-2-3x1-interlaced"] = png(0, 2, True, width=3, height=1)
files["png-text"] = png(0, 8, extra=[(b"tEXt", b"Title\0picture"), (b"gAMA", b"\0\0\xb1\x8f")])
files["png-exif-6"] = png(2, 8, extra=[(b"eXIf", exif(6, ">")[6:])])
files["jpeg-grey"] = jpeg("L")
for name, subsampling in {"444": 0, "422": 1, "420": 2}.items():
    files[f"jpeg-{name}"] = jpeg(subsampling=subsampling)
    files[f"jpeg-{name}-progressive"] = jpeg(subsampling=subsampling, progressive=True)
files["jpeg-420-even"] = jpeg(size=(32, 16), subsampling=2)
files["jpeg-420-4x9"] = jpeg(size=(4, 9), subsampling=2)
files["jpeg-422-5x3"] = jpeg(size=(5, 3), subsampling=1)
files["jpeg-420-1x1"] = jpeg(size=(1, 1), subsampling=2)
files["jpeg-420-restarts"] = jpeg(size=(40, 24), subsampling=2, restart_marker_blocks=2)
files["jpeg-rgb"] = jpeg(keep_rgb=True)
files["jpeg-cmyk"] = jpeg("CMYK")
files["jpeg-cmyk-no-adobe"] = adobe(jpeg("CMYK"))
files["jpeg-ycck"] = adobe(jpeg("CMYK"), 2)
files["jpeg-ycck-flag-1"] = adobe(jpeg("CMYK"), 1)
for name, subsampling in {"422": 1, "420": 2}.items():
    files[f"jpeg-cmyk-{name}"] = jpeg("CMYK", (40, 24), subsampling=subsampling)
    files[f"jpeg-ycck-{name}-progressive"] = adobe(jpeg("CMYK", (40, 24), subsampling=subsampling, progressive=True), 2)
# Grey pictures of 2×2 samples a unit; restarts of scans of one component, in whole rows, and beyond the last block.
files["jpeg-grey-2x2-restarts"] = factors(jpeg("L", restart_marker_blocks=4), 0x22)
files["jpeg-420-progressive-restarts"] = jpeg(size=(40, 33), subsampling=2, progressive=True, restart_marker_rows=1)
files["jpeg-420-progressive-late-restarts"] = jpeg(size=(40, 33), subsampling=2, progressive=True, restart_marker_blocks=25)
files["jpeg-comment"] = jpeg(comment=b"x" * 1000)
for orientation in range(1, 9):
    files[f"jpeg-exif-{orientation}"] = jpeg(exif=exif(orientation, ">" if orientation % 2 else "<"), subsampling=0)
files["jpeg-exif-9"] = jpeg(exif=exif(9, "<"))

for mode in ["1", "L", "P", "RGB", "RGBA"]:
    files[f"bmp-{mode}"] = saved(mode, "BMP")
four = b"".join(palette[3 * i : 3 * i + 3] + b"\0" for i in range(256))
words = lambda size, width=WIDTH: b"".join(
    bytes((x * 37 + y * 101 + x * y) % 256 for x in range(int(width * size + 3) // 4 * 4)) for y in range(HEIGHT)
)
files["bmp-16"] = bmp(16, words(2))
files["bmp-16-565"] = bmp(16, words(2), 3, masks=struct.pack("<III", 0xF800, 0x7E0, 0x1F))
files["bmp-24-top-down"] = bmp(24, words(3), height=-HEIGHT)
files["bmp-32"] = bmp(32, words(4))
files["bmp-32-xbgr"] = bmp(32, words(4), 3, masks=struct.pack("<III", 0xFF000000, 0xFF0000, 0xFF00))
files["bmp-32-masks-of-zeros"] = bmp(32, words(4), 3, masks=bytes(12))
files["bmp-24-last-row-not-filled"] = bmp(24, words(3)[:-1])
files["bmp-4"] = bmp(4, words(0.5, 24), colors=four[:64])
files["bmp-8-few-colors"] = bmp(8, bytes(v % 30 for v in words(1)), colors=four[:120])
files["bmp-8-os2"] = os2(words(1), palette)
files["bmp-rle8"] = bmp(8, rle(False), 1, colors=four)
files["bmp-rle4"] = bmp(4, rle(True), 2, colors=four[:64])
files["bmp-rle8-no-end"] = bmp(8, b"\0\0".join(bytes([WIDTH, 7 * y]) for y in range(HEIGHT)), 1, colors=four)
files["bmp-rle8-wide"] = bmp(8, bytes([200, 5, 0, 30]) + bytes(range(30)) + bytes([3, 9, 0, 0]) + rle(False), 1, colors=four)
for mode in ["1", "L", "RGB"]:
    files[f"pnm-{mode}"] = saved(mode, "PPM")
files["pnm-comments"] = b"P5 # grey\n#\n4 2\n# most\n15\n" + bytes([0, 1, 3, 7, 15, 14, 8, 2])
files["pnm-plain-bits"] = b"P1\n4 2\n1 0 1 1\n0011 # end\n"
files["pnm-plain-grey"] = b"P2 3 1 200 0 100 200 "
files["pnm-plain-rgb"] = b"P3 2 1\n255 1 2 3\n # more\n40 50 60"

text = lambda data: base64.b64encode(data).decode()
cases = []
distinct = []
for name, file in files.items():
    image = Image.open(io.BytesIO(file))
    mode = image.mode
    image = ImageOps.exif_transpose(image)
    case = {"name": name, "mode": mode, "width": image.width, "height": image.height, "file": text(file)}
    # Many pictures have the same pixels, which are kept once.
    pixels = text(zlib.compress(image.convert("RGB").tobytes() + image.convert("L").tobytes(), 9))
    if pixels not in distinct:
        distinct.append(pixels)
    cases.append(case | {"pixels": distinct.index(pixels)})
out = Path(__file__).parent / "pictures.json"
out.write_text(json.dumps({"pillow": PIL.__version__, "cases": cases, "pixels": distinct}, indent=1) + "\n")
print(len(cases), "pictures", out.stat().st_size, "bytes")
