"""The decks: what they name is there, each slide has its notes and its minutes, and what they show is still so."""

from __future__ import annotations

import html
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from muxlab.cli import app
from muxlab.errors import MuxlabError
from muxlab.handout.cpp import CppFile
from muxlab.project import LABS, Project
from muxlab.scenarios.catalogue import SCENARIOS
from muxlab.slides.check import static_problems
from muxlab.slides.data import read_output
from muxlab.slides.deck import Deck, decks, read_deck
from muxlab.slides.directives import expand
from muxlab.slides.page import page_of, write_decks
from stage import BACKSTOP, REPOSITORY

PROJECT = Project(REPOSITORY)
SLIDES = REPOSITORY / "slides"
DECKS = {deck.name: deck for deck in decks(PROJECT)} if SLIDES.is_dir() else {}
ENGLISH = [name for name, deck in DECKS.items() if deck.language == "en"]
TRIED = sorted(path.stem for path in SLIDES.glob("try/*.py"))
TRACES = sorted(path.stem for path in SLIDES.glob("data/trace-*.txt"))
LECTURE = 75  # minutes, with questions

GOOD = "# A title\n\nSome text.\n\nNote: 2 min. Say what has to be said, in a few sentences.\n"

pytestmark = pytest.mark.skipif(not DECKS, reason="the decks stay with the instructor")


def written(folder: Path, *slides: str) -> Deck:
    path = folder / "deck.md"
    path.write_text("---\n".join(slides), encoding="utf-8")
    return read_deck(path)


def places(name: str) -> set[tuple[str, int]]:
    """The file:line pairs in a recorded trace."""
    text = read_output(PROJECT, name).text
    return {(file, int(line)) for file, line in re.findall(r"\b(\w+\.[ch]pp):(\d+)\b", text)}


# ---- the decks as they are ---------------------------------------------------------------------------------------


def test_there_is_an_overview_and_a_deck_for_each_lab() -> None:
    assert set(DECKS) >= {"overview", *(lab.folder for lab in LABS)}


@pytest.mark.parametrize("name", DECKS)
def test_whatever_a_deck_names_is_there(name: str) -> None:
    assert static_problems(PROJECT, DECKS[name]) == []


@pytest.mark.parametrize("name", DECKS)
def test_a_deck_fits_a_lecture(name: str) -> None:
    assert 45 <= DECKS[name].minutes <= LECTURE


@pytest.mark.parametrize("name", ENGLISH)
def test_a_deck_lets_people_predict_tells_what_happened_and_asks_before_they_go(name: str) -> None:
    titles = [slide.title for slide in DECKS[name].slides]
    predict = titles.index("Predict, then run")
    assert titles[predict + 1] == "What happened"
    assert "Before you go" in titles[predict:]


@pytest.mark.parametrize("name", [name for name in ENGLISH if name != "overview"])
def test_a_lab_has_three_pitfalls_each_with_its_card(name: str) -> None:
    pitfalls = [slide for slide in DECKS[name].slides if slide.title.startswith("Pitfall ")]
    assert [slide.title[8] for slide in pitfalls] == ["1", "2", "3"]
    assert all("{{ card " in slide.body for slide in pitfalls)


def test_every_figure_every_program_and_every_recording_is_shown_somewhere() -> None:
    text = "".join(deck.path.read_text(encoding="utf-8") for deck in DECKS.values())
    recorded = {path.stem for path in SLIDES.glob("data/*.txt")}
    assert recorded == set(re.findall(r"\{\{ output (\S+)", text))
    figures = {path.stem for path in SLIDES.glob("figures/*.svg")}
    assert figures == set(re.findall(r"\{\{ figure (\S+) \}\}", text))
    assert all(f"slides/try/{name}.py" in text for name in TRIED)


@pytest.mark.parametrize("name", DECKS)
def test_the_commands_that_a_deck_tells_people_to_type_exist(name: str) -> None:
    text = " ".join(DECKS[name].path.read_text(encoding="utf-8").split())
    known = set(typer.main.get_group(app).commands)
    assert set(re.findall(r"\./muxlab (\w+)", text)) <= known
    assert set(re.findall(r"--scenario ([\w-]+)", text)) <= {scenario.id for scenario in SCENARIOS}
    states = re.findall(r"--state ([\w-]+)", text)
    assert all(f"  {state} " in read_output(PROJECT, "matrix").text for state in states)


# ---- what they show ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TRIED)
def test_a_program_still_prints_what_the_slide_shows(name: str) -> None:
    recorded = read_output(PROJECT, f"try-{name}")
    assert recorded.command == f"python3 slides/try/{name}.py"
    command = [sys.executable, f"slides/try/{name}.py"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=BACKSTOP, check=True)
    assert done.stdout.strip() == recorded.text


@pytest.mark.parametrize("name", TRACES)
def test_the_lines_of_a_trace_are_still_lines_of_a_function(name: str) -> None:
    for file, line in places(name):
        path = next(REPOSITORY.glob(f"labs/{name[6:8]}_*/{file}"))
        source = path.read_bytes()
        bodies = [function.body for function in CppFile.parse(file, source).functions() if function.body]
        lines = [(source.count(b"\n", 0, start) + 1, source.count(b"\n", 0, end) + 1) for start, end in bodies]
        text = source.splitlines()[line - 1].strip()
        # A destructor that the compiler writes has the line of its class.
        in_function = any(first <= line <= last for first, last in lines) or text.startswith(b"class ")
        assert in_function, f"{path}:{line}: record it again with slides/data/record.sh {name}"


