"""{{ what a slide takes from elsewhere }}: each directive by name, and the HTML it becomes."""

from __future__ import annotations

import html
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import CppLexer, DiffLexer, PythonLexer

from muxlab.bugs.card import find_card
from muxlab.errors import MuxlabError
from muxlab.project import Project, find_lab
from muxlab.slides.chart import idle_chart
from muxlab.slides.compared import compared_table
from muxlab.slides.data import read_output
from muxlab.slides.phrases import IN_ENGLISH, Phrases
from muxlab.slides.source import Excerpt, excerpt, trimmed

GLOBAL_NAME = r'(<span class="\w+">\w+</span>)?((?:<span class="o">::</span><span class="n\w*">\w+</span>)+)'
WIDEST = 118  # characters of a line of output
FORM = re.compile(r"\{\{ (\w+) ?(.*?) \}\}")
DRAWN = re.compile(r'(<text\b[^>]*>|aria-label=")([^<"]+)')
"""What a drawing says."""


@dataclass(frozen=True)
class Call:
    """`{{ code labs/x.cpp Server::run mark="epoll_wait(" }}`: a name, what it is about, and options."""

    words: tuple[str, ...]
    options: Mapping[str, tuple[str, ...]]

    @classmethod
    def parse(cls, text: str) -> Call:
        words, options = [], dict[str, tuple[str, ...]]()
        for part in shlex.split(text):
            name, equals, value = part.partition("=")
            if equals and name in ("from", "to", "drop", "mark", "most", "rows", "as", "head"):
                options[name] = (*options.get(name, ()), value)
            else:
                words.append(part)
        return cls(tuple(words), options)

    def one(self, option: str) -> str:
        return self.options.get(option, ("",))[0]

    def marked(self, text: str) -> list[int]:
        """The lines, from 1, that hold one of the texts to mark."""
        lines = text.splitlines()
        for wanted in self.options.get("mark", ()):
            if not any(wanted in line for line in lines):
                raise MuxlabError(f"nothing here to mark with '{wanted}'")
        wanted_texts = self.options.get("mark", ())
        return [number for number, line in enumerate(lines, 1) if any(wanted in line for wanted in wanted_texts)]


def expand(project: Project, text: str, words: Phrases = IN_ENGLISH) -> str:
    """One directive as HTML, in the language of `words`. Raises MuxlabError if it names something that is not there."""
    found = FORM.fullmatch(text)
    if found is None or found[1] not in DIRECTIVES:
        raise MuxlabError(f"{text} is not one of {', '.join(DIRECTIVES)}")
    try:
        return DIRECTIVES[found[1]](project, Call.parse(found[2]), words)
    except MuxlabError as error:
        raise MuxlabError(f"{text}: {error}") from error


def _code(project: Project, call: Call, _: Phrases) -> str:
    path, name = call.words
    found = trimmed(excerpt(project, path, name), call.one("from"), call.one("to"), list(call.options.get("drop", ())))
    shown = _coloured(found, call.marked(found.text))
    return f'<figure class="code"><figcaption>{path}</figcaption>{shown}</figure>'


def _coloured(found: Excerpt, marked: list[int]) -> str:
    lexer = PythonLexer() if found.path.endswith(".py") else CppLexer()
    code = highlight(found.text, lexer, HtmlFormatter(nowrap=True, hl_lines=marked))
    # What enters the kernel is what the lesson is about: ::name is a system call in this project.
    code = re.sub(GLOBAL_NAME, lambda one: one[0] if one[1] else f'<span class="call">{one[2]}</span>', code)
    return f'<pre><code class="{"marked" if marked else "plain"}">{code}</code></pre>'


def _output(project: Project, call: Call, _: Phrases) -> str:
    found = read_output(project, call.words[0])
    if call.words[0].startswith("bug-"):  # the story of the first failure, without the hint
        found = replace(found, text=re.sub(r"^.*?(?=✗)|\n  hint 1.*", "", found.text, flags=re.DOTALL))
    text = found.cut(call.one("from"), call.one("to"), int(call.one("most") or 0))
    if call.words[0].startswith("trace-"):
        text = _steps([line for line in text.splitlines() if line.strip()])
    # The lines that say what the columns are.
    text = "\n".join([*(found.cut(head, head, 1) for head in call.options.get("head", ())), text])
    text = "\n".join(line for line in text.splitlines() if not any(one in line for one in call.options.get("drop", ())))
    text = "\n".join(line if len(line) <= WIDEST else f"{line[: WIDEST - 1]}…" for line in text.splitlines())
    return _terminal(found.command, text, call.marked(text), found.machine)


