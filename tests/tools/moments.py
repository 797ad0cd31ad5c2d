"""Where each bug card goes wrong in its scenario: recorded, and put into a few words.

    .venv/bin/python tests/tools/moments.py [CARD]...

prints what moments.toml should say of these cards, or of all; read it before it goes in there.
"""

from __future__ import annotations

import functools
import re
import sys
from pathlib import Path

from muxlab.bugs.card import Card, cards, find_card
from muxlab.bugs.part import where_it_goes_wrong
from muxlab.bugs.watch import prepare_pairs, record_broken, record_fixed
from muxlab.project import Project
from muxlab.trace.listing import told
from muxlab.trace.model import Step, Trace, Transfer

PROJECT = Project.here()
FILE = Path(__file__).with_name("moments.toml")


def observed(card: Card) -> tuple[str, str]:
    """The first call of the broken server that is wrong, and what the fixed one does in its place."""
    fixed = _fixed(card.lab, card.preset, card.scenario)
    broken = record_broken(PROJECT, card)
    at = where_it_goes_wrong(broken, fixed, card.beat)
    if at is None:
        return "the same", "the same"
    return _words(broken, at.broken, fixed, at.fixed), _words(fixed, at.fixed, broken, at.broken)


def build(chosen: list[Card]) -> None:
    """What all of them are made from, at once."""
    prepare_pairs(PROJECT, chosen)


@functools.cache
def _fixed(lab: str, preset: str, scenario: str) -> Trace:
    """Many cards are watched beside the same one."""
    card = next(one for one in cards(PROJECT) if (one.lab, one.preset, one.scenario) == (lab, preset, scenario))
    return record_fixed(PROJECT, card)


def _words(trace: Trace, at: int | None, other: Trace, at_other: int | None) -> str:
    if at is None:
        return "nothing more"
    step = trace.steps[at]
    if step.call == "bind":
        return re.sub(r"htons\(\d+\)", "htons(…)", step.line)
    if at_other is None or _told(step) != _told(other.steps[at_other]):
        return _told(step)
    asked = [one.detail.asked for one in (step, other.steps[at_other]) if isinstance(one.detail, Transfer)]
    if len(asked) == 2 and None not in asked and asked[0] != asked[1]:
        return f"{_told(step)} of {'more' if (asked[0] or 0) > (asked[1] or 0) else 'less'}"
    return step.line


def _told(step: Step) -> str:
    """Without how many bytes there were: how much room a slow reader's connection has is the kernel's affair."""
    detail = step.detail
    if isinstance(detail, Transfer):
        moved = {detail.asked: "all", 0: "0", None: "…"}.get(detail.bytes, "some")
        return f"{step.call}(fd {step.fd}) = {step.errno or moved}"
    return told(step).partition(" {")[0]  # a signal, without who sent it


def main(names: list[str]) -> None:
    chosen = [find_card(PROJECT, name) for name in names] or [card for card in cards(PROJECT) if card.scenario]
    build(chosen)
    for card in chosen:
        broken, fixed = observed(card)
        print(f'["{card.id}"]\nbroken = {_quoted(broken)}\nfixed = {_quoted(fixed)}\n', flush=True)


def _quoted(text: str) -> str:
    return f"'{text}'" if "'" not in text else f'"""{text}"""'


if __name__ == "__main__":
    main(sys.argv[1:])
