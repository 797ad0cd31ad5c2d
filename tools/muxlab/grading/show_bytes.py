"""Shows bytes to a person: how many, where they differ, and what stands there."""

from __future__ import annotations

AROUND = 8  # bytes shown on each side of a difference
SHORT = 24  # bytes that are shown whole


def count(number: int) -> str:
    """'1 byte', '10,240 bytes'."""
    return "1 byte" if number == 1 else f"{number:,} bytes"


def brief(data: bytes) -> str:
    """The beginning of it, as hex and text: '68 65 6c 6c 6f |hello|'."""
    if not data:
        return "nothing"
    shown = data[:SHORT]
    text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in shown)
    return f"{shown.hex(' ')}{' …' if len(data) > SHORT else ''} |{text}|"


def first_difference(expected: bytes, actual: bytes) -> int:
    """The offset of the first byte that differs; the shorter one's length if there is none."""
    shorter = min(len(expected), len(actual))
    if expected[:shorter] == actual[:shorter]:
        return shorter
    low, high = 0, shorter  # the first `low` bytes are equal, the first `high` are not
    while high - low > 1:
        middle = (low + high) // 2
        if expected[low:middle] == actual[low:middle]:
            low = middle
        else:
            high = middle
    return low


def difference(expected: bytes, actual: bytes) -> list[str]:
    """Lines that show what was expected, what came, and where they part."""
    offset = first_difference(expected, actual)
    lines = [f"expected {count(len(expected))}", f"got      {count(len(actual))}"]
    if not actual:
        return [f"{lines[0]}: {brief(expected)}", "got      nothing"]
    if offset == len(actual):
        lines[1] += f", all of them right; missing from byte {offset:,} on: {brief(expected[offset:])}"
        return lines
    start = max(0, offset - AROUND)
    lines.append(f"they differ first at byte {offset:,}; from byte {start:,} on:")
    lines.append(f"  expected {_piece(expected, start, offset)}")
    lines.append(f"  got      {_piece(actual, start, offset)}")
    return lines


def _piece(data: bytes, start: int, offset: int) -> str:
    end = offset + AROUND
    before, after = data[start:offset].hex(" "), data[offset:end].hex(" ")
    text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in data[start:end])
    return f"{before}{' ' if before else ''}»{after or 'nothing'}{' …' if len(data) > end else ''} |{text}|"