def _steps(lines: list[str]) -> str:
    """Lines of ./muxlab trace without the time, and without the bytes of long data: a slide is narrow."""
    found = [re.match(r" *[\d.]+  (t\d+ )?(\S+:\d+|) *(.*)", line) for line in lines]
    widest = max((len(one[2]) for one in found if one), default=0)
    shown = []
    for line, one in zip(lines, found, strict=True):
        what = re.sub(r'  "(?:\\x00|[^"]{40}).*', "", one[3]) if one else line
        placed = one and not what.startswith("●")
        shown.append(f"  {one[1] or ''}{one[2]:<{widest}}  {what}" if one and placed else what)
    return "\n".join(shown)


def _terminal(command: str, text: str, marked: list[int], machine: str) -> str:
    lines = [
        f'<span class="hll">{html.escape(line)}\n</span>' if number in marked else html.escape(line) + "\n"
        for number, line in enumerate(text.splitlines(), 1)
    ]
    prompt = f'<span class="prompt">$ {html.escape(command)}</span>\n'
    code = f'<pre><code class="{"marked" if marked else "plain"}">{prompt}{"".join(lines).rstrip()}</code></pre>'
    return f'<figure class="terminal" title="{html.escape(machine)}">{code}</figure>'


def _figure(project: Project, call: Call, words: Phrases) -> str:
    path = project.root / "slides" / "figures" / f"{call.words[0]}.svg"
    if not path.is_file():
        raise MuxlabError(f"slides/figures/{path.name} does not exist")
    drawing = DRAWN.sub(lambda one: f"{one[1]}{words.of(one[2])}", path.read_text(encoding="utf-8"))
    return f'<figure class="drawing">{drawing}</figure>'


def _card(project: Project, call: Call, words: Phrases) -> str:
    card = find_card(project, call.words[0])
    tests = ", ".join(card.caught_by)
    return (
        f'<dl class="card"><dt>{words.of("Cause")}</dt><dd>{html.escape(words.cause(card))}</dd>'
        f"<dt>{words.of('Fix')}</dt><dd>{html.escape(words.fix(card))}</dd>"
        f"<dt>{words.of('Card')}</dt>"
        f"<dd><code>./muxlab bug run {card.id}</code>{words.of(' — caught by ')}<code>{tests}</code></dd></dl>"
    )


def _patch(project: Project, call: Call, _: Phrases) -> str:
    """What the mistake changes: the patch's lines from the first @@ on."""
    card = find_card(project, call.words[0])
    lines = [line for line in card.diff.splitlines() if line[:1] in "+- @" and line[:3] not in ("+++", "---")]
    text = "\n".join("…" if line.startswith("@@") else line for line in lines).removeprefix("…\n")
    code = highlight(text, DiffLexer(), HtmlFormatter(nowrap=True))
    name = card.path.relative_to(project.root)
    return f'<figure class="code diff"><figcaption>{name}</figcaption><pre><code>{code}</code></pre></figure>'


def _points(project: Project, call: Call, words: Phrases) -> str:
    """The table of points in the lab's sheet."""
    lab = find_lab(call.words[0])
    sheet = (project.folder(lab) / words.sheet).read_text(encoding="utf-8")
    section = re.search(rf"^## {words.of('Points')}\n(.*?)(?=^## |\Z)", sheet, re.MULTILINE | re.DOTALL)
    rows = re.findall(r"^\| *(.+?) *\| *(\d+) *\| *([\d.]+) *\|$", section[1] if section else "", re.MULTILINE)
    if not rows:
        raise MuxlabError(f"labs/{lab.folder}/{words.sheet} has no table of points")
    cells = [f"<tr><td>{html.escape(what)}</td><td>{tests}</td><td>{points}</td></tr>" for what, tests, points in rows]
    head = "".join(f"<th>{words.of(one)}</th>" for one in ("what", "tests", "points"))
    return f'<table class="points"><tr>{head}</tr>{"".join(cells)}</table>'


def _chart(project: Project, call: Call, words: Phrases) -> str:
    drawing = idle_chart(project, call.one("mark"), call.one("as") == "narrow", words)
    return f'<figure class="drawing">{drawing}</figure>'


def _compare(project: Project, call: Call, words: Phrases) -> str:
    rows, flat = call.options.get("rows", ()), call.one("as") == "flat"
    return compared_table(project, call.words[0], rows, call.one("mark"), flat, words)


DIRECTIVES: Mapping[str, Callable[[Project, Call, Phrases], str]] = {
    "code": _code,
    "output": _output,
    "figure": _figure,
    "card": _card,
    "patch": _patch,
    "points": _points,
    "chart": _chart,
    "compare": _compare,
}
