"""What is measured in which order: A B C … A B C, so that what the machine does in a round it does to all alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from muxlab.bench.model import Part, Scene, Step, Subject
from muxlab.bench.subjects import IDLE, can_serve

OWN_DESCRIPTORS = 100  # what a server needs besides its clients, generously
CALLS = "wakeup-calls"
LOOP_FLOOR = "floor-eventfd"  # hand-written, level-triggered, with a queue
CHANNEL_FLOOR = "eventfd"
POSTS = (100, 400)  # of the two runs whose difference is counted
BUSY = 10  # clients that talk while the others are idle
PARTS: Mapping[str, tuple[Part, ...]] = {
    "echo": (Part.COUNT, Part.ECHO),
    "idle": (Part.IDLE,),
    "wakeup": (Part.WAKEUP,),
    "all": (Part.COUNT, Part.ECHO, Part.IDLE, Part.WAKEUP),
}


@dataclass(frozen=True)
class Effort:
    """How much is measured: enough for the figures, or just enough to see that it works."""

    rounds: int
    seconds: float
    """That clients talk, in one step."""
    counted: tuple[int, int]
    """Messages of the two runs whose difference is counted."""
    wake_seconds: float
    """At least, for one benchmark of the waking part."""
    connections: tuple[int, ...]
    sizes: tuple[int, ...]
    depths: tuple[int, ...]
    idle: tuple[int, ...]


FULL = Effort(
    5, 0.25, (20_000, 60_000), 0.1, (1, 50, 1_000), (64, 1_024, 16_384), (1, 16), (0, 100, 900, 5_000, 18_000)
)
QUICK = Effort(2, 0.1, (1_000, 5_000), 0.02, (50,), (64,), (1,), (0, 900))


def effort(quick: bool, rounds: int | None) -> Effort:
    """`rounds` is None for as many as usual."""
    usual = QUICK if quick else FULL
    return replace(usual, rounds=rounds or usual.rounds)


def crowd(clients: int) -> str:
    return "1 client" if clients == 1 else f"{clients:,} clients"


def scenes(parts: Sequence[Part], effort: Effort, open_files: int) -> list[Scene]:
    """`open_files` is the hard limit of each process: the larger crowds are cut to what it allows, and told so."""
    found = []
    if Part.COUNT in parts:
        found.append(Scene("count", Part.COUNT, "50 clients, 64 B, depth 1", 50, 64, 1))
    if Part.ECHO in parts:
        found += [
            Scene(f"echo-{n}-{size}-{depth}", Part.ECHO, f"{crowd(n)}, {size:,} B, depth {depth}", n, size, depth)
            for size in effort.sizes
            for depth in effort.depths
            for n in effort.connections
        ]
    if Part.IDLE in parts:
        most = open_files - OWN_DESCRIPTORS - BUSY
        found += [
            Scene(f"idle-{n}", Part.IDLE, f"{n:,} idle", BUSY, 64, 1, n)
            for n in dict.fromkeys(min(n, most) for n in effort.idle)
        ]
    return found


def takes_part(scene: Scene, subject: Subject, quick: bool) -> bool:
    if scene.part is Part.IDLE:
        return subject.id in IDLE and can_serve(subject, scene.idle + scene.connections)
    if scene.part is Part.COUNT and quick:  # four runs under an instrument each: the peers take too long
        return subject.kind == "lab" or subject.id in {"floor_epoll_lt", "floor_epoll_lt_thread", "floor_epoll_et"}
    return can_serve(subject, scene.connections)


def server_steps(all_scenes: Sequence[Scene], subjects: Sequence[Subject], rounds: int, quick: bool) -> list[Step]:
    """Round by round. Counts come first and once: they are exact, and a reader sees something soon."""
    counts = [scene for scene in all_scenes if scene.part is Part.COUNT]
    timed = [scene for scene in all_scenes if scene.part is not Part.COUNT]
    return _interleaved(counts, subjects, 1, quick) + _interleaved(timed, subjects, rounds, quick)


def _interleaved(all_scenes: Sequence[Scene], subjects: Sequence[Subject], rounds: int, quick: bool) -> list[Step]:
    return [
        Step(scene.id, subject.id, number)
        for number in range(rounds)
        for scene in all_scenes
        for subject in subjects
        if takes_part(scene, subject, quick)
    ]


def wakeup_plan(
    benchmarks: Sequence[str], rounds: int, can_trace: bool
) -> tuple[list[Scene], list[Subject], list[Step]]:
    """From the names that the program lists: 'loop/libuv/real_time' is scene wakeup-loop, subject libuv."""
    pairs = [name.split("/")[:2] for name in benchmarks]
    kinds = list(dict.fromkeys(kind for kind, _ in pairs))
    found = [Scene(f"wakeup-{kind}", Part.WAKEUP, WAKEUP_TITLES.get(kind, kind)) for kind in kinds]
    hows = dict.fromkeys(how for _, how in pairs)
    loops = {how for kind, how in pairs if kind == "loop"}
    subjects = [
        Subject(how, how.replace("-", " ", 1), "loop", LOOP_FLOOR)
        if how in loops
        else Subject(how, how.replace("-", " ", 1), "channel", CHANNEL_FLOOR)
        for how in hows
    ]
    # What a channel holds is counted, not timed: once is enough.
    steps = [
        Step(f"wakeup-{kind}", how, number)
        for number in range(rounds)
        for kind, how in pairs
        if number == 0 or kind != "holds"
    ]
    if can_trace and loops:
        found.append(Scene(CALLS, Part.WAKEUP, "system calls for a post to a loop that sleeps, in both threads"))
        steps += [Step(CALLS, subject.id, 0) for subject in subjects if subject.id in loops]
    return found, subjects, steps


WAKEUP_TITLES = {
    "blocking": "round trip between two threads that sleep in read(2)",
    "epoll": "round trip between two threads that sleep in epoll_wait(2)",
    "loop": "round trip: post to a loop, which wakes the poster through a futex",
    "busy": "posts from one thread, without a pause",
    "sleeping": "a post to a loop that sleeps",
    "bare": "wake-ups without a queue that could save the system call",
    "holds": "what one channel holds",
}
