"""Asks Pillow how it turns pictures whose orientation is written in many ways; writes orientation.json.

pip install pillow==13.0.0; python test/golden/orientation.py
"""

import io
import json
import struct
import zlib
from pathlib import Path

import PIL
from PIL import Image, ImageOps

BYTE, SHORT, LONG, RATIONAL, SSHORT, SLONG, ASCII = 1, 3, 4, 5, 8, 9, 2
FORMATS = {BYTE: "B3x", SHORT: "H2x", LONG: "I", SSHORT: "h2x", SLONG: "i", ASCII: "B3x"}


def tiff(value, kind=SHORT, order="<", count=1, before=()):
    entries = [*before, (0x0112, kind, count, struct.pack(order + FORMATS[kind], value))]
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8)
    body = struct.pack(order + "H", len(entries))
    for tag, type_, n, data in entries:
        body += struct.pack(order + "HHI", tag, type_, n) + data
    return head + body + b"\0\0\0\0"


EXIF = b"Exif\0\0"
XAP = b"http://ns.adobe.com/xap/1.0/\0"


def xmp(value, form="attribute"):
    inner = f'tiff:Orientation="{value}"/>' if form == "attribute" else f"><tiff:Orientation>{value}</tiff:Orientation>"
    return f"<x:xmpmeta><rdf:Description {inner}</x:xmpmeta>".encode()


def profile(data, name="exif"):
    digits = data.hex()
    lines = "\n".join(digits[i : i + 72] for i in range(0, len(digits), 72))
    return f"\n{name}\n{len(data):8}\n{lines}\n".encode()


def text(keyword, data):
    return keyword.encode() + b"\0" + data


def ztext(keyword, data):
    return keyword.encode() + b"\0\0" + zlib.compress(data)


def itext(keyword, data, packed=False):
    body = zlib.compress(data) if packed else data
    return keyword.encode() + b"\0" + bytes([int(packed), 0]) + b"en\0\0" + body


PROFILE, ADOBE = "Raw profile type exif", "XML:com.adobe.xmp"
before = ((0x010F, ASCII, 4, b"abc\0"),)
split = tiff(6)

jpeg = {
    **{f"SHORT {v}": [("e1", EXIF + tiff(v))] for v in range(10)},
    **{f"LONG {v}, {o}": [("e1", EXIF + tiff(v, LONG, o))] for v in (1, 3, 6, 8, 9) for o in "<>"},
    "SHORT, other order": [("e1", EXIF + tiff(6, SHORT, ">"))],
    "BYTE": [("e1", EXIF + tiff(6, BYTE))],
    "signed SHORT": [("e1", EXIF + tiff(6, SSHORT))],
    "signed LONG": [("e1", EXIF + tiff(8, SLONG, ">"))],
    "two SHORTs": [("e1", EXIF + tiff(6, SHORT, "<", 2))],
    "a letter": [("e1", EXIF + tiff(ord("6"), ASCII))],
    "after another entry": [("e1", EXIF + tiff(3, before=before))],
    "two segments, the first wins": [("e1", EXIF + tiff(6)), ("e1", EXIF + tiff(3))],
    "a segment and its continuation": [("e1", EXIF + split[:12]), ("e1", EXIF + split[12:])],
    "a prefix twice": [("e1", EXIF + EXIF + tiff(6))],
    "XMP": [("e1", XAP + xmp(6))],
    "XMP as an element": [("e1", XAP + xmp(8, "element"))],
    "two XMPs, the second wins": [("e1", XAP + xmp(6)), ("e1", XAP + xmp(3))],
    "EXIF before XMP": [("e1", XAP + xmp(6)), ("e1", EXIF + tiff(3))],
    "EXIF without orientation, XMP": [("e1", EXIF + tiff(1)[:8] + b"\0\0\0\0\0\0"), ("e1", XAP + xmp(6))],
    "EXIF 1 and XMP": [("e1", EXIF + tiff(1)), ("e1", XAP + xmp(6))],
    "EXIF 0 and XMP": [("e1", EXIF + tiff(0)), ("e1", XAP + xmp(6))],
    "XMP 0": [("e1", XAP + xmp(0))],
}
png = {
    "eXIf": [("eXIf", tiff(6))],
    "eXIf as LONG": [("eXIf", tiff(6, LONG, ">"))],
    "eXIf with a prefix": [("eXIf", EXIF + tiff(6))],
    "a profile in tEXt": [("tEXt", text(PROFILE, profile(EXIF + tiff(6))))],
    "a profile in zTXt": [("zTXt", ztext(PROFILE, profile(EXIF + tiff(8))))],
    "a profile in iTXt": [("iTXt", itext(PROFILE, profile(EXIF + tiff(3))))],
    "a profile without a prefix": [("zTXt", ztext(PROFILE, profile(tiff(5))))],
    "a profile of another name": [("tEXt", text("Raw profile type APP1", profile(EXIF + tiff(6))))],
    "eXIf before a profile": [("tEXt", text(PROFILE, profile(EXIF + tiff(6)))), ("eXIf", tiff(3))],
    "XMP in iTXt": [("iTXt", itext(ADOBE, xmp(6)))],
    "XMP in a packed iTXt": [("iTXt", itext(ADOBE, xmp(8), True))],
    "XMP in tEXt": [("tEXt", text(ADOBE, xmp(6)))],
    "XMP in zTXt": [("zTXt", ztext(ADOBE, xmp(6)))],
    "eXIf before XMP": [("iTXt", itext(ADOBE, xmp(6))), ("eXIf", tiff(3))],
}


