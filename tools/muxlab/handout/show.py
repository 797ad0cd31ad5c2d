"""./muxlab handout: makes a student repository, and says what is in it."""

from __future__ import annotations

from pathlib import Path

from muxlab.errors import MuxlabError
from muxlab.handout.make import Handout, check_free, plan_handout, write_handout
from muxlab.project import SERVERS, Lab, Project, find_lab


def show_handout(project: Project, out: Path, labs: str, with_solutions: str) -> None:
    out = out.absolute()
    check_free(out)
    finished = _labs(with_solutions)
    to_write = [lab for lab in _labs(labs) if lab not in finished]
    if not to_write and not finished:
        raise MuxlabError("a handout needs a lab with something to write, 01 to 05: --labs 01")
    handout = plan_handout(project, to_write, finished)
    write_handout(project, handout, out)
    for line in _summary(handout):
        print(line)
    number = len(handout.copied) + len(handout.changed)
    begin = f"; begin in there with ./muxlab grade {to_write[0].number}" if to_write else ""
    print(f"{out.resolve()} is ready: a git repository with {number} files in one commit{begin}")


def _labs(text: str) -> list[Lab]:
    """'01,03' → those two, in the order of the course."""
    wanted = {find_lab(word.strip()) for word in text.split(",") if word.strip()}
    return [lab for lab in SERVERS if lab in wanted]  # the others have nothing to write, and are always in it


def _summary(handout: Handout) -> list[str]:
    names: dict[str, list[str]] = {}
    for body in handout.bodies:
        names.setdefault(body.path, []).append(body.name)
    lines = [f"to write in {path}: {', '.join(dict.fromkeys(bodies))}" for path, bodies in names.items()]
    for lab in handout.finished:
        shown = [leak.body for leak in handout.shown if leak.path.startswith(f"labs/{lab.folder}/")]
        much = ", ".join(dict.fromkeys(f"{body.name} (lab {body.path[5:7]})" for body in shown))
        lines.append(f"finished: {lab.folder}{', which shows much of ' if much else ''}{much}")
    return lines
