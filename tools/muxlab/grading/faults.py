"""Injected faults in words: 'epoll_ctl:error=ENOSPC:when=3' is "the third epoll_ctl fails: no room (ENOSPC)"."""

from __future__ import annotations

import errno
import os
import re

from muxlab.grading.trace import GROUPS

_NAMES = {"wait": "wait call"}
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_WHEN = re.compile(r"(?P<first>\d+)(?:\.\.(?P<last>\d+))?(?P<on>\+)?(?P<step>\d*)")
_WHY = {
    "ECONNABORTED": "the client has gone",
    "ECONNRESET": "the connection is broken",
    "ENOMEM": "no memory",
    "ENOSPC": "no room",
}


def in_words(fault: str) -> str:
    """Of a fault as strace's --inject takes it; left as it is where it asks for something else than an error."""
    calls, *parts = fault.split(":")
    how = dict(part.split("=", 1) for part in parts if "=" in part)
    when = _WHEN.fullmatch(how.get("when", "1+"))
    if how.keys() - {"error", "when"} or "error" not in how or when is None:
        return f"{calls} made to fail ({':'.join(parts)})"
    return f"{_which(_call(calls), when)} {_outcome(how['error'])}"


def _call(calls: str) -> str:
    names = {name.removeprefix("?") for name in calls.split(",")}
    for group, members in GROUPS.items():
        if names <= members:
            return _NAMES.get(group, group)
    return min(names)


def _which(call: str, when: re.Match[str]) -> str:
    first = int(when["first"])
    if when["last"]:
        return f"from the {_nth(first)} to the {_nth(int(when['last']))}, each {call}"
    if not when["on"]:
        return f"the {_nth(first)} {call}"
    step = int(when["step"] or 1)
    which = "every" if step == 1 else f"every {_nth(step)}"
    return f"{which} {call}" if (first, step) == (1, 1) else f"{which} {call} from the {_nth(first)} on"


def _nth(number: int) -> str:
    if 1 <= number <= len(_ORDINALS):
        return _ORDINALS[number - 1]
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _outcome(error: str) -> str:
    if error == "EINTR":
        return "is interrupted by a signal (EINTR)"
    why = _WHY.get(error) or os.strerror(getattr(errno, error, 0)).lower()
    return f"fails: {why} ({error})"
