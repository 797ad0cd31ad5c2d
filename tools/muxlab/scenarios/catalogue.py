"""The scenarios by name: what each is about, what the server needs for it, and the script itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from muxlab.errors import MuxlabError
from muxlab.scenarios import mishaps, scripts
from muxlab.scenarios.stage import Stage

ALL = ("01", "02", "03", "04", "05")
WAITS = "?pselect6,?select,?poll,?ppoll,?epoll_wait,?epoll_pwait,?epoll_pwait2"
IDLE_MS = "50"


@dataclass(frozen=True)
class Scenario:
    id: str
    title: str
    what: str
    """What to watch: one plain sentence."""
    play: Callable[[Stage], None]
    options: Sequence[str] = ()
    """For a lab; another program is started as it is."""
    lab_options: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """More of them for one lab, by its number."""
    first_descriptor: int = 0
    """The server starts with all descriptors below this one taken."""
    room_for: int | None = None
    """The server may open this many descriptors more once it is up: RLIMIT_NOFILE."""
    labs: Sequence[str] = ALL
    """The numbers of those that it says something about."""
    program: str = ""
    """Instead of the lab's own: another one that is built from the lab's files."""
    inject: Sequence[str] = ()
    """Calls that fail as ordered, as strace --inject takes it. It counts the calls of each thread by itself."""
    unread_log: bool = False
    """A lab's stderr is a pipe that is full, and that nobody reads."""
    used_port: bool = False
    """A lab's port was in use until now: its last connection is in TIME_WAIT."""
    compared: bool = True
    """False: it is there for bug cards. Where nothing is wrong there is little to see, so compare leaves it out."""

    def options_for(self, lab_number: str) -> list[str]:
        return [*self.options, *self.lab_options.get(lab_number, ())]


