"""Reads the PNG files that the host writes: 8 bits for each of red, green and blue, not interlaced."""
import struct
import zlib


def pixels(data):
    """Rows of (red, green, blue)."""
    width, height, depth, kind = struct.unpack(">IIBB", data[16:26])
    assert (depth, kind) == (8, 2)
    packed, at = b"", 8
    while at < len(data):
        length, name = struct.unpack(">I4s", data[at:at + 8])
        if name == b"IDAT":
            packed += data[at + 8:at + 8 + length]
        at += 12 + length
    stride, raw, before, rows = 3 * width, zlib.decompress(packed), bytearray(3 * width), []
    for row in range(height):
        kind, line = raw[row * (stride + 1)], bytearray(raw[row * (stride + 1) + 1:(row + 1) * (stride + 1)])
        for index in range(stride):
            left = line[index - 3] if index > 2 else 0
            corner = before[index - 3] if index > 2 else 0
            line[index] = (line[index] + predicted(kind, left, before[index], corner)) & 255
        rows.append([tuple(line[index:index + 3]) for index in range(0, stride, 3)])
        before = line
    return rows


def predicted(kind, left, above, corner):
    """What a filter takes a byte for (PNG specification, section 9)."""
    if kind == 4:
        distances = [(abs(left + above - corner - value), value) for value in (left, above, corner)]
        return min(distances, key=lambda pair: pair[0])[1]
    return [0, left, above, (left + above) // 2][kind]
