"""./muxlab bug …: parses and calls, as cli.py does for the other commands."""

from __future__ import annotations

from typing import Annotated

import typer

from muxlab.project import Project, find_lab

bugs = typer.Typer(no_args_is_help=True, help="Classic mistakes as patches on the labs, and the tests that catch them.")

CardArgument = Annotated[
    str, typer.Argument(metavar="CARD", help="For example et-single-read, or 04.et-single-read.", show_default=False)
]


@bugs.command("list")
def list_(
    lab: Annotated[str, typer.Argument(metavar="[LAB]", help="Only this lab's.", show_default=False)] = "",
) -> None:
    """List the bug cards, each with the graded test that catches it."""
    from muxlab.bugs.show import list_cards

    list_cards(Project.here(), find_lab(lab) if lab else None)


@bugs.command()
def show(card: CardArgument) -> None:
    """Show a card, and its patch."""
    from muxlab.bugs.show import show_card

    show_card(Project.here(), card)


@bugs.command(epilog="Exit code 0: the mistake is caught; 1: it is not.")
def run(
    card: CardArgument,
    keyword: Annotated[
        str, typer.Option("-k", metavar="EXPR", help="Other tests than the one that catches it.", show_default=False)
    ] = "",
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", help="For the random bytes; any other if not given.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Tell every failure in full.")] = False,
) -> None:
    """Build a lab with the mistake in it, grade it, and show what its author would read."""
    from muxlab.bugs.run import run_card

    raise typer.Exit(run_card(Project.here(), card, keyword, seed, full))


@bugs.command(epilog="Exit code 0: they part; 1: this time they do the same.")
def watch(
    cards: Annotated[
        list[str] | None, typer.Argument(metavar="[CARD]...", help="For example et-single-read.", show_default=False)
    ] = None,
    typical: Annotated[bool, typer.Option("--typical", help="Some ten that students really make.")] = False,
    open_it: Annotated[bool, typer.Option("--open", help="Open the page at the card in a browser.")] = False,
) -> None:
    """Record a scenario with the mistake and without it, and show where the two part."""
    from muxlab.bugs.show_watch import watch_cards

    raise typer.Exit(watch_cards(Project.here(), cards or (), typical, open_it))


@bugs.command(epilog="Exit code 0: each mistake is caught by its own test; 1: not all are.")
def matrix(
    cards: Annotated[
        list[str] | None, typer.Argument(metavar="[CARD]...", help="Only these.", show_default=False)
    ] = None,
    typical: Annotated[bool, typer.Option("--typical", help="Only some ten that students really make.")] = False,
    all_tests: Annotated[
        bool, typer.Option("--all-tests", help="Run all tests of a card's lab, not only the one that catches it.")
    ] = False,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Builds, and tests, at the same time.")] = 2,
) -> None:
    """Test the tests: build every mistake, and see that its own test fails on it."""
    from muxlab.bugs.show_matrix import show_matrix

    code = show_matrix(Project.here(), cards or (), typical=typical, all_tests=all_tests, jobs=jobs)
    raise typer.Exit(code)
