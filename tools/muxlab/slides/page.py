"""A deck as a page of reveal.js."""

from __future__ import annotations

import html
import re
from pathlib import Path

from markdown_it import MarkdownIt

from muxlab.errors import MuxlabError
from muxlab.project import Project
from muxlab.slides.assets import copy_assets
from muxlab.slides.deck import Deck, Slide
from muxlab.slides.directives import FORM, expand
from muxlab.slides.phrases import Phrases, phrases

MARKDOWN = MarkdownIt("commonmark", {"html": True, "typographer": True}).enable(["table", "smartquotes"])

HAN = "[\u4e00-\u9fff]"
BESIDE_HAN = re.compile(rf"(?<={HAN}) (?=[\w`*])|(?<=[\w`*]) (?={HAN})", re.ASCII)
"""The blank between a Chinese character and a Latin word: no place to break a line."""
PROMPT = re.compile(r'<span class="prompt">.*?</span>')

MARKERS = """<svg width="0" height="0" style="position: absolute" aria-hidden="true"><defs>
<marker id="copy" viewBox="0 0 10 10" refX="8" refY="5" markerWidth="4" markerHeight="4" orient="auto-start-reverse">
<path d="M0 0 L10 5 L0 10 z" fill="#c2570c"/></marker>
<marker id="point" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="6" markerHeight="6" orient="auto-start-reverse">
<path d="M0 0 L10 5 L0 10 z" fill="#5b6472"/></marker>
<marker id="walk" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="5" markerHeight="5" orient="auto-start-reverse">
<path d="M0 0 L10 5 L0 10 z" fill="#b3261e"/></marker>
</defs></svg>"""

PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="reveal/dist/reset.css">
<link rel="stylesheet" href="reveal/dist/reveal.css">
<link rel="stylesheet" href="theme.css">
</head>
<body>
{markers}
<div class="reveal"><div class="slides">
{slides}
</div></div>
<script src="reveal/dist/reveal.js"></script>
<script src="reveal/plugin/notes/notes.js"></script>
<script>
Reveal.initialize({{
  width: 1280, height: 720, margin: 0, center: false, hash: true, transition: "none", controlsTutorial: false,
  totalTime: {seconds}, pdfSeparateFragments: false, pdfMaxPagesPerSlide: 1,
  plugins: [RevealNotes]
}});
</script>
<script src="measure.js"></script>
</body>
</html>
"""

# Without reveal.js: what Chromium prints must not depend on when a script is done.
PRINT = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="reveal/dist/reset.css">
<link rel="stylesheet" href="theme.css">
</head>
<body class="printed">
{markers}
<div class="reveal"><div class="slides">
{slides}
</div></div>
</body>
</html>
"""

INDEX = """<!doctype html>
<html lang="{language}">
<head><meta charset="utf-8"><title>{title}</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="reveal/dist/reset.css"><link rel="stylesheet" href="theme.css"></head>
<body class="index"><h1>{title}</h1>
<table><tr><th>{deck}</th><th>{slides}</th><th>{minutes}</th></tr>
{rows}
</table>
<p>{keys}</p>
</body></html>
"""

SAID = {
    "title": "muxlab: the slides",
    "deck": "deck",
    "slides": "slides",
    "minutes": "minutes",
    "keys": "S opens the speaker view with notes and a clock, O the overview, F the whole screen, ? says what else.",
}


def write_decks(project: Project, decks: list[Deck], out: Path) -> list[Path]:
    """Returns the pages, in the order of the decks."""
    out.mkdir(parents=True, exist_ok=True)
    pages = []
    for deck in decks:
        page = out / f"{deck.name}.html"
        page.write_text(page_of(project, deck), encoding="utf-8")
        pages.append(page)
    rows = "\n".join(
        f'<tr><td><a href="{deck.name}.html">{MARKDOWN.renderInline(deck.title)}</a></td>'
        f"<td>{len(deck.slides)}</td><td>{deck.minutes:g}</td></tr>"
        for deck in decks
    )
    words = phrases(project, decks[0].language)
    said = {name: words.of(text) for name, text in SAID.items()}
    (out / "index.html").write_text(INDEX.format(rows=rows, language=words.language, **said), encoding="utf-8")
    copy_assets(project, out)
    return pages


def page_of(project: Project, deck: Deck) -> str:
    """Raises MuxlabError, with file and line, for whatever a slide names that is not there."""
    return _filled(PAGE, project, deck)


def print_page_of(project: Project, deck: Deck) -> str:
    return _filled(PRINT, project, deck)


def _filled(page: str, project: Project, deck: Deck) -> str:
    words = phrases(project, deck.language)
    return page.format(
        title=html.escape(deck.title),
        language=deck.language,
        markers=MARKERS,
        seconds=round(deck.minutes * 60),
        slides="\n".join(_section(project, deck, slide, words) for slide in deck.slides),
    )


def _section(project: Project, deck: Deck, slide: Slide, words: Phrases) -> str:
    try:
        body = _render(project, slide.body, words)
    except MuxlabError as error:
        raise MuxlabError(f"{deck.path.name}:{slide.line}: slide {slide.number}: {error}") from error
    level = "h1" if slide.kind == "title" else "h2"
    title = MARKDOWN.renderInline(slide.title)
    notes = MARKDOWN.render(f"**{slide.minutes:g} {words.of('min.')}** {slide.notes}")
    number = f'<span class="number">{slide.number}/{len(deck.slides)}</span>'
    foot = f'<div class="foot">{MARKDOWN.renderInline(deck.title)}{number}</div>' if slide.kind != "title" else ""
    return (
        f'<section class="{slide.kind}" data-timing="{slide.minutes * 60:g}"><{level}>{title}</{level}>\n'
        f'<div class="body">\n{body}</div>{foot}\n<aside class="notes">{notes}</aside></section>'
    )


def _render(project: Project, body: str, words: Phrases) -> str:
    """Markdown with two additions: directives, and `::: name` … `:::` for a part that is laid out by that name."""
    blocks: list[str] = []
    prompts: set[str] = set()

    def keep(found: re.Match[str]) -> str:
        block = expand(project, found[0], words)
        prompt = PROMPT.search(block)
        if prompt and prompt[0] in prompts:  # another piece of what was printed, not another run
            block = block.replace(prompt[0], '<span class="prompt">…</span>')
        prompts.update([prompt[0]] if prompt else [])
        blocks.append(block)
        return f'<div data-block="{len(blocks) - 1}"></div>'

    text = re.sub(rf"^{FORM.pattern}$", keep, BESIDE_HAN.sub("\u00a0", body), flags=re.MULTILINE)
    text = re.sub(r"^::: ([\w ]+)$", r'\n<div class="\1">\n', text, flags=re.MULTILINE)
    text = re.sub(r"^:::$", "\n</div>\n", text, flags=re.MULTILINE)
    rendered = str(MARKDOWN.render(text))
    return re.sub(r'<div data-block="(\d+)"></div>', lambda found: blocks[int(found[1])], rendered)
