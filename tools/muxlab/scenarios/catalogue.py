"""The scenarios by name: what each is about, what the server needs for it, and the script itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from muxlab.errors import MuxlabError
from muxlab.scenarios import scripts
from muxlab.scenarios.stage import Stage


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
)


def find_scenario(text: str) -> Scenario:
    wanted = text.strip().lower().replace("_", "-").replace(" ", "-")
    for scenario in SCENARIOS:
        if scenario.id == wanted:
            return scenario
    raise MuxlabError(f"no scenario is called '{text}': choose {', '.join(one.id for one in SCENARIOS)}")
