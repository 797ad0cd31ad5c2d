"""Reads the pieces of strace's notation: lists, strings, descriptors, flags."""

from __future__ import annotations

import re

_CLOSES = {"(": ")", "[": "]", "{": "}"}
_LABELLED = re.compile(r"(?:\d|AT_FDCWD)$")
_ESCAPES = {"n": 10, "t": 9, "r": 13, "v": 11, "f": 12, "a": 7, "b": 8, "\\": 92, '"': 34}


def skip_string(text: str, start: int) -> int:
    """The index behind the string that opens at `start`. A string that is cut off ends with the text."""
    index = start + 1
    while index < len(text) and text[index] != '"':
        index += 2 if text[index] == "\\" else 1
    return min(index + 1, len(text))


def skip_label(text: str, start: int) -> int:
    """The index behind the <…> that opens at `start`, as in 5<TCP:[127.0.0.1:80->127.0.0.1:4711]>."""
    index, depth = start + 1, 0
    while index < len(text):
        character = text[index]
        if character == '"':
            index = skip_string(text, index)
            continue
        if character in "<>":
            if character == "<":
                depth += 1  # <char 1:3> inside </dev/null<char 1:3>>
            elif text[index - 1] != "-":  # the arrow between two addresses closes nothing
                if depth == 0:
                    return index + 1
                depth -= 1
        index += 1
    return len(text)


def split(text: str, separator: str = ",") -> list[str]:
    """Cuts at each separator that is not inside a string, a bracket, a label or a comment. Strips the parts."""
    parts: list[str] = []
    start = index = depth = 0
    while index < len(text):
        character = text[index]
        if character == '"':
            index = skip_string(text, index)
            continue
        if character == "<" and _opens_label(text, start, index):
            index = skip_label(text, index)
            continue
        if text.startswith("/*", index):
            end = text.find("*/", index)
            index = len(text) if end == -1 else end + 2
            continue
        if character in _CLOSES:
            depth += 1
        elif character in _CLOSES.values():
            depth = max(0, depth - 1)
        elif character == separator and depth == 0:
            parts.append(text[start:index].strip())
            start = index + 1
        index += 1
    parts.append(text[start:].strip())
    return [part for part in parts if part]


def _opens_label(text: str, start: int, index: int) -> bool:
    # 1<<CAP_KILL is a shift, not a label.
    return bool(_LABELLED.search(text, start, index)) and not text.startswith("<<", index)


def inside(text: str, brackets: str = "[]") -> str | None:
    """'[3 5]' → '3 5'; None if the text is not in such brackets. A missing end is forgiven: the line was cut off."""
    if not text.startswith(brackets[0]):
        return None
    return text[1:].removesuffix(brackets[1])


def descriptor(text: str) -> int | None:
    """'5' or '5</dev/null>' → 5; None for anything else (NULL, AT_FDCWD, an address)."""
    found = re.match(r"-?\d+(?=<|$)", text)
    return int(found.group()) if found else None


def label(text: str) -> str:
    """'5<TCP:[…]>' → 'TCP:[…]'; empty if there is none."""
    found = re.match(r"(?:-?\d+|AT_FDCWD)<(?!<)", text)
    return lasting(text[found.end() : skip_label(text, found.end() - 1) - 1]) if found else ""


def lasting(label: str) -> str:
    """Newer versions of strace tell an eventfd's counter, '{eventfd-count=1, …}'. Whatever was written to it, its name
    is the one that /proc has for it: 'anon_inode:[eventfd]'.
    """
    return "anon_inode:[eventfd]" if label.startswith("{eventfd-count=") else label


def number(text: str) -> int | None:
    found = re.match(r"-?(?:0x[0-9a-f]+|\d+)", text)
    return int(found.group(), 0 if "x" in found.group() else 10) if found else None


def flags(text: str, prefix: str) -> tuple[str, ...]:
    """'POLLIN|POLLHUP' with prefix 'POLL' → ('IN', 'HUP')."""
    names = [name.strip() for name in text.split("|")]
    return tuple(name.removeprefix(prefix) for name in names if name not in ("", "0"))


def unquote(text: str) -> bytes | None:
    """The bytes of '"ab\\n\\0"...' as far as strace printed them; None if it is no string."""
    if not text.startswith('"'):
        return None
    out = bytearray()
    index, end = 1, len(text)
    while index < end and text[index] != '"':
        if text[index] != "\\":
            out += text[index].encode("latin-1", "replace")
            index += 1
            continue
        found = re.compile(r"\\(?:x([0-9a-f]{2})|([0-7]{1,3})|(.))", re.DOTALL).match(text, index)
        if found is None:
            break  # cut off after the backslash
        if found[1]:
            out.append(int(found[1], 16))
        elif found[2]:
            out.append(int(found[2], 8) & 0xFF)
        else:
            out.append(_ESCAPES.get(found[3], ord(found[3]) & 0xFF))
        index = found.end()
    return bytes(out)
