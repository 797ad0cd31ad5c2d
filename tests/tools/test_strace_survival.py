"""The parser on what strace may print: threads that interrupt each other anywhere, lines cut anywhere, and rubbish."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muxlab.strace.decode import decode
from muxlab.strace.parse import parse
from muxlab.strace.trace import Call
from strace_fixtures import NAMES, text_of
from trace_stage import built_from

# A test may be slow on a busy machine; that is no failure.
patient = settings(deadline=None, max_examples=60, database=None)


@dataclass(frozen=True)
class Line:
    """A call as strace prints it; `cut` is where it may be interrupted: what is printed before it returns."""

    name: str
    before: str
    after: str
    result: str

    @property
    def whole(self) -> str:
        return f"{self.name}({self.before}{self.after}) = {self.result}"

    @property
    def halves(self) -> tuple[str, str]:
        entered = self.before.rstrip()
        return f"{self.name}({entered} <unfinished ...>", f"<... {self.name} resumed>{self.after}) = {self.result}"


printable = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)
strings = printable.map(lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"')
abbreviated = st.tuples(strings, st.sampled_from(["", "..."])).map("".join)
fds = st.integers(0, 2000)
labels = st.sampled_from(
    [
        "",
        "<TCP:[127.0.0.1:80->127.0.0.1:4711]>",
        "<TCPv6:[[::1]:80->[::1]:9]>",
        "<anon_inode:[eventfd]>",
        "</dev/null<char 1:3>>",
    ]
)
endings = st.sampled_from(["", " (INJECTED)", " (DELAYED)", " <0.000123>", " (INJECTED) <0.000007>"])
errors = st.sampled_from(
    [
        "-1 EAGAIN (Resource temporarily unavailable)",
        "-1 EMFILE (Too many open files)",
        "? ERESTARTNOHAND (To be restarted if no handler)",
    ]
)
pollfds = st.lists(
    st.tuples(fds, labels).map(lambda one: f"{{fd={one[0]}{one[1]}, events=POLLIN|POLLOUT}}"), max_size=4
)
arrays = st.tuples(pollfds, st.sampled_from([[], ["..."]])).map(lambda parts: f"[{', '.join(parts[0] + parts[1])}]")


@st.composite
def transfers(draw: st.DrawFn) -> Line:
    fd, text, size = f"{draw(fds)}{draw(labels)}", draw(abbreviated), draw(st.integers(0, 99999))
    result = draw(st.one_of(st.integers(0, 99999).map(str), errors)) + draw(endings)
    if draw(st.booleans()):
        return Line("recvfrom", f"{fd}, ", f"{text}, {size}, 0, NULL, NULL", result)
    return Line("sendto", f"{fd}, {text}, {size}, MSG_NOSIGNAL, NULL, 0", "", result)


@st.composite
def waits(draw: st.DrawFn) -> Line:
    array, told = draw(arrays), draw(st.integers(0, 9))
    name = draw(st.sampled_from(["poll", "select", "epoll_wait"]))
    if name == "poll":
        result = f"{told} ([{{fd=3, revents=POLLIN|POLLHUP}}])" if told else "0 (Timeout)"
        return Line("poll", f"{array}, 4, -1", "", result)
    if name == "select":
        result = f"{told} (in [3 5], left {{tv_sec=0, tv_usec=9}})" if told else "0 (Timeout)"
        return Line("select", "6, [3 5], NULL, NULL, {tv_sec=1, tv_usec=0}", "", result)
    events = "[{events=EPOLLIN|EPOLLRDHUP, data={u32=3, u64=3}}]"
    return Line("epoll_wait", "4<anon_inode:[eventpoll]>, ", f"{events}, 64, -1", str(told))


calls = st.one_of(transfers(), waits(), fds.map(lambda fd: Line("close", str(fd), "", "0")))
signals = st.sampled_from(["--- SIGUSR1 {si_signo=SIGUSR1, si_code=SI_USER} ---", "--- SIGTERM {si_signo=SIGTERM} ---"])


@dataclass(frozen=True)
class Tape:
    """What strace wrote, and what each thread did."""

    lines: list[str]
    told: dict[int, list[Line]]


@st.composite
def tapes(draw: st.DrawFn) -> Tape:
    """Several threads, each with its calls in order, interrupted wherever another one comes between."""
    told = {thread: draw(st.lists(calls, min_size=1, max_size=4)) for thread in range(10, 10 + draw(st.integers(1, 4)))}
    waiting = {thread: list(lines) for thread, lines in told.items()}
    inside: dict[int, str] = {}
    tape: list[str] = []
    while waiting or inside:
        thread = draw(st.sampled_from(sorted({*waiting, *inside})))
        if thread in inside:
            if draw(st.booleans()):
                tape.append(f"{thread} 1.5 {draw(signals)}")
            tape.append(f"{thread} 2.0 {inside.pop(thread)}")
        else:
            line = waiting[thread].pop(0)
            if draw(st.booleans()):
                tape.append(f"{thread} 1.0 {line.whole}")
            else:
                entered, inside[thread] = line.halves
                tape.append(f"{thread} 1.0 {entered}")
        if not waiting.get(thread) and thread not in inside:
            waiting.pop(thread, None)
            tape.append(f"{thread} 3.0 +++ exited with 0 +++")
        elif not waiting.get(thread):
            waiting.pop(thread, None)
    return Tape(tape, told)


def essence(call: Call) -> Call:
    """Without where it stood."""
    return replace(call, thread=0, entered=0, returned=0, time=None, end_time=None)


@patient
@given(tapes())
def test_threads_that_interrupt_each_other_lose_nothing(tape: Tape) -> None:
    trace = parse(tape.lines)
    assert not trace.unknown
    assert {end.thread for end in trace.exits} == set(tape.told)
    for thread, lines in tape.told.items():
        alone = parse([f"1 1.0 {line.whole}" for line in lines])
        together = [call for call in trace.calls if call.thread == thread]
        assert [essence(call) for call in together] == [essence(call) for call in alone.calls]


@patient
@given(tapes())
def test_whatever_the_threads_do_it_can_be_shown(tape: Tape) -> None:
    result = built_from("\n".join(tape.lines))
    assert [step.i for step in result.steps] == list(range(len(result.steps)))
    entered = [step for step in result.steps if step.kind == "wait_enter"]
    returned = [step for step in result.steps if step.kind == "wait_return"]
    assert len(entered) == len(returned)


@patient
@given(tapes(), st.data())
def test_a_tape_that_is_cut_keeps_what_comes_before(tape: Tape, data: st.DataObject) -> None:
    text = "\n".join(tape.lines)
    cut = text[: data.draw(st.integers(0, len(text)), label="cut at")]
    trace = parse(cut.splitlines())
    assert len(trace.unknown) <= 1
    last = len(cut.splitlines())
    whole = parse(tape.lines)
    known = {(call.thread, call.entered): call for call in whole.calls}
    for call in trace.calls:
        if call.returned is not None and call.returned < last:
            assert call == known[call.thread, call.entered]
    built_from(cut)


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None, max_examples=15, database=None)
@given(data=st.data())
def test_recorded_traces_survive_missing_and_doubled_lines(name: str, data: st.DataObject) -> None:
    lines = text_of(name).splitlines()
    place = data.draw(st.integers(0, len(lines) - 1))
    count = data.draw(st.integers(1, 5))
    for damaged in (lines[:place] + lines[place + count :], lines[: place + count] + lines[place:]):
        decode(parse(damaged))
        built_from("\n".join(damaged))


@patient
@given(st.lists(st.one_of(st.text(), printable.map(lambda text: f"7 1.0 {text}"), abbreviated), max_size=8))
def test_rubbish_is_kept_and_harms_nobody(lines: list[str]) -> None:
    trace = parse([*lines, "7 1.0 close(3) = 0"])
    assert trace.calls[-1].name == "close"
    decode(trace)
    built_from("\n".join(lines))


@patient
@given(st.lists(abbreviated, max_size=3), printable)
def test_strings_may_hold_anything(texts: list[str], other: str) -> None:
    """Such as what ends a call, begins a label, or looks like an error."""
    nasty = [
        *texts,
        '") = -1 EBADF (Bad"',
        '"<unfinished ...>"',
        '"{[<("',
        f'"{other.translate({34: None, 92: None})}"',
    ]
    for text in nasty:
        (call,) = parse([f"7 1.0 write(5, {text}, 9) = 9"]).calls
        assert (call.name, call.result, call.errno) == ("write", 9, "")
        assert call.arguments == f"5, {text}, 9"
