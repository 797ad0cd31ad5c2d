"""The command line: parses and calls. Whatever a command needs is imported inside it, so that starting stays quick."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from muxlab.cli_bugs import bugs
from muxlab.cli_grading import grading
from muxlab.cli_options import LabArgument, PresetOption
from muxlab.cli_slides import SPEAKER, slides
from muxlab.console import say
from muxlab.errors import MuxlabError
from muxlab.project import Project, find_lab

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="Echo servers on select, poll and epoll: run them, compare them, test them.",
    epilog="Labs go by number or name: 3, 03, epoll_lt. Start with ./muxlab run 01, and talk to it with nc.",
)

app.add_typer(grading)
app.add_typer(bugs, name="bug")


@app.command(
    context_settings={"allow_interspersed_args": False, "ignore_unknown_options": True},
    options_metavar="[--preset NAME]",
    epilog="./muxlab run 03 --help shows the lab's own options.",
)
def run(
    lab: LabArgument,
    options: Annotated[
        list[str] | None, typer.Argument(metavar="[OPTIONS OF THE LAB]...", help="Passed on as they are.")
    ] = None,
    preset: PresetOption = "dev",
) -> None:
    """Build one lab if needed, and run it here until Ctrl-C."""
    from muxlab.run import run_lab

    run_lab(Project.here(), find_lab(lab), options or [], preset)


@app.command()
def diff(
    before: Annotated[str, typer.Argument(metavar="LAB", help="For example 01.", show_default=False)],
    after: Annotated[str, typer.Argument(metavar="LAB", help="For example 02.", show_default=False)],
    side_by_side: Annotated[
        bool, typer.Option("--side-by-side", "-y", help="Both whole files, in two columns.")
    ] = False,
) -> None:
    """Show what changes in the server from one lab to another: the lesson."""
    from muxlab.show_diff import show_diff

    show_diff(Project.here(), find_lab(before), find_lab(after), side_by_side)


@app.command()
def test(
    preset: PresetOption = "dev",
    pattern: Annotated[
        str, typer.Option("-k", metavar="REGEX", help="Only tests whose names match this.", show_default=False)
    ] = "",
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="Tests at the same time.", show_default=False)
    ] = None,
) -> None:
    """Build everything, run all tests, and show a summary."""
    from muxlab.show_tests import build_and_test, default_jobs

    raise typer.Exit(build_and_test(Project.here(), preset, pattern, jobs or default_jobs()))


@app.command()
def compare(
    json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Also write all of it to FILE.", show_default=False)
    ] = None,
    labs: Annotated[str, typer.Option("--labs", metavar="LABS", help="Only these: 01,03.", show_default=False)] = "",
    picture: Annotated[
        Path | None,
        typer.Option("--picture", metavar="FILE", help="Also draw the tables in FILE, an SVG.", show_default=False),
    ] = None,
    traces: Annotated[
        Path | None, typer.Option("--traces", metavar="DIR", help="Keep what strace wrote in DIR.", show_default=False)
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Fewer clients and rounds: to see that it works, not for the figures.")
    ] = False,
    open_it: Annotated[
        bool, typer.Option("--open", help="Open the page build/report/index.html in a browser.")
    ] = False,
) -> None:
    """Drive the servers with the same clients, count and measure, and show the results side by side."""
    from muxlab.compare import command
    from muxlab.report.command import open_page, store_of

    project = Project.here()
    code = command.compare(project, command.parse_labs(project, labs), json, picture, traces, quick)
    if open_it:
        open_page(store_of(project).page.as_uri())
    raise typer.Exit(code)


@app.command()
def serve(
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0: the kernel chooses.")] = 0,
    open_it: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
) -> None:
    """Serve the page to this machine, and record scenarios again on request: edit a lab, press run, watch."""
    from muxlab.report.serve import serve as serve_page

    serve_page(Project.here(), port, open_it)


@app.command()
def trace(
    lab: Annotated[str, typer.Argument(metavar="[LAB]", help="Number or name of a lab.", show_default=False)] = "",
    scenario: Annotated[
        str, typer.Option("--scenario", "-s", metavar="NAME", help="What the clients do: see --list.")
    ] = "hello",
    server: Annotated[
        str,
        typer.Option(
            "--server",
            metavar="COMMAND",
            help="Watch this program, not a lab; {port} in it stands for the port.",
            show_default=False,
        ),
    ] = "",
    port: Annotated[
        int | None,
        typer.Option("--port", metavar="N", min=1, max=65535, help="Where --server listens.", show_default=False),
    ] = None,
    json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Also write the trace to FILE.", show_default=False)
    ] = None,
    perfetto: Annotated[
        Path | None,
        typer.Option("--perfetto", metavar="FILE", help="Also write it for ui.perfetto.dev.", show_default=False),
    ] = None,
    strace: Annotated[
        Path | None,
        typer.Option("--strace", metavar="FILE", help="Also keep what strace wrote in FILE.", show_default=False),
    ] = None,
    every_line: Annotated[bool, typer.Option("--all", help="Do not cut a long listing.")] = False,
    list_them: Annotated[bool, typer.Option("--list", help="List the scenarios.")] = False,
    preset: PresetOption = "dev",
) -> None:
    """Show the system calls of a server, next to the lines that made them."""
    from muxlab.scenarios.catalogue import find_scenario
    from muxlab.trace import command

    if list_them:
        command.list_scenarios()
        return
    project, chosen = Project.here(), find_scenario(scenario)
    target = command.choose(project, lab, server, port, chosen, preset)
    command.command(project, target, chosen, command.Files(json, perfetto, strace), every_line)


@app.command()
def bench(
    what: Annotated[str, typer.Argument(metavar="[echo|idle|wakeup|all]", help="What to measure.")] = "all",
    quick: Annotated[bool, typer.Option("--quick", help="Less than 90 s: to see that it works.")] = False,
    rounds: Annotated[
        int | None,
        typer.Option(min=1, help="More of them tell smaller differences from noise.", show_default="5, quick: 2"),
    ] = None,
    json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the results there.", show_default=False)
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget what an interrupted run has measured.")] = False,
) -> None:
    """Measure the servers against the least code that can do it, and against well-known event loops."""
    from muxlab.bench import command

    raise typer.Exit(command.bench(Project.here(), what, quick, rounds, json, fresh))


app.command(epilog=SPEAKER)(slides)


@app.command()
def doctor() -> None:
    """Say what is and what is not in order on this machine, and how to fix it."""
    from muxlab.show_doctor import show_findings

    raise typer.Exit(show_findings(Project.here()))


@app.command()
def setup() -> None:
    """Look again at what this machine has, and install what is missing."""
    # The launcher has done it by now: it does so before Python is there to ask.
    say("everything that muxlab needs is installed")


def main(arguments: Sequence[str]) -> int:
    """Runs a command. What a user can put right ends in one line and exit code 1; a wrong command line in 2."""
    # A terminal that cannot show an arrow gets a question mark, not an exception.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    # Whoever ends us wants our children ended too: an exception does that, on its way through the with blocks.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    try:
        code = app(list(arguments), prog_name="./muxlab", standalone_mode=False)
        return int(code or 0)
    except MuxlabError as error:
        if error.details:
            print(error.details, file=sys.stderr)
        say(str(error))
        return 1
    except typer.TyperException as error:
        if text := error.format_message():
            say(f"{text.rstrip('.')}: see ./muxlab {_command_of(arguments)}--help")
        return error.exit_code
    except BrokenPipeError:
        # The reader has seen enough (`./muxlab diff 01 02 | head`). What is left in the buffer has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except OSError as error:
        say(f"{error.filename}: {error.strerror}" if error.filename else str(error))
        return 1
    except Interrupted as interrupted:
        say("interrupted; the next call carries on")
        return 128 + interrupted.number


class Interrupted(BaseException):
    """By a signal. Not a KeyboardInterrupt: Typer would swallow that."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def _leave(number: int, _: FrameType | None) -> None:
    raise Interrupted(number)


def _command_of(arguments: Sequence[str]) -> str:
    """'run ' for `./muxlab run …`, for the hint after a wrong command line."""
    known = {command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands}
    known |= {group.name or "" for group in app.registered_groups}
    return f"{arguments[0]} " if arguments and arguments[0] in known else ""
