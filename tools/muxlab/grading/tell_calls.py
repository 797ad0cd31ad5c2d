"""Tells the last system calls to a person: 'epoll_server.cpp:77  recvfrom(6, 1024) = 1024'."""

from __future__ import annotations

import re
from collections.abc import Sequence

from muxlab.grading.source_lines import SourceLines
from muxlab.strace.decode import Control, Decoder, Step, Transfer, Wait
from muxlab.strace.text import descriptor, split
from muxlab.strace.trace import Call

TOLD = 8  # lines
_WIDEST = 24  # characters of one argument
_TIDYING = re.compile(r"((close)\(\d+\)|(write)\([12], \d+\)) = \d+")
_NAMED = 4  # of a row of those


def tell(calls: Sequence[Call], fd: int | None, sources: SourceLines, *, asleep: bool) -> list[str]:
    """The last calls on a descriptor, or on all, and the waits between them; with source lines where they are known."""
    decoder = Decoder()
    told: list[tuple[str, str]] = []
    places: dict[tuple[int, str], str] = {}  # where each thread last made each call
    made = [call for call in calls if call.name not in ("exit", "exit_group")]  # never return
    for call in sorted(made, key=lambda call: (call.returned or 1 << 62, call.entered)):
        step = decoder.step(call)
        if isinstance(step, Wait) or not call.finished or fd is None or _is_about(step, call, fd):
            # strace prints a stack when the call returns; a thread mostly waits where it has waited before.
            where = sources.of(call) or places.get((call.thread, call.name), "")
            told.append((where, _text(step, call, fd, asleep)))
            places[call.thread, call.name] = where
    last = _without_repetition(_tidying_in_one_line(told))[-TOLD:]
    width = max((len(where) for where, _ in last), default=0)
    return [f"{where:{width}}  {text}" if width else text for where, text in last]


def _is_about(step: Step, call: Call, fd: int) -> bool:
    if isinstance(step, Control | Transfer):
        return step.fd == fd
    arguments = split(call.arguments)
    first = descriptor(arguments[0]) if arguments else None
    return first == fd or (call.name.startswith("accept") and call.result == fd)


def _text(step: Step, call: Call, fd: int | None, asleep: bool) -> str:
    if not call.finished:
        return f"{_unfinished(call)} …{'            ← asleep here' if asleep else ''}"
    result = f"= {'?' if call.result is None else call.result}"
    ending = f"{result}{' ' + call.errno if call.errno else ''}{' (injected)' if call.injected else ''}"
    if isinstance(step, Wait) and not call.errno:
        return f"{call.name} → {_ready(step, fd)}"
    if isinstance(step, Control):
        return f"{call.name} {step.operation} fd {step.fd}: {'|'.join(step.bits) or 'nothing'}{_data(step)} {ending}"
    if isinstance(step, Transfer):
        return f"{call.name}({step.fd}{'' if step.asked is None else f', {step.asked}'}) {ending}"
    arguments = "" if isinstance(step, Wait) else f"({', '.join(_short(part) for part in split(call.arguments))})"
    return f"{call.name}{arguments} {ending}"


def _data(step: Control) -> str:
    """What epoll_wait will hand back, where that is a number and not this descriptor's: often nobody has set it."""
    small = step.data is not None and step.data < 1 << 32  # a larger one is a pointer
    return f", data {step.data}" if small and step.data != step.fd else ""


def _unfinished(call: Call) -> str:
    arguments = split(call.arguments)
    first = descriptor(arguments[0]) if arguments else None
    return f"{call.name}({first})" if first is not None and call.name not in ("select", "poll") else call.name


def _ready(step: Wait, fd: int | None) -> str:
    if step.timed_out:
        return "nothing: the time is over"
    if fd is None:
        return ", ".join(f"fd {events.fd}: {'|'.join(events.bits)}" for events in step.ready) or str(step.call.result)
    about = ["|".join(events.bits) for events in step.ready if events.fd == fd]
    return about[0] if about else "others"


def _tidying_in_one_line(told: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """A server that gives up closes all it has and says why: that must not hide the call that made it give up."""
    kept: list[tuple[str, str, list[str]]] = []
    for where, text in told:
        match = _TIDYING.fullmatch(text)
        kind = match[2] or match[3] if match else ""
        if match and kept and kept[-1][:2] == (where, kind):
            kept[-1][2].append(match[1])
        else:
            kept.append((where, kind, [text]))
    return [(where, _row(texts)) for where, _, texts in kept]


def _row(texts: list[str]) -> str:
    if len(texts) == 1:
        return texts[0]
    names = [texts[0].partition(" = ")[0], *texts[1:]]
    return ", ".join(names if len(names) <= _NAMED else [*names[: _NAMED - 1], "…", names[-1]])


def _without_repetition(told: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """A call that repeats, a wait that tells of others for one, is one line."""
    kept: list[tuple[str, str, int]] = []
    for where, text in told:
        if kept and kept[-1][:2] == (where, text):
            kept[-1] = (where, text, kept[-1][2] + 1)
        else:
            kept.append((where, text, 1))
    return [(where, text if times == 1 else f"{text}   ({times:,} times)") for where, text, times in kept]


def _short(argument: str) -> str:
    fd = descriptor(argument)
    if fd is not None:
        return str(fd)
    return argument if len(argument) <= _WIDEST else f"{argument[: _WIDEST - 4]}…"