SCENARIOS = (
    Scenario(
        "hello",
        "One client says hello",
        "The smallest round: the wait returns, one receive, one send, and back to waiting; lab 04 receives once more.",
        scripts.hello,
    ),
    Scenario(
        "two-clients",
        "Two clients, interleaved",
        "One thread serves both, because it waits for both at once and for neither alone.",
        scripts.two_clients,
    ),
    Scenario(
        "ten-kilobytes",
        "Ten kilobytes in one go",
        "The server reads 1 KB at a time: level-triggered mechanisms tell of the rest again and again, edge-triggered "
        "epoll tells once.",
        scripts.ten_kilobytes,
        options=("--read-size", str(scripts.READ_SIZE)),
    ),
    Scenario(
        "slow-reader",
        "A client that sends and does not read",
        "The server keeps what the kernel does not take, asks for writability, and stops reading from A; B notices "
        "nothing.",
        scripts.slow_reader,
    ),
    Scenario(
        "half-close",
        "A client that has nothing more to say, but listens",
        "A receive of 0 bytes is the end of input only: what is left to send is sent before the server closes.",
        scripts.half_close,
    ),
    Scenario(
        "reset",
        "A client that throws its connection away",
        "A reset is told as readable by select, as ERR and HUP by poll and epoll; the receive says ECONNRESET, and B "
        "is served on.",
        scripts.reset,
    ),
    Scenario(
        "burst",
        f"{scripts.BURST} clients connect at once",
        "The labs accept 64 clients in a turn and then look at the others again; level-triggered mechanisms tell of "
        "the rest by themselves.",
        scripts.burst,
    ),
    Scenario(
        "many-idle",
        f"{scripts.IDLE} idle clients, one that speaks",
        "What one message costs: select and poll look at every client each time, epoll at the one that is ready.",
        scripts.many_idle,
    ),
    Scenario(
        "fd-setsize",
        "Descriptor numbers reach FD_SETSIZE",
        "A descriptor number of 1,024 or more does not fit in an fd_set: lab 01 hangs up on those clients; in the "
        "others nothing special happens.",
        scripts.fd_setsize,
        first_descriptor=1005,
    ),
    Scenario(
        "out-of-descriptors",
        "The server runs out of descriptors",
        "accept fails with EMFILE while clients wait, and the listener stays ready: without a spare descriptor this "
        "would be a spin.",
        scripts.out_of_descriptors,
        room_for=3,
    ),
    Scenario(
        "post-burst",
        "Many sockets handed from one thread to another",
        "Lab 05 posts each accepted socket to a worker, and what is posted while a wake-up is under way writes none of "
        "its own; the other labs have one thread and nothing to hand over.",
        scripts.post_burst,
        lab_options={"05": ("--threads", "1")},
    ),
    Scenario(
        "stop-while-busy",
        "SIGTERM while there is work",
        "The signal becomes a readable descriptor; the server leaves its loop and closes everything, clients included.",
        scripts.stop_while_busy,
    ),
    Scenario(
        "late-reader",
        "A client that has nothing more to say, and a reply still waiting",
        "The end of A's input is not the end of the server's reply: what the kernel has not taken yet is sent first.",
        mishaps.late_reader,
    ),
    Scenario(
        "greedy",
        "One client sends a lot, another one a line",
        "Level-triggered, one read a turn is fair by itself; edge-triggered it takes a budget, and a list of who used "
        "it up.",
        mishaps.greedy,
        options=("--read-size", str(scripts.READ_SIZE)),
    ),
    Scenario(
        "gone",
        "What was ready is gone",
        "Between the wait that told of it and the call that takes it, somebody else takes A's bytes, and later a "
        "client who waits; in between D goes before it is answered. Ready is a hint.",
        mishaps.gone,
    ),
    Scenario(
        "one-turn",
        "Much happens between two waits",
        "In one turn Z has left, and C speaks; in a later one A, M and C are all ready, M in both directions.",
        mishaps.one_turn,
        compared=False,
    ),
    Scenario(
        "rush",
        f"{mishaps.RUSH} clients while the server is busy",
        "They all connect between two waits, and later they all speak between two waits.",
        mishaps.rush,
        compared=False,
    ),
    Scenario(
        "urgent",
        "A byte of urgent data",
        "A byte that TCP marks as urgent is nothing to read, and no error: who does not ask for it hears nothing.",
        mishaps.urgent,
        compared=False,
    ),
    Scenario(
        "interrupted",
        "A signal in the middle of a wait",
        "The third wait fails with EINTR, as if the server had been stopped and continued: it has told nothing, and is "
        "made again.",
        mishaps.twice_hello,
        inject=(f"{WAITS}:error=EINTR:when=3",),
        compared=False,
    ),
    Scenario(
        "errors",
        "Errors that concern one client",
        "accept fails with ECONNABORTED while B waits, and D cannot be added to an interest list: everybody else is "
        "served.",
        mishaps.four_clients,
        inject=("?accept,?accept4:error=ECONNABORTED:when=3", "epoll_ctl:error=ENOSPC:when=6"),
        compared=False,
    ),
    Scenario(
        "out-of-memory",
        "The kernel has no memory for a client who waits",
        "accept fails with ENOMEM and leaves A in the queue, and the listener stays ready: the server must not spin.",
        mishaps.short_of_memory,
        inject=("?accept,?accept4:error=ENOMEM:when=1..4",),
        compared=False,
    ),
    Scenario(
        "time-out",
        "Nobody says anything",
        "The wait returns when its time is over, and the server waits again, for as long as before.",
        mishaps.nothing_happens,
        options=("--timeout-ms", IDLE_MS),
        labs=("01", "02", "03", "04"),
        compared=False,
    ),
    Scenario(
        "unread-log",
        "Nobody reads the log",
        "stderr is a pipe, and it is full: the line is lost, and the clients are served.",
        scripts.hello,
        options=("--log", "info"),
        unread_log=True,
        compared=False,
    ),
    Scenario(
        "restart",
        "The port was in use a moment ago",
        "The last connection of the server before is in TIME_WAIT for a minute: bind succeeds with SO_REUSEADDR only.",
        scripts.hello,
        used_port=True,
        compared=False,
    ),
    Scenario(
        "edge-wakeup",
        "Woken by an eventfd that is never read",
        "Each write is an edge of its own, whatever the counter says.",
        scripts.hello,
        options=("--threads", "1", "--wakeup", "eventfd-edge"),
        labs=("05",),
        compared=False,
    ),
    Scenario(
        "pipe-wakeup",
        "Woken through a pipe",
        "A byte is written to wake the loop, and has to be read, or the pipe stays readable.",
        scripts.hello,
        options=("--threads", "1", "--wakeup", "pipe"),
        labs=("05",),
        compared=False,
    ),
    Scenario(
        "tasks",
        "Tasks that post, that throw, and that come last",
        "The loop of lab 05 without its server: each task that runs sends a word to A.",
        mishaps.tasks,
        labs=("05",),
        program="task_probe",
        compared=False,
    ),
    Scenario(
        "handlers",
        "Handlers that forget each other",
        "Two descriptors are ready in one batch, and the first handler replaces the second descriptor by another one "
        "of the same number; then one is closed of which a copy stays open. No handler has anything to tell A.",
        mishaps.handlers,
        labs=("05",),
        program="task_probe",
        compared=False,
    ),
    Scenario(
        "full-channel",
        "A waker that is full",
        "300 wake-ups in a row and nobody drains them: the socketpair takes 278, and one drain has to take them all.",
        mishaps.full_channel,
        labs=("05",),
        program="task_probe",
        compared=False,
    ),
)

COMPARED = tuple(scenario for scenario in SCENARIOS if scenario.compared)
"""What ./muxlab compare records for the page, and ./muxlab serve offers to record again."""


def find_scenario(text: str) -> Scenario:
    wanted = text.strip().lower().replace("_", "-").replace(" ", "-")
    for scenario in SCENARIOS:
        if scenario.id == wanted:
            return scenario
    raise MuxlabError(f"no scenario is called '{text}': choose {', '.join(one.id for one in SCENARIOS)}")
