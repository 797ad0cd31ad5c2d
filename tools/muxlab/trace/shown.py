"""How a system call is shown to people: one line, not too long."""

from __future__ import annotations

import re

from muxlab.strace.decode import EPOLLS
from muxlab.strace.text import skip_label, skip_string, split
from muxlab.strace.trace import Call

SHOWN = 160  # characters of a line
SHOWN_TEXT = 48  # characters of what was received or sent


def line_of(call: Call) -> str:
    """As strace prints it, without what it says of each descriptor, and with the middle left out if it is long."""
    arguments = without_labels(call.arguments)
    if not call.finished:
        return shortened(f"{call.name}({arguments}")
    result = "?" if call.result is None else hex(call.result) if call.result > 2**32 else str(call.result)
    tail = f" {call.errno}" if call.errno else f" ({call.note})" if call.note else ""
    return shortened(f"{call.name}({arguments}) = {result}{without_labels(tail)}")


def question_of(call: Call) -> str:
    """What a wait is asked, without the answer: epoll_wait has room for it in its second argument."""
    arguments = split(without_labels(call.arguments))
    if call.name in EPOLLS and len(arguments) > 1:
        arguments[1] = "…"
    return shortened(f"{call.name}({', '.join(arguments)})")


def shortened(text: str, most: int = SHOWN) -> str:
    if len(text) <= most:
        return text
    tail = most // 3
    return f"{text[: most - tail - 1]}…{text[-tail:]}"


def without_labels(text: str) -> str:
    """'5<TCP:[…]>, [6</dev/null>]' → '5, [6]'. What is in strings stays."""
    out: list[str] = []
    index = 0
    while index < len(text):
        if text[index] == '"':
            end = skip_string(text, index)
        elif text[index] == "<" and index and (text[index - 1].isdigit() or text.endswith("AT_FDCWD", 0, index)):
            index = skip_label(text, index)
            continue
        else:
            end = index + 1
        out.append(text[index:end])
        index = end
    return "".join(out)


def escaped(data: bytes, whole: int) -> str:
    """The beginning of some bytes, as in a Python or C string; '…' when that is not all of it."""
    text = "".join(_character(byte) for byte in data)
    if len(text) > SHOWN_TEXT:
        text = re.sub(r"\\x?[0-9a-f]?$", "", text[: SHOWN_TEXT - 1]) + "…"
    elif whole > len(data):
        text += "…"
    return text


def _character(byte: int) -> str:
    named = {9: "\\t", 10: "\\n", 13: "\\r", 92: "\\\\"}
    return named.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}")
