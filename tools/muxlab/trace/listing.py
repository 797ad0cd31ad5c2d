"""A trace as text: what the clients did on the left margin, what the server did about it below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text

from muxlab.trace.model import (
    Accept,
    ClientAction,
    Ctl,
    Frame,
    Ready,
    Step,
    Trace,
    Transfer,
    WaitEnter,
    WaitReturn,
    Wake,
)

MOST_LINES = 400
PLACE = 34  # columns for file:line
MOST_NAMED = 6  # descriptors in one line


def show(trace: Trace, every_line: bool) -> None:
    console = Console(highlight=False)
    title = trace.scenario.title if trace.scenario else ""
    console.print(Text(f"{trace.program.name}: {title}", "bold"))
    if trace.scenario:
        console.print(Text(trace.scenario.what, "dim"), soft_wrap=True)
    printed = 0
    lines = list(listed(trace))
    for line in lines if every_line else lines[:MOST_LINES]:
        console.print(line, soft_wrap=True)
        printed += 1
    if printed < len(lines):
        console.print(f"… cut here: {len(lines) - printed:,} more lines; --all shows them, --json FILE keeps them")
    notes = dict.fromkeys(one.text for one in trace.clients if one.action == "note" and not one.client)
    for finding in [note for note in notes if "SIGTERM" not in note]:
        console.print(Text(f"note: {finding}", "yellow"), soft_wrap=True)
    for reason in trace.omitted:
        console.print(Text(f"left out: {reason}", "dim"), soft_wrap=True)
    if trace.unknown:
        console.print(Text(f"{len(trace.unknown)} lines of strace were not understood", "yellow"))


def listed(trace: Trace) -> Iterator[Text]:
    """Actions before the steps of the same instant: they are their cause."""
    waiting = list(trace.clients)
    beat = -1
    many = len(trace.threads) > 1
    for step in trace.steps:
        while waiting and waiting[0].beat <= step.beat and waiting[0].t <= step.t:
            action = waiting.pop(0)
            if action.beat > beat:
                beat = action.beat
                yield Text()
            yield _action(action)
        yield _step(step, trace, many)
    for action in waiting:
        yield _action(action)


def _action(action: ClientAction) -> Text:
    return Text(f"{action.t:9.4f}  ● {action.text}", "bold cyan")


def _step(step: Step, trace: Trace, many: bool) -> Text:
    place = place_of(step.stack)
    text = Text(f"{step.t:9.4f}  ")
    if many:
        text.append(f"t{step.tid} ", "magenta")
    text.append(f"{place:<{PLACE}} ", "dim")
    style = {"wait_enter": "dim", "wait_return": "green", "close": "red", "signal": "yellow"}.get(step.kind, "")
    text.append(told(step), "red" if step.errno not in (None, "EAGAIN") else style)
    return text


def place_of(stack: Sequence[Frame]) -> str:
    """The lab's own line, if there is one: what common/ does for it is the same in every lab."""
    if not stack:
        return ""
    frame = next((one for one in stack if one.file.startswith("labs/")), stack[0])
    return f"{frame.file.rpartition('/')[2]}:{frame.line}"


def told(step: Step) -> str:
    """One step in words."""
    detail, name = step.detail, step.call
    fd = "" if step.fd is None else f"fd {step.fd}"
    error = f" = {step.errno}" if step.errno else ""
    if isinstance(detail, WaitEnter):
        timeout = "" if detail.timeout_ms is None else f", {detail.timeout_ms:g} ms at most"
        return f"{name} waits for {_named(detail.interest)}{timeout}"
    if isinstance(detail, WaitReturn):
        if step.errno:
            return f"{name}{error}"
        cleared = f"; cleared: {_numbers(detail.cleared)}" if detail.cleared else ""
        return f"{name} = {detail.result}: {'time-out' if detail.timed_out else _named(detail.ready)}{cleared}"
    if isinstance(detail, Ctl):
        return f"{name} {detail.op} fd {detail.target} {'|'.join(detail.events)}{error}"
    if isinstance(detail, Accept):
        return f"{name}({fd}){error or (' …' if detail.new_fd is None else f' = {detail.new_fd}')}"
    if isinstance(detail, Transfer):
        got = error or (" …" if detail.bytes is None else f" = {detail.bytes}")
        return f"{name}({fd}, {detail.asked}){got}" + (f'  "{detail.text}"' if detail.bytes else "")
    if isinstance(detail, Wake):
        if step.errno:
            return f"{name}({fd}){error}"
        if not detail.value:
            return step.line  # it has not returned, or has moved nothing
        return f"{name}({fd}): {detail.value}  {'wakes' if step.kind == 'wake_write' else 'drained'}"
    return step.line


def _named(items: tuple[Ready, ...]) -> str:
    shown = " ".join(f"{one.fd}:{'|'.join(one.events) or '0'}" for one in items[:MOST_NAMED])
    return (f"{shown} … {len(items)} in all" if len(items) > MOST_NAMED else shown) or "nothing"


def _numbers(numbers: tuple[int, ...]) -> str:
    shown = " ".join(str(one) for one in numbers[:MOST_NAMED])
    return f"{shown} … {len(numbers)} in all" if len(numbers) > MOST_NAMED else shown
