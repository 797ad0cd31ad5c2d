"""The trace in the Chrome trace event format, which ui.perfetto.dev and chrome://tracing show.

One track for each thread with its calls as slices, one for each descriptor with its life and what happened to it, one
for the clients. An arrow leads from each wake-up to the wait that it ended.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from muxlab.trace.listing import told
from muxlab.trace.model import ClientAction, Descriptor, Step, Trace, WaitReturn, Wake

Json = dict[str, Any]

THREADS, DESCRIPTORS, CLIENTS = 1, 2, 3  # shown as processes: that is how tracks are grouped
SHORTEST = 1.0  # microseconds: what is shorter could not be seen
AT_ITS_END = ("wait_return", "accept", "recv", "open", "wake_drain")


def save_perfetto(trace: Trace, path: Path) -> None:
    path.write_text(json.dumps({"traceEvents": events(trace), "displayTimeUnit": "ms"}) + "\n", encoding="utf-8")


def events(trace: Trace) -> list[Json]:
    return [
        *_names(trace),
        *(_slice(step, THREADS, step.tid) for step in trace.steps if step.kind not in ("wait_enter", "signal", "exit")),
        *(_instant(step) for step in trace.steps if step.kind in ("signal", "exit")),
        *(_life(one, trace) for one in trace.descriptors),
        *(_slice(step, DESCRIPTORS, _track(step.descriptor)) for step in trace.steps if _is_io(step)),
        *(_client(action) for action in trace.clients),
        *_flows(trace.steps),
    ]


def _names(trace: Trace) -> Iterator[Json]:
    groups = {THREADS: f"{trace.program.name}: threads", DESCRIPTORS: "descriptors", CLIENTS: "clients"}
    for group, name in groups.items():
        yield {"ph": "M", "name": "process_name", "pid": group, "tid": 0, "args": {"name": name}}
        yield {"ph": "M", "name": "process_sort_index", "pid": group, "tid": 0, "args": {"sort_index": group}}
    for thread in trace.threads:
        yield _track_name(THREADS, thread.tid, thread.name)
    for one in trace.descriptors:
        yield _track_name(DESCRIPTORS, _track(one.id), _title(one))


def _track_name(group: int, track: int, name: str) -> Json:
    return {"ph": "M", "name": "thread_name", "pid": group, "tid": track, "args": {"name": name}}


def _title(one: Descriptor) -> str:
    where = f" {one.peer or one.local}" if one.peer or one.local else ""
    return f"fd {one.fd} {one.kind}{f' of {one.client}' if one.client else ''}{where}"


def _track(descriptor: str | None) -> int:
    return int((descriptor or "d0")[1:]) + 1  # track 0 would be the group itself


def _slice(step: Step, group: int, track: int) -> Json:
    return {
        "ph": "X",
        "name": step.call if step.errno is None else f"{step.call} {step.errno}",
        "cat": step.kind,
        "pid": group,
        "tid": track,
        "ts": _start(step),
        "dur": max(SHORTEST, step.seconds * 1e6),
        "args": {
            "told": told(step),
            "strace": step.line,
            "step": step.i,
            "beat": step.beat,
            "lines": [f"{frame.file}:{frame.line} {frame.function}" for frame in step.stack],
        },
    }


def _start(step: Step) -> float:
    """Microseconds. A step that stands at the end of its call began earlier."""
    began = step.t - step.seconds if step.kind in AT_ITS_END else step.t
    return round(max(0.0, began) * 1e6, 3)


def _is_io(step: Step) -> bool:
    return step.descriptor is not None and step.kind not in ("wait_enter", "wait_return", "open")


def _instant(step: Step) -> Json:
    where = {"pid": THREADS, "tid": step.tid, "ts": round(step.t * 1e6, 3)}
    return {"ph": "i", "s": "t", "name": step.call, "cat": step.kind, **where, "args": {"strace": step.line}}


def _life(one: Descriptor, trace: Trace) -> Json:
    begin = trace.steps[one.opened].t if one.opened is not None else 0.0
    end = trace.steps[one.closed].t + trace.steps[one.closed].seconds if one.closed is not None else trace.seconds
    return {
        "ph": "X",
        "name": _title(one),
        "cat": "life",
        "pid": DESCRIPTORS,
        "tid": _track(one.id),
        "ts": round(begin * 1e6, 3),
        "dur": max(SHORTEST, round((end - begin) * 1e6, 3)),
        "args": {"local": one.local, "peer": one.peer, "client": one.client},
    }


def _client(action: ClientAction) -> Json:
    where = {"pid": CLIENTS, "tid": 0, "ts": round(action.t * 1e6, 3)}
    return {"ph": "i", "s": "p", "name": action.text, "cat": action.action, **where, "args": {"beat": action.beat}}


def _flows(steps: Sequence[Step]) -> Iterator[Json]:
    """From each wake-up written to the first wait that tells of it afterwards.

    A viewer lets an arrow begin in the slice that began first, and a wait begins before what ends it. So the arrow
    leads to a slice of its own, in the last moment of the wait.
    """
    woken = set()
    for write, wait in wakes(steps):
        last = max(_start(wait), round(wait.t * 1e6 - SHORTEST, 3))
        where = {"cat": "wake-up", "pid": THREADS, "tid": wait.tid, "ts": last}
        if wait.i not in woken:
            yield {**where, "ph": "X", "name": "woken", "dur": SHORTEST, "args": {"told": told(wait), "step": wait.i}}
        woken.add(wait.i)
        flow = {"cat": "wake-up", "name": "wakes", "id": write.i}
        yield {**flow, "ph": "s", "pid": THREADS, "tid": write.tid, "ts": _start(write)}
        yield {**where, **flow, "ph": "f", "bp": "e"}


def wakes(steps: Sequence[Step]) -> Iterator[tuple[Step, Step]]:
    """Wake-up written → wait returned with it. Several wake-ups may end in the same wait."""
    for place, step in enumerate(steps):
        if step.kind != "wake_write" or step.errno is not None or not isinstance(step.detail, Wake):
            continue
        reader = step.detail.reader
        for later in steps[place + 1 :]:
            if isinstance(later.detail, WaitReturn) and any(one.descriptor == reader for one in later.detail.ready):
                yield step, later
                break
