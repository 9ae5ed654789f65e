"""What a picture file carries besides its pixels: taken off before the decoder sees it, all but which way is up."""

import re
import struct

_MAX_MARKERS = 10_000
_JPEG_HEADER_MARKER = re.compile(rb"\xff+[^\x00\xff]")
_JPEG_SCAN_MARKER = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")
_PNG_KEPT = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"eXIf")
_XMP_ORIENTATION = re.compile(rb"tiff:Orientation(?:=\"|>)([1-8])")
_MAX_TEXT_BYTES = 2**16


class EndlessError(Exception):
    """A file of more segments than any picture has."""


def bare_jpeg(data: bytes) -> tuple[bytes, int, int]:
    """A JPEG without its metadata, its orientation (0 if it says none), and how many passes over the picture it makes.

    Pillow parses each of the segments, and older versions copy 60 KB for each of 5,000 EXIF entries that point to the
    same place. What comes behind the picture goes too: a second one, or a film. Raises `EndlessError`.
    """
    kept: list[bytes] = []
    start, at, orientation, num_scans = 0, 2, 0, 0
    for _ in range(_MAX_MARKERS):
        found = (_JPEG_SCAN_MARKER if num_scans else _JPEG_HEADER_MARKER).search(data, at)
        if found is None:
            data = data if num_scans else data[:at]
            break
        if not num_scans and found.end() - 2 > at:  # junk, which Pillow reads byte by byte
            kept.append(data[start:at])
            start = found.end() - 2
        at = found.end()
        kind = data[at - 1]
        if kind == 0xD9:
            data = data[:at]
            break
        if kind in (0x01, 0xD8) or 0xD0 <= kind <= 0xD7 or len(data) < at + 2:
            continue
        begin, at = at, at + max(2, struct.unpack_from(">H", data, at)[0])
        num_scans += kind == 0xDA
        if kind == 0xFE or (0xE1 <= kind <= 0xEF and kind != 0xEE):  # APP0 and APP14 tell how colours are meant
            kept.append(data[start : found.end() - 2])
            start = at
            if kind == 0xE1:
                orientation = orientation or _jpeg_orientation(data[begin + 2 : at])
    else:
        raise EndlessError
    return (b"".join(kept) + data[start:] if start else data), orientation, num_scans


def _jpeg_orientation(segment: bytes) -> int:
    return _exif_orientation(segment) if segment.startswith(b"Exif\0\0") else _xmp_orientation(segment)


def bare_png(data: bytes) -> bytes:
    """A PNG with nothing but its pixels."""
    kept, at = [data[:8]], 8
    for _ in range(_MAX_MARKERS):
        if at + 8 > len(data):
            break
        length, kind = struct.unpack_from(">L4s", data, at)
        if kind in _PNG_KEPT:
            kept.append(data[at : at + 12 + length])
        at += 12 + length
    return b"".join(kept)


def orientation_of(info: dict) -> int:
    """1 to 8, as EXIF or XMP has it; 0 if neither says. Nothing else of the metadata is parsed."""
    exif = info.get("exif", b"")
    if not exif and "Raw profile type exif" in info:  # ImageMagick: hexadecimal digits after three lines
        try:
            exif = bytes.fromhex("".join(info["Raw profile type exif"].split("\n")[3:]))
        except (ValueError, AttributeError):
            pass
    xmp = info.get("xmp") or info.get("XML:com.adobe.xmp") or b""
    return _exif_orientation(exif) or _xmp_orientation(xmp.encode() if isinstance(xmp, str) else xmp)


def _exif_orientation(exif: bytes) -> int:
    exif = exif[:_MAX_TEXT_BYTES].removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None:
        return 0
    try:
        at = struct.unpack_from(f"{order}L", exif, 4)[0]
        for entry in range(struct.unpack_from(f"{order}H", exif, at)[0]):
            tag, kind = struct.unpack_from(f"{order}HH", exif, at + 2 + 12 * entry)
            if tag == 274:
                value = struct.unpack_from(order + ("L" if kind == 4 else "H"), exif, at + 10 + 12 * entry)[0]
                return value if 1 <= value <= 8 else 0
    except struct.error:
        pass
    return 0


def _xmp_orientation(xmp: bytes) -> int:
    found = _XMP_ORIENTATION.search(xmp, 0, _MAX_TEXT_BYTES)
    return int(found[1]) if found else 0