@pytest.mark.parametrize("path", sorted(SLIDES.glob("data/*.txt")), ids=lambda path: path.stem)
def test_what_was_measured_says_how_and_where(path: Path) -> None:
    recorded = read_output(PROJECT, path.stem)
    assert recorded.text
    assert recorded.command.startswith(("./muxlab ", "build/dev/bin/", "python3 slides/try/"))
    assert "Linux" in recorded.machine
    assert str(REPOSITORY) not in path.read_text(encoding="utf-8")


# ---- what a wrong deck is told -----------------------------------------------------------------------------------


def test_a_slide_without_notes_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(MuxlabError, match=r"deck\.md:7: slide 2 does not end with 'Note: 3 min"):
        written(tmp_path, GOOD, "## Another\n\nText.\n")


def test_a_slide_without_a_title_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(MuxlabError, match=r"deck\.md:7: slide 2 does not begin with"):
        written(tmp_path, GOOD, "Text.\n\nNote: 1 min. Whatever.\n")


def test_a_function_that_is_gone_breaks_the_build_and_names_the_slide(tmp_path: Path) -> None:
    code = "{{ code labs/03_epoll_lt/epoll_server.cpp EpollServer::runs }}"
    deck = written(tmp_path, GOOD, f"## Code\n\n{code}\n\nNote: 1 min. Whatever has to be said.\n")
    with pytest.raises(MuxlabError, match=r"deck\.md:7: slide 2: .*has no EpollServer::runs"):
        page_of(PROJECT, deck)


@pytest.mark.parametrize(
    ("directive", "complaint"),
    [
        ("{{ code labs/03_epoll_lt/no.cpp run }}", "does not exist"),
        ('{{ code labs/03_epoll_lt/epoll_server.cpp EpollServer::run mark="::select(" }}', "nothing here to mark"),
        ('{{ code labs/03_epoll_lt/epoll_server.cpp EpollServer::run drop="::select(" }}', "has no line with"),
        ("{{ output never-recorded }}", "record.sh makes it"),
        ('{{ output bitmap from="FD_COPY" }}', "has no line with 'FD_COPY'"),
        ("{{ figure unknown }}", "does not exist"),
        ("{{ card 03.unknown }}", "no bug card"),
        ("{{ points 00 }}", "no table of points"),
        ("{{ compare servers rows=unknown }}", "has no row 'unknown'"),
        ("{{ copy labs }}", "is not one of"),
    ],
)
def test_what_is_not_there_is_told_in_one_line(directive: str, complaint: str) -> None:
    with pytest.raises(MuxlabError, match=re.escape(complaint)) as told:
        expand(PROJECT, directive)
    assert "\n" not in str(told.value)


def test_too_few_slides_a_missing_file_and_a_link_to_elsewhere_are_found(tmp_path: Path) -> None:
    text = "[there](https://example.org) and `labs/09_unknown/`"
    slide = f"## Links\n\n{text}\n\nNote: 1 min. Whatever has to be said here.\n"
    found = static_problems(PROJECT, written(tmp_path, GOOD, slide))
    assert [line for line in found if "2 slides, not 12 to 16" in line]
    assert [line for line in found if "https://example.org leads out of the slides" in line]
    assert [line for line in found if "labs/09_unknown is not here" in line]


# ---- the pages ---------------------------------------------------------------------------------------------------


def test_code_is_shown_as_it_is_compiled() -> None:
    shown = expand(PROJECT, "{{ code labs/03_epoll_lt/epoll_server.cpp EpollServer::setInterest }}")
    source = (REPOSITORY / "labs/03_epoll_lt/epoll_server.cpp").read_text(encoding="utf-8")
    text = html.unescape(re.sub(r"<[^>]+>", "", shown.partition("<pre>")[2])).strip()
    assert text.startswith("int EpollServer::setInterest(")
    assert text in source
    called = re.findall(r'<span class="call">(.*?</span>)</span>', shown)
    assert [re.sub(r"<[^>]+>", "", call) for call in called] == ["::epoll_ctl"]


def test_a_row_that_goes_on_from_another_makes_sense_alone() -> None:
    shown = expand(PROJECT, "{{ compare servers rows=bytes_copied_per_wait_many_idle as=flat }}")
    assert "Bytes per wait call, in/out: with 8 clients and 900 idle" in shown


def test_a_chart_says_that_the_processor_was_not_its_own() -> None:
    notes = json.loads((SLIDES / "data" / "bench-idle.json").read_text(encoding="utf-8"))["notes"]
    slowed = any("throttled" in note for note in notes)
    assert ("on a processor that was slowed down at times" in expand(PROJECT, "{{ chart idle }}")) == slowed


def test_another_piece_of_the_same_output_has_no_prompt_of_its_own(tmp_path: Path) -> None:
    pieces = "{{ output trace-03-hello most=2 }}\n\n{{ output trace-03-hello from=sends most=2 }}"
    page = page_of(PROJECT, written(tmp_path, f"# A title\n\n{pieces}\n\nNote: 2 min. It goes on below.\n"))
    assert re.findall('<span class="prompt">(.*?)</span>', page) == ["$ ./muxlab trace 03 --scenario hello", "…"]


def test_a_page_is_written_for_each_deck_and_names_the_minutes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("muxlab.slides.page.copy_assets", lambda project, out: None)
    deck = written(tmp_path, GOOD)
    assert write_decks(PROJECT, [deck], tmp_path / "out") == [tmp_path / "out" / "deck.html"]
    assert "<td>2</td>" in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    page = (tmp_path / "out" / "deck.html").read_text(encoding="utf-8")
    assert '<aside class="notes"><p><strong>2 min.</strong> Say what' in page
