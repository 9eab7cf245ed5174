"""Writes orientations.json: metadata of JPEG and PNG files, and how Pillow's ImageOps.exif_transpose turns such a picture.
python test/golden/orientations.py, with Pillow 13."""

import base64
import io
import json
import struct
import warnings
import zlib
from pathlib import Path

import PIL
from PIL import Image, ImageOps

warnings.simplefilter("ignore")
TURNED = {}
picture = Image.new("L", (2, 1))
picture.putdata([0, 255])
wide = picture.resize((32, 16), Image.Resampling.NEAREST)
wide.paste(128, (0, 0, 8, 8))


def saved(kind, **options):
    buffer = io.BytesIO()
    wide.save(buffer, kind, **options)
    return buffer.getvalue()


JPEG, PNG = saved("JPEG", quality=95), saved("PNG")


def orientation(file):
    """Which of the eight ways Pillow turned the picture, told by its corners."""
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(file)))
    spot = lambda x, y: round(image.getpixel((x, y)) / 64)
    w, h = image.size
    return (w > h, spot(2, 2), spot(w - 3, 2), spot(2, h - 3), spot(w - 3, h - 3))


def tiff(*entries, order="<", magic=None):
    body = (magic or (b"II*\0" if order == "<" else b"MM\0*")) + struct.pack(order + "IH", 8, len(entries))
    at, data = 8 + 2 + 12 * len(entries) + 4, b""
    for tag, kind, count, value in entries:
        body += struct.pack(order + "HHI", tag, kind, count)
        if len(value) <= 4:
            body += value.ljust(4, b"\0")
        else:
            body += struct.pack(order + "I", at + len(data))
            data += value
    return body + struct.pack(order + "I", 0) + data


def tag(kind, value, count=1, **options):
    return tiff((0x112, kind, count, value), **options)


short = lambda n: tag(3, struct.pack("<H", n))
other = tiff((0x10F, 2, 2, b"a\0"))
xmp = lambda n: b'<x tiff:Orientation="%d"/>' % n

TYPES = {
    "BYTE": (1, b"\6"),
    "ASCII": (2, b"6\0", 2),
    "SHORT": (3, b"\6\0"),
    "LONG": (4, b"\6\0\0\0"),
    "RATIONAL": (5, struct.pack("<II", 12, 2)),
    "RATIONAL over 0": (5, struct.pack("<II", 6, 0)),
    "SBYTE": (6, b"\6"),
    "UNDEFINED": (7, b"\6"),
    "SSHORT": (8, b"\6\0"),
    "SLONG": (9, b"\6\0\0\0"),
    "SRATIONAL": (10, struct.pack("<ii", -6, -1)),
    "FLOAT": (11, struct.pack("<f", 6)),
    "FLOAT 6.5": (11, struct.pack("<f", 6.5)),
    "DOUBLE": (12, struct.pack("<d", 6)),
    "IFD": (13, b"\6\0\0\0"),
    "LONG8": (16, struct.pack("<Q", 6)),
    "type 14": (14, b"\6\0\0\0"),
    "two SHORT": (3, b"\6\0\3\0", 2),
    "two LONG": (4, struct.pack("<II", 6, 3), 2),
    "no SHORT": (3, b"\6\0", 0),
}
app1 = lambda data: (0xE1, b"Exif\0\0" + data)
app1_xmp = lambda data: (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + data)
jpegs = {name: [app1(tag(*args))] for name, args in TYPES.items()}
jpegs |= {f"orientation {n}": [app1(short(n))] for n in range(10)}
jpegs |= {
    "LONG, big endian": [app1(tag(4, struct.pack(">I", 6), order=">"))],
    "magic of the other order": [app1(tag(3, b"\0\6", order=">", magic=b"MM*\0"))],
    "no magic": [app1(tag(3, b"\6\0", magic=b"II+\0"))],
    "the tag twice": [app1(tiff((0x112, 3, 1, b"\6\0"), (0x112, 3, 1, b"\3\0")))],
    "two segments": [app1(short(6)), app1(short(3))],
    "a second segment alone": [app1(other), app1(short(6))],
    "a block over two segments": [app1(short(6)[:11]), app1(short(6)[11:])],
    "a damaged segment first": [app1(b"xx"), app1(short(6))],
    "fewer entries than said": [app1(short(6)[:8] + b"\x28\0" + short(6)[10:])],
    "capitals": [(0xE1, b"EXIF\0\0" + short(6))],
    "another segment": [(0xE2, b"Exif\0\0" + short(6))],
    "XMP attribute": [app1_xmp(xmp(6))],
    "XMP element": [app1_xmp(b"<tiff:Orientation>8</tiff:Orientation>")],
    "XMP in single quotes": [app1_xmp(b"<x tiff:Orientation='6'/>")],
    "XMP twice": [app1_xmp(xmp(6)), app1_xmp(xmp(3))],
    "XMP 9": [app1_xmp(xmp(9))],
    "EXIF 1 and XMP 6": [app1(short(1)), app1_xmp(xmp(6))],
    "EXIF 0 and XMP 6": [app1(short(0)), app1_xmp(xmp(6))],
    "EXIF without and XMP 6": [app1(other), app1_xmp(xmp(6))],
    "EXIF as text and XMP 6": [app1(tag(2, b"6\0", 2)), app1_xmp(xmp(6))],
}