def encoded(format_):
    image = Image.new("RGB", (16, 8))
    image.putdata([(x * 16, y * 32, 0) for y in range(8) for x in range(16)])
    out = io.BytesIO()
    image.save(out, format_, quality=95)
    return out.getvalue()


def insert(format_, parts):
    good = encoded(format_)
    if format_ == "jpeg":
        made = [bytes([0xFF, int(m, 16)]) + struct.pack(">H", len(d) + 2) + d for m, d in parts]
        return good[:2] + b"".join(made) + good[2:]
    made = [struct.pack(">I", len(d)) + t.encode() + d + struct.pack(">I", zlib.crc32(t.encode() + d)) for t, d in parts]
    return good[:33] + b"".join(made) + good[33:]


def orientation(format_, parts):
    """Which of the eight turns exif_transpose makes."""
    plain = Image.open(io.BytesIO(encoded(format_))).convert("RGB")
    got = ImageOps.exif_transpose(Image.open(io.BytesIO(insert(format_, parts)))).convert("RGB")
    T = Image.Transpose
    turns = [None, T.FLIP_LEFT_RIGHT, T.ROTATE_180, T.FLIP_TOP_BOTTOM, T.TRANSPOSE, T.ROTATE_270, T.TRANSVERSE, T.ROTATE_90]
    for number, turn in enumerate(turns, 1):
        if (plain if turn is None else plain.transpose(turn)).tobytes() == got.tobytes() and (
            plain if turn is None else plain.transpose(turn)
        ).size == got.size:
            return number
    raise AssertionError("no turn of the picture")


rows = []
for format_, cases in (("jpeg", jpeg), ("png", png)):
    for name, parts in cases.items():
        try:
            turn = orientation(format_, parts)
        except Exception as error:  # what Pillow cannot read is not asked of fovea
            print("left out:", format_, name, repr(error)[:80])
            continue
        rows.append({"name": f"{format_.upper()}, {name}", "format": format_, "parts": [[t, d.hex()] for t, d in parts], "orientation": turn})
path = Path(__file__).with_name("orientation.json")
path.write_text(json.dumps({"pillow": PIL.__version__, "rows": rows}, indent=1) + "\n")
