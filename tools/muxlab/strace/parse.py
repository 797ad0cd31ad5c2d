"""Turns the lines that strace wrote into a Trace. Never fails: a line it does not know is kept and counted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from muxlab.strace.text import lasting, skip_label
from muxlab.strace.trace import Call, Exit, Signal, Trace, Unknown

# Who and when: "[pid 4711] " on a terminal, "4711 " in a file; then the time of -ttt, or that of -t, which is not kept.
_HEAD = re.compile(r"(?:\[pid +(\d+)\] |(\d+) +(?=\S))?(?:(\d+\.\d+) |\d\d:\d\d:\d\d(?:\.\d+)? )?")
_CALL = re.compile(r"([a-z_][a-z0-9_]*|\?\?\?)\((.*)$", re.DOTALL)
_UNFINISHED = re.compile(r"([a-z_][a-z0-9_]*|\?\?\?)\((.*?),? *<unfinished \.\.\.>$", re.DOTALL)
_RESUMED = re.compile(r"<\.\.\. ([a-z_][a-z0-9_]*|\?\?\?) resumed> ?(.*)$", re.DOTALL)
# Strings in the arguments may hold anything, so it is the last ") = " that counts: nothing in a result looks like it.
_RESULT = re.compile(r"(.*)\)\s+= (.+)$", re.DOTALL)
_VALUE = re.compile(r"(-?(?:0x[0-9a-f]+|\d+)|\?)")
_ERRNO = re.compile(r" (E[A-Z0-9_]+)\b")
_DURATION = re.compile(r" <(\d+\.\d+)>$")
_TAMPERED = re.compile(r" \((INJECTED|DELAYED)[^()]*\)$")
_SIGNAL = re.compile(r"--- (SIG[A-Z0-9_]+|stopped by SIG[A-Z0-9]+)(.*) ---$")
_EXITED = re.compile(r"\+\+\+ exited with (\d+) \+\+\+$")
_KILLED = re.compile(r"\+\+\+ killed by (SIG\w+).*\+\+\+$")
_ATTACHED = re.compile(r"strace: Process \d+ (?:attached|detached)")


def parse_file(path: Path) -> Trace:
    # latin-1: strace escapes what is not ASCII in strings, but not in the path names of labels.
    with path.open(encoding="latin-1", newline="\n") as lines:
        return parse(lines)


def parse(lines: Iterable[str]) -> Trace:
    parser = _Parser()
    for number, line in enumerate(lines, 1):
        parser.feed(number, line.rstrip("\n"))
    return parser.finish()


class _Parser:
    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._signals: list[Signal] = []
        self._exits: list[Exit] = []
        self._unknown: list[Unknown] = []
        self._open: dict[int, tuple[int, str]] = {}
        """By thread: the place in _calls of the call it is in, and the arguments printed so far."""
        self._latest: int | None = None
        """The place in _calls that a line of -k belongs to; None while it belongs to the latest signal."""
        self._last: dict[int, int] = {}
        """By thread: the place in _calls of its last call, which is the one that it ends in."""

    def feed(self, number: int, line: str) -> None:
        if not line.strip() or _ATTACHED.match(line):
            return
        if line.startswith(" > "):
            self._add_frame(number, line)
            return
        head = _HEAD.match(line)
        assert head is not None, "every part of it may be missing"
        thread = int(head[1] or head[2] or 0)
        time = float(head[3]) if head[3] else None
        if not self._understand(number, thread, time, line[head.end() :]):
            self._unknown.append(Unknown(number, line))

    def _add_frame(self, number: int, line: str) -> None:
        if self._latest is not None:
            call = self._calls[self._latest]
            self._calls[self._latest] = replace(call, stack=(*call.stack, line[3:]))
        elif self._signals:
            signal = self._signals[-1]
            self._signals[-1] = replace(signal, stack=(*signal.stack, line[3:]))
        else:
            self._unknown.append(Unknown(number, line))

    def finish(self) -> Trace:
        for place, arguments in self._open.values():
            self._calls[place] = replace(self._calls[place], arguments=arguments)
        return Trace(tuple(self._calls), tuple(self._signals), tuple(self._exits), tuple(self._unknown))

    def _understand(self, number: int, thread: int, time: float | None, text: str) -> bool:
        if found := _UNFINISHED.match(text):
            self._open[thread] = (len(self._calls), found[2])
            self._last[thread] = len(self._calls)
            self._calls.append(Call(thread, found[1], found[2], number, None, time))
            return True
        if found := _RESUMED.match(text):
            return self._resume(number, thread, time, found[1], found[2])
        if found := _CALL.match(text):
            call = _returned(Call(thread, found[1], "", number, None, time), number, found[2])
            if call is None:
                return False
            self._latest = self._last[thread] = len(self._calls)
            self._calls.append(call)
            return True
        if found := _SIGNAL.match(text):
            self._signals.append(Signal(thread, number, time, found[1], text))
            self._latest = None
            return True
        if found := _EXITED.match(text):
            self._end(Exit(thread, number, time, int(found[1])))
            return True
        if found := _KILLED.match(text):
            self._end(Exit(thread, number, time, None, found[1]))
            return True
        return False

    def _resume(self, number: int, thread: int, time: float | None, name: str, rest: str) -> bool:
        if thread not in self._open:
            return False
        place, arguments = self._open[thread]
        entered = self._calls[place]
        if entered.name != name:
            return False
        # Between the two halves strace may leave out the comma: "epoll_wait(5, " and "[{…}], 256, -1) = 1".
        glue = ", " if arguments and not rest.startswith((",", ")", "=>")) else ""
        call = _returned(entered, number, arguments + glue + rest, time)
        if call is None:
            return False
        del self._open[thread]
        self._calls[place] = call
        self._latest = place
        return True

    def _end(self, end: Exit) -> None:
        self._exits.append(end)
        self._latest = self._last.get(end.thread)
        if end.thread in self._open:
            place, arguments = self._open.pop(end.thread)
            self._calls[place] = replace(self._calls[place], arguments=arguments)


def _returned(entered: Call, number: int, text: str, end_time: float | None = None) -> Call | None:
    """The call with its result, which ends `text`; None if there is none, as in a line that was cut off."""
    if text.endswith("= ?") and (found := re.match(r"(.*)\)\s+= \?$", text, re.DOTALL)):
        # exit_group(0) = ?: it does not come back.
        return replace(entered, arguments=found[1].removesuffix("<unfinished ...>").rstrip(", "))
    found = _RESULT.match(text)
    if found is None:
        return None
    arguments, result = found[1], found[2]
    if duration := _DURATION.search(result):
        result = result[: duration.start()]
        if entered.time is not None and end_time is None:
            end_time = entered.time + float(duration[1])
    injected = False
    while tampered := _TAMPERED.search(result):
        injected |= tampered[1] == "INJECTED"
        result = result[: tampered.start()]
    value = _VALUE.match(result)
    if value is None:
        return None
    rest = result[value.end() :]
    label = ""
    if rest.startswith("<"):
        end = skip_label(rest, 0)
        label, rest = lasting(rest[1 : end - 1]), rest[end:]
    errno = _ERRNO.match(rest)
    note = rest[errno.end() :] if errno else rest
    return replace(
        entered,
        arguments=arguments.strip(),
        returned=number,
        end_time=end_time,
        result=None if value[1] == "?" else int(value[1], 16 if "x" in value[1] else 10),
        result_label=label,
        errno=errno[1] if errno else "",
        note=note.strip().removeprefix("(").removesuffix(")"),
        injected=injected,
    )
