"""./muxlab grade, hint and handout: parses and calls, as cli.py does for the other commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from muxlab.cli_options import LangOption, PresetOption
from muxlab.project import Project

grading = typer.Typer()


@grading.command(
    epilog="Exit code 0: all tests that ran have passed; 1: some failed; 2: a wrong command line; 3: cannot grade."
)
def grade(
    labs: Annotated[
        list[str] | None, typer.Argument(metavar="[LAB]...", help="Numbers or names.", show_default=False)
    ] = None,
    all_labs: Annotated[bool, typer.Option("--all", help="All labs that are here.")] = False,
    server: Annotated[
        Path | None,
        typer.Option("--server", metavar="PATH", help="Grade this program in place of the lab's.", show_default=False),
    ] = None,
    keyword: Annotated[
        str,
        typer.Option("-k", metavar="EXPR", help="Only this test, or those that fit pytest's -k.", show_default=False),
    ] = "",
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", help="For the random bytes; any other if not given.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Tell every failure in full, not only the first.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Grade again whenever a source file changes.")] = False,
    listed: Annotated[bool, typer.Option("--list", help="Show the tests and their points; grade nothing.")] = False,
    json: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Also write the results there, as JSON.", show_default=False),
    ] = None,
    junit: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="The same as JUnit XML.", show_default=False)
    ] = None,
    gradescope: Annotated[
        Path | None,
        typer.Option("--gradescope", metavar="FILE", help="For Gradescope: its results.json.", show_default=False),
    ] = None,
    official: Annotated[
        bool, typer.Option("--official", help="For real marks: refuse if any test cannot be run here.")
    ] = False,
    any_mechanism: Annotated[
        bool, typer.Option("--any-mechanism", help="Leave out the tests about how a server waits.")
    ] = False,
    preset: PresetOption = "dev",
    lang: LangOption = None,
) -> None:
    """Build labs, grade them, and show what is wrong and where."""
    from muxlab.grading.grade_command import Options, grade_command

    options = Options(
        labs=tuple(labs or ()),
        all_labs=all_labs,
        server=server,
        preset=preset,
        keyword=keyword,
        seed=seed,
        json=json,
        junit=junit,
        gradescope=gradescope,
        full=full,
        official=official,
        watch=watch,
        listed=listed,
        any_mechanism=any_mechanism,
        lang=lang,
    )
    raise typer.Exit(grade_command(Project.here(), options))


@grading.command()
def hint(
    test: Annotated[str, typer.Argument(metavar="TEST", help="For example 04.ten-kilobytes.", show_default=False)],
    level: Annotated[
        int | None, typer.Option("--level", min=1, metavar="N", help="This one, not the next.", show_default=False)
    ] = None,
    reset: Annotated[bool, typer.Option("--reset", help="Start again with the first.")] = False,
    lang: LangOption = None,
) -> None:
    """Show the next hint for a graded test: three, each a little plainer than the one before."""
    from muxlab.grading.hints import show_hint
    from muxlab.language import language, option

    for line in show_hint(Project.here(), test, level, reset, language(lang), option(lang)):
        print(line)


@grading.command()
def handout(
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help="A folder that does not exist yet, or is empty.", show_default=False)
    ],
    labs: Annotated[
        str,
        typer.Option("--labs", metavar="LABS", help="What students are to write: 01, or 01,02.", show_default=False),
    ],
    with_solutions: Annotated[
        str, typer.Option("--with-solutions", metavar="LABS", help="Labs to add finished.", show_default=False)
    ] = "",
) -> None:
    """Make a student repository: some labs, without the functions that handout.toml names."""
    from muxlab.handout.show import show_handout

    show_handout(Project.here(), out, labs, with_solutions)