RAW, XML = b"Raw profile type exif", b"XML:com.adobe.xmp"


def raw(data, line=72):
    digits = data.hex().encode()
    lines = [digits[i : i + line] for i in range(0, len(digits), line)]
    return b"\nexif\n%8d\n" % len(data) + b"\n".join(lines) + b"\n"


ztxt = lambda key, text: (b"zTXt", key + b"\0\0" + zlib.compress(text))
itxt = lambda key, text, packed=False: (
    b"iTXt",
    key + b"\0" + (b"\1" if packed else b"\0") + b"\0en\0key\0" + (zlib.compress(text) if packed else text),
)
# Chunks before the pixels, and after them.
pngs = {
    "eXIf": ([(b"eXIf", short(6))], []),
    "eXIf LONG": ([(b"eXIf", tag(4, b"\6\0\0\0"))], []),
    "eXIf with a prefix": ([(b"eXIf", b"Exif\0\0" + short(6))], []),
    "eXIf after the pixels": ([], [(b"eXIf", short(6))]),
    "eXIf twice": ([(b"eXIf", short(6)), (b"eXIf", short(3))], []),
    "tEXt": ([(b"tEXt", RAW + b"\0" + raw(b"Exif\0\0" + short(6)))], []),
    "tEXt without a prefix": ([(b"tEXt", RAW + b"\0" + raw(short(6)))], []),
    "tEXt in short lines": ([(b"tEXt", RAW + b"\0" + raw(b"Exif\0\0" + short(6), 10))], []),
    "zTXt": ([ztxt(RAW, raw(b"Exif\0\0" + short(6)))], []),
    "zTXt after the pixels": ([], [ztxt(RAW, raw(b"Exif\0\0" + short(6)))]),
    "iTXt": ([itxt(RAW, raw(short(6)))], []),
    "tEXt twice": ([(b"tEXt", RAW + b"\0" + raw(short(6))), (b"tEXt", RAW + b"\0" + raw(short(3)))], []),
    "tEXt 6 and eXIf 3": ([(b"tEXt", RAW + b"\0" + raw(short(6))), (b"eXIf", short(3))], []),
    "another profile": ([ztxt(b"Raw profile type APP1", raw(b"Exif\0\0" + short(6)))], []),
    "XMP": ([itxt(XML, xmp(6))], []),
    "XMP, packed": ([itxt(XML, xmp(6), True)], []),
    "XMP in tEXt": ([(b"tEXt", XML + b"\0" + xmp(6))], []),
    "XMP in zTXt": ([ztxt(XML, xmp(6))], []),
    "XMP twice": ([itxt(XML, xmp(6)), itxt(XML, xmp(3))], []),
    "eXIf 1 and XMP 6": ([(b"eXIf", short(1)), itxt(XML, xmp(6))], []),
    "eXIf without and XMP 6": ([(b"eXIf", other), itxt(XML, xmp(6))], []),
}


def segment(marker, data):
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def jpeg(segments):
    return JPEG[:2] + b"".join(segment(*s) for s in segments) + JPEG[2:]


def png(before, after):
    first, last = PNG.index(b"IDAT") - 4, PNG.index(b"IEND") - 4
    chunks = lambda some: b"".join(chunk(*c) for c in some)
    return PNG[:first] + chunks(before) + PNG[first:last] + chunks(after) + PNG[last:]


known = {orientation(jpeg([app1(short(n))])): n for n in range(1, 9)}
assert len(known) == 8
text = lambda data: base64.b64encode(data).decode()
out = {
    "pillow": PIL.__version__,
    "jpeg": [
        {"name": name, "orientation": known[orientation(jpeg(s))], "segments": [[m, text(d)] for m, d in s]}
        for name, s in jpegs.items()
    ],
    "png": [
        {
            "name": name,
            "orientation": known[orientation(png(before, after))],
            "before": [[k.decode(), text(d)] for k, d in before],
            "after": [[k.decode(), text(d)] for k, d in after],
        }
        for name, (before, after) in pngs.items()
    ],
}
(Path(__file__).parent / "orientations.json").write_text(json.dumps(out, separators=(",", ":")) + "\n")
print(len(jpegs), len(pngs), {c["name"]: c["orientation"] for c in out["jpeg"] + out["png"]})
