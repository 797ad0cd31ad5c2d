"""What there is in the project: its labs, their files, and where their programs are built."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from muxlab.errors import MuxlabError


@dataclass(frozen=True)
class Lab:
    folder: str
    title: str
    server: str = ""
    """The class that serves: `SelectServer`. Empty for lab 00, which is no server."""
    units: tuple[str, ...] = ()
    """File names without .hpp and .cpp, in reading order; the server comes last."""

    @property
    def number(self) -> str:
        return self.folder[:2]

    @property
    def name(self) -> str:
        return self.folder[3:]

    @property
    def is_server(self) -> bool:
        return bool(self.server)


LABS = (
    Lab("00_readiness", "what each mechanism calls ready"),
    Lab("01_select", "select(2)", "SelectServer", ("select_server",)),
    Lab("02_poll", "poll(2)", "PollServer", ("poll_server",)),
    Lab("03_epoll_lt", "epoll(7), level-triggered", "EpollServer", ("epoll_server",)),
    Lab("04_epoll_et", "epoll(7), edge-triggered", "EpollServer", ("epoll_server",)),
    Lab(
        "05_cross_thread_wakeup",
        "many loops, and waking one from another thread",
        "LoopServer",
        ("waker", "event_loop", "loop_server"),
    ),
)
SERVERS = tuple(lab for lab in LABS if lab.is_server)


def find_lab(text: str) -> Lab:
    """Finds a lab by what a person may call it: 3, 03, epoll_lt, 03_epoll_lt, or labs/03_epoll_lt/ (Tab's work)."""
    word = text.rstrip("/").rpartition("/")[2].lower().replace("-", "_")
    for lab in LABS:
        if word in (lab.folder, lab.name, lab.number, str(int(lab.number))):
            return lab
    raise MuxlabError(f"no lab is called '{text}': choose {', '.join(lab.folder for lab in LABS)}")


@dataclass(frozen=True)
class Project:
    root: Path

    @classmethod
    def here(cls) -> Project:
        """The project that this tool is part of, whatever folder the user stands in."""
        return cls(Path(__file__).resolve().parents[2])

    def folder(self, lab: Lab) -> Path:
        return self.root / "labs" / lab.folder

    def check_here(self, lab: Lab) -> None:
        """A student's repository has some labs only."""
        if not self.folder(lab).is_dir():
            raise MuxlabError(f"lab {lab.folder} is not in this repository")

    def sources(self, lab: Lab) -> list[Path]:
        """The lab's own files, in reading order."""
        names = [f"{unit}{end}" for unit in lab.units for end in (".hpp", ".cpp")]
        return [self.folder(lab) / name for name in [*names, "main.cpp"]]

    def server_files(self, lab: Lab) -> tuple[Path, Path]:
        """The .hpp and the .cpp of the class that serves: what a lesson's diff compares."""
        if not lab.is_server:
            raise MuxlabError(f"{lab.folder} is no echo server: choose among {', '.join(s.folder for s in SERVERS)}")
        self.check_here(lab)
        unit = self.folder(lab) / lab.units[-1]
        return unit.with_suffix(".hpp"), unit.with_suffix(".cpp")

    def build_dir(self, preset: str) -> Path:
        return self.root / "build" / preset

    def binary(self, lab: Lab, preset: str = "dev") -> Path:
        return self.build_dir(preset) / "bin" / lab.folder

    @property
    def presets_file(self) -> Path:
        return self.root / "CMakePresets.json"

    def presets(self) -> list[str]:
        described = json.loads(self.presets_file.read_text(encoding="utf-8"))["configurePresets"]
        return [preset["name"] for preset in described if not preset.get("hidden", False)]

    def check_preset(self, preset: str) -> None:
        if preset not in self.presets():
            raise MuxlabError(f"no preset is called '{preset}': choose {', '.join(self.presets())}")
