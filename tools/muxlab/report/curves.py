"""The charts: drawn by Vega when the page is written, as SVG whose colours follow the page's theme."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from muxlab.errors import MuxlabError
from muxlab.report.model import Axis, Curve

if TYPE_CHECKING:  # it takes most of a second to load, and only who draws needs it
    import altair as alt

WIDTH, HEIGHT = 460, 260  # pixels of the plot; the page scales the whole
LABEL_GAP = 0.055  # of the plot's height: closer labels would overlap
FONT = 'system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif'

# Colours that stand for the page's own: each is replaced by its variable, so that light and dark need one drawing.
INK, MUTED, LINE, PAPER = "#010203", "#020304", "#030405", "#040506"
SERIES = ("#110001", "#110002", "#110003", "#110004", "#110005")
_VARIABLES = {INK: "ink", MUTED: "muted", LINE: "line", PAPER: "paper"} | {
    colour: f"series-{number}" for number, colour in enumerate(SERIES, 1)
}
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross")
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 1])


def draw(curve: Curve) -> str:
    """One chart as an inline SVG."""
    try:
        import altair as alt
        import vl_convert
    except ImportError as error:
        raise MuxlabError(f"{error.name} is missing, which draws the charts: ./muxlab setup installs it") from None
    rows = [
        {"series": series.name, "x": point.x, "y": point.y, "low": point.low, "high": point.high}
        for series in curve.series
        for point in series.points
    ]
    names = [series.name for series in curve.series]
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X("x:Q", title=curve.x.title, scale=_scale(curve.x, nice=False), axis=alt.Axis(grid=False, tickCount=6)),
        color=alt.Color("series:N", legend=None, scale=alt.Scale(domain=names, range=list(SERIES))),
    )
    up = alt.Y("y:Q", title=curve.y.title, scale=_scale(curve.y), axis=alt.Axis(tickCount=5))
    lines = base.mark_line(strokeWidth=2).encode(
        y=up, strokeDash=alt.StrokeDash("series:N", legend=None, scale=alt.Scale(domain=names, range=list(DASHES)))
    )
    spread = base.mark_rule(strokeWidth=1.5).encode(y=alt.Y("low:Q", title=curve.y.title), y2="high:Q")
    dots = base.mark_point(filled=True, size=55, opacity=1).encode(
        y=up, shape=alt.Shape("series:N", legend=None, scale=alt.Scale(domain=names, range=list(SHAPES)))
    )
    labels = (
        alt.Chart(alt.InlineData(values=_labels(curve)))
        .mark_text(align="left", dx=10, fontSize=13)
        .encode(x=alt.X("x:Q"), y=alt.Y("at:Q"), text="series:N", color=alt.Color("colour:N", legend=None, scale=None))
    )
    chart: Any = alt.layer(spread, lines, dots, labels).properties(width=WIDTH, height=HEIGHT)
    svg: str = vl_convert.vegalite_to_svg(chart.configure(**_config()).to_dict())
    return _inline(svg, f"{curve.title}: {curve.says}")


def _scale(axis: Axis, nice: bool = True) -> alt.Scale:
    import altair as alt

    return alt.Scale(type="log", nice=False) if axis.log else alt.Scale(zero=True, nice=nice)


def _labels(curve: Curve) -> list[Mapping[str, Any]]:
    """Each line's name beside its end, moved apart where ends lie together."""
    ends = [(series.points[-1], series.name, SERIES[i % len(SERIES)]) for i, series in enumerate(curve.series)]
    top = max((point.high for series in curve.series for point in series.points), default=1) or 1
    gap = top * LABEL_GAP if not curve.y.log else 0
    labels: list[Mapping[str, Any]] = []
    below = -gap
    for point, name, colour in sorted(ends, key=lambda end: end[0].y):
        below = max(point.y, below + gap)
        labels.append({"series": name, "x": point.x, "at": below, "colour": colour})
    return labels


def _config() -> dict[str, Any]:
    text = {"labelColor": MUTED, "titleColor": INK, "labelFontSize": 12, "titleFontSize": 13, "titleFontWeight": 500}
    axis = {"domainColor": MUTED, "tickColor": MUTED, "gridColor": LINE, "titlePadding": 8, **text}
    return {"background": "transparent", "font": FONT, "axis": axis, "view": {"stroke": None}}


def _inline(svg: str, says: str) -> str:
    """Its colours become the page's, and its many small roles one: an image that says what it shows."""
    for colour, name in _VARIABLES.items():
        svg = svg.replace(colour, f"var(--{name})")
    svg = re.sub(r' (?:role|aria-[a-z]+)="[^"]*"', "", svg)
    svg = re.sub(r' (?:id|clip-path)="[^"]*"', "", svg)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{escape(says)}" ', 1)


def numbers(curve: Curve) -> str:
    """The same as a table, for whoever cannot or does not want to read the chart."""
    xs = sorted({point.x for series in curve.series for point in series.points})
    heads = "".join(f'<th scope="col">{x:,g}</th>' for x in xs)
    rows = ""
    for series in curve.series:
        by_x = {point.x: point for point in series.points}
        cells = "".join(f"<td>{_figure(by_x[x].y) if x in by_x else '–'}</td>" for x in xs)
        rows += f'<tr><th scope="row">{escape(series.name)}</th>{cells}</tr>'
    return (
        f'<details class="figures"><summary>The figures</summary><div class="scroll"><table class="numbers">'
        f'<caption class="unseen">{escape(curve.y.title)}</caption>'
        f'<thead><tr><th scope="col">{escape(curve.x.title)}</th>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div></details>"
    )


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:,.2f}"


def figures(curves: Sequence[Curve]) -> str:
    return "".join(
        f"<figure><h3>{escape(curve.title)}</h3>"
        f'<p class="says">{escape(curve.says)}</p>'
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(curve.title)}">{draw(curve)}</div>'
        f'{numbers(curve)}<div class="command"><code>{escape(curve.command)}</code></div></figure>'
        for curve in curves
    )
