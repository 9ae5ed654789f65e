"""Ways to damage a file, all drawn from a seeded `random.Random`: blind ones, and ones that know the file's parts."""

import random
import struct
import zlib

_VALUES = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 2**24, 2**31 - 1, 2**31, 2**32 - 1)
_MOST_BYTES = 200_000


def mutate(rng: random.Random, data: bytes, others: list[bytes]) -> bytes:
    """One to four damages to `data`; `others` are files that parts may come from."""
    value = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 4))):
        value = rng.choice(_WAYS)(rng, value, others)[:_MOST_BYTES]
    if rng.random() < 0.5:  # or a wrong check sum hides what lies behind it
        value = _mend(value)
    return bytes(value)


def parts(data: bytes | bytearray) -> list[tuple[int, int]]:
    """Where the parts that a file consists of begin and end: chunks, segments, records; [] if it has none to see."""
    data = bytes(data)
    if data.startswith(b"\x89PNG"):
        return _walk(data, 8, lambda at: 12 + struct.unpack_from(">L", data, at)[0])
    if data.startswith(b"\xff\xd8"):
        return _walk(data, 2, lambda at: 2 + struct.unpack_from(">H", data, at + 2)[0])
    if data.startswith(b"RIFF"):
        return _walk(data, 12, lambda at: 8 + (struct.unpack_from("<L", data, at + 4)[0] + 1 & ~1))
    if data.startswith(b"PK"):
        starts = [i for mark in (b"PK\3\4", b"PK\1\2", b"PK\5\6") for i in _find(data, mark)]
        return list(zip(sorted(starts), [*sorted(starts)[1:], len(data)], strict=True))
    if data[257:262] == b"ustar":
        return [(at, min(at + 512, len(data))) for at in range(0, len(data), 512)]
    if data.startswith(b"GIF"):
        starts = [0, *_find(data, b"!"), *_find(data, b",")]
        return list(zip(sorted(starts), [*sorted(starts)[1:], len(data)], strict=True))
    return []


def _walk(data: bytes, at: int, length: object) -> list[tuple[int, int]]:
    spans = []
    while at + 8 <= len(data):
        end = min(len(data), at + length(at))
        spans.append((at, end))
        at = end
    return spans


def _find(data: bytes, mark: bytes) -> list[int]:
    found, at = [], data.find(mark)
    while at >= 0:
        found.append(at)
        at = data.find(mark, at + 1)
    return found


def _flip_bits(rng: random.Random, data: bytearray, others: list[bytes]) -> bytearray:
    for _ in range(rng.choice((1, 1, 2, 8, 64))):
        if data:
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return data


def _flip_header(rng: random.Random, data: bytearray, others: list[bytes]) -> bytearray:
    for _ in range(rng.choice((1, 2, 4))):
        if data:
            data[rng.randrange(min(len(data), 64))] = rng.randrange(256)
    return data


def _run(rng: random.Random, data: bytearray, others: list[bytes]) -> bytearray:
    at, length = rng.randrange(len(data) + 1), rng.choice((1, 4, 32, 500))
    run = rng.randbytes(length) if rng.random() < 0.5 else bytes([rng.choice((0, 0xFF, 0x20, 0x41))]) * length
    if rng.random() < 0.5:
        data[at : at + length] = run
    else:
        data[at:at] = run
    return data


def _cut(rng: random.Random, data: bytearray, others: list[bytes]) -> bytearray:
    at = rng.randrange(len(data) + 1)
    if rng.random() < 0.7:
        return data[:at]
    del data[at : at + rng.choice((1, 2, 16, 300))]
    return data


def _splice(rng: random.Random, data: bytearray, others: list[bytes]) -> bytearray:
    other = rng.choice(others)
    if rng.random() < 0.5:
        return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other)) :]
    at, start = rng.randrange(len(data) + 1), rng.randrange(len(other))
    data[at:at] = other[start : start + rng.choice((8, 100, 2000))]
    return data


def _set_number(rng: random.Random, data: bytearray, others: list[bytes]) -> bytearray:
    """A number where lengths, counts and sizes stand: at the front of a part, or anywhere."""
    spans = parts(data)
    if spans and rng.random() < 0.7:
        at = rng.choice(spans)[0] + rng.randrange(0, 48, rng.choice((1, 2)))
    else:
        at = rng.randrange(len(data) + 1)
    form = rng.choice((">H", "<H", ">L", "<L", "B"))
    size = struct.calcsize(form)
    if at + size > len(data):
        return data
    old = struct.unpack_from(form, data, at)[0]
    new = rng.choice((*_VALUES, old + 1, old - 1, old * 2, len(data)))
    struct.pack_into(form, data, at, new % 256**size)
    return data


def _move_part(rng: random.Random, data: bytearray, others: list[bytes]) -> bytearray:
    """Double, drop or move a part, or take one from another file."""
    spans = parts(data)
    if not spans:
        return _run(rng, data, others)
    start, end = rng.choice(spans)
    part = data[start:end]
    what = rng.randrange(4)
    if what == 0:
        data[end:end] = part * rng.choice((1, 2, 50))
    elif what == 1:
        del data[start:end]
    elif what == 2:
        at = rng.choice(spans)[0]
        data[at:at] = part
    else:
        other = rng.choice(others)
        there = parts(other)
        if there:
            first, last = rng.choice(there)
            data[end:end] = other[first:last]
    return data


def _set_digits(rng: random.Random, data: bytearray, others: list[bytes]) -> bytearray:
    """Another number where one is written in digits, as in the head of a PPM or a tar."""
    digits = [i for i in range(min(len(data), 4096)) if 48 <= data[i] <= 57]
    if digits:
        at = rng.choice(digits)
        new = rng.choice((b"0", b"7", b"9", b"99999", b"-1", b"4294967296", b"#", b" "))
        data[at : at + (len(new) if rng.random() < 0.5 else 1)] = new
    return data


_WAYS = (_flip_bits, _flip_header, _run, _cut, _splice, _set_number, _set_number, _move_part, _move_part, _set_digits)


def _mend(data: bytearray) -> bytearray:
    """Right check sums for the chunks of a PNG and the headers of a tar."""
    if data.startswith(b"\x89PNG"):
        for start, end in parts(data):
            if end - start >= 12:
                data[end - 4 : end] = struct.pack(">L", zlib.crc32(data[start + 4 : end - 4]))
    elif data[257:262] == b"ustar":
        for at in range(0, len(data) - 511, 512):
            if data[at + 257 : at + 262] == b"ustar":
                data[at + 148 : at + 156] = b" " * 8
                data[at + 148 : at + 156] = b"%06o\0 " % sum(data[at : at + 512])
    return data
