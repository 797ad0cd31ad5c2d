"""Builds a program with a card's mistake in it: compiles what the patch touches, and links the rest as it is."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from muxlab.bugs.card import Card
from muxlab.bugs.patch import apply_card
from muxlab.bugs.recipe import Recipe, Unit, recipe_of
from muxlab.build import build, first_error
from muxlab.children import run_lines
from muxlab.errors import MuxlabError
from muxlab.project import Project, find_lab


@dataclass(frozen=True)
class Mutant:
    card: Card
    program: Path
    warnings: str
    """What the compiler had to say; mostly nothing: these mistakes look innocent."""


def prepare(project: Project, cards: Iterable[Card], *more: str) -> None:
    """Brings up to date what mutants are made from: the labs' own programs, and further targets of the same presets."""
    wanted: dict[str, set[str]] = {}
    for card in cards:
        wanted.setdefault(card.preset, set(more)).add(default_target(card))
    for preset, names in wanted.items():
        build(project, preset, sorted(names))


def default_target(card: Card) -> str:
    """The lab's own program."""
    return find_lab(card.lab).folder


def build_mutant(project: Project, card: Card, target: str = "") -> Mutant:
    """Builds the lab's program, or another target that is made from the files that the patch changes.

    The reference must be up to date: see prepare(). Several threads may build mutants at the same time.
    """
    target = target or default_target(card)
    folder = project.root / "build" / "bugs" / card.id
    with _only_one(folder):
        shutil.rmtree(folder / "source", ignore_errors=True)
        changed = apply_card(project, card, folder / "source")
        recipe = recipe_of(project, card.preset, target)
        program = folder / recipe.program
        stamp, notes = folder / f"{target}.stamp", folder / f"{target}.warnings"
        identity = _identity(card, changed, recipe)
        if not (program.is_file() and stamp.is_file() and stamp.read_text(encoding="utf-8") == identity):
            stamp.unlink(missing_ok=True)
            notes.write_text(_make(project, card, recipe, folder), encoding="utf-8")
            stamp.write_text(identity, encoding="utf-8")
        return Mutant(card, program, notes.read_text(encoding="utf-8"))


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _identity(card: Card, changed: Sequence[Path], recipe: Recipe) -> str:
    """When it changes, the mutant is out of date."""
    known = hashlib.sha256(repr((card.flags, recipe.link)).encode())
    for file in changed:
        known.update(file.read_bytes())
    for file in [*recipe.archives, recipe.folder / recipe.program]:
        about = file.stat()
        known.update(repr((about.st_mtime_ns, about.st_size)).encode())
    return known.hexdigest()


def _make(project: Project, card: Card, recipe: Recipe, folder: Path) -> str:
    """Returns the compiler's warnings."""
    touched = {str(project.root / name) for name in card.files}
    again = [unit for unit in recipe.units if touched & unit.made_from]
    if not again and recipe.program.endswith(default_target(card)):
        raise MuxlabError(f"{card.id}: {recipe.program} is not made from {' or '.join(card.files)}")
    output = "".join(_run(card, recipe, _compile_command(project, card, unit, folder), "compile") for unit in again)
    replaced = {unit.object: str(folder / unit.object) for unit in again}
    (folder / recipe.program).parent.mkdir(parents=True, exist_ok=True)
    _run(card, recipe, _link_command(recipe, replaced, folder), "link")
    return output


def _compile_command(project: Project, card: Card, unit: Unit, folder: Path) -> list[str]:
    command = list(unit.command)
    if unit.source in {str(project.root / name) for name in card.files}:
        changed = folder / "source" / Path(unit.source).relative_to(project.root)
        command[command.index(unit.source)] = str(changed)
    target = folder / unit.object
    target.parent.mkdir(parents=True, exist_ok=True)
    command[command.index("-o") + 1] = str(target)
    if "-MF" in command:  # else it would overwrite what ninja wants to find beside the reference's object
        command[command.index("-MF") + 1] = f"{target}.d"
    # The changed headers must be found before the others of the same name.
    first = next(place for place, word in enumerate(command) if word.startswith(("-I", "-o")))
    return [*command[:first], f"-I{folder / 'source'}", *command[first:], *card.flags]


def _link_command(recipe: Recipe, replaced: dict[str, str], folder: Path) -> list[str]:
    """The new objects come first: an archive's member is taken only for what nobody before it has defined."""
    command = [word for word in recipe.link if word not in replaced]
    output = command.index("-o")
    command[output + 1] = str(folder / recipe.program)
    return [*command[:output], *replaced.values(), *command[output:]]


def _run(card: Card, recipe: Recipe, command: Sequence[str], what: str) -> str:
    code, output = run_lines(command, cwd=recipe.folder)
    if code != 0:
        raise MuxlabError(f"{card.id} does not {what}", first_error(output, "error:|undefined|multiple definition"))
    return output
