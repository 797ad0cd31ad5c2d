"""The charts: drawn by Vega when the page is written, as SVG whose colours follow the page's theme."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from muxlab.errors import MuxlabError
from muxlab.report.model import Axis, Curve, Point

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
ROW_SERIES = (SERIES[2], SERIES[0], SERIES[3])
ROWS_WIDTH, ROW_HEIGHT, ROWS_FOOT = 600, 27, 60
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross")
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 1])


def draw(curve: Curve) -> str:
    """One chart as an inline SVG."""
    try:
        import vl_convert
    except ImportError as error:
        raise MuxlabError(f"{error.name} is missing, which draws the charts: ./muxlab setup installs it") from None
    chart = _rows(curve) if curve.rows else _lines(curve)
    svg: str = vl_convert.vegalite_to_svg(chart.configure(**_config()).to_dict())
    return _inline(svg, f"{curve.title}: {curve.says}")


def _lines(curve: Curve) -> alt.LayerChart | alt.FacetChart:
    """A line for each series, its name at its end."""
    import altair as alt

    rows = [
        {"series": series.name, "x": point.x, "y": point.y, "low": point.low, "high": point.high}
        for series in curve.series
        for point in series.points
    ]
    xs = [point.x for series in curve.series for point in series.points]
    ys = [at for series in curve.series for point in series.points for at in (point.low, point.high)]
    names = [series.name for series in curve.series]
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X("x:Q", title=curve.x.title, scale=_scale(curve.x, nice=False), axis=_axis(curve.x, xs, grid=False)),
        color=alt.Color("series:N", legend=None, scale=alt.Scale(domain=names, range=list(SERIES))),
    )
    up = alt.Y("y:Q", title=curve.y.title, scale=_scale(curve.y), axis=_axis(curve.y, ys))
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
    return alt.layer(spread, lines, dots, labels).properties(width=WIDTH, height=HEIGHT)


def _rows(curve: Curve) -> alt.LayerChart | alt.FacetChart:
    """A row for each name, a dot for each series, its name above the first row's."""
    import altair as alt

    values = [
        {
            "series": series.name,
            "row": curve.rows[int(point.x)],
            "value": point.y,
            "low": point.low,
            "high": point.high,
        }
        for series in curve.series
        for point in series.points
    ]
    names = [series.name for series in curve.series]
    base = alt.Chart(alt.InlineData(values=values)).encode(
        y=alt.Y(
            "row:N",
            title=None,
            sort=list(curve.rows),
            axis=alt.Axis(grid=True, ticks=False, domain=False, labelLimit=0, labelFontSize=13, labelColor=INK),
        ),
        color=alt.Color("series:N", legend=None, scale=alt.Scale(domain=names, range=list(ROW_SERIES))),
    )
    ends = [at for series in curve.series for point in series.points for at in (point.low, point.high)]
    scale = alt.Scale(type="log", nice=False, padding=14) if curve.y.log else _scale(curve.y)
    across = alt.X("value:Q", title=curve.y.title, scale=scale, axis=_axis(curve.y, ends, grid=False))
    spread = base.mark_rule(strokeWidth=2, opacity=0.55).encode(x=alt.X("low:Q", title=curve.y.title), x2="high:Q")
    dots = base.mark_point(filled=True, size=75, opacity=1).encode(
        x=across, shape=alt.Shape("series:N", legend=None, scale=alt.Scale(domain=names, range=list(SHAPES)))
    )
    layers = [spread, dots]
    if len(names) > 1:
        # To the left of the first dot and to the right of the others: where dots lie together names must not.
        for name in names:
            first = next(value for value in values if value["series"] == name)
            text = alt.Chart(alt.InlineData(values=[first]))
            left = text.mark_text(dy=-13, dx=4, align="right", fontSize=12)
            above = left if name == names[0] else text.mark_text(dy=-13, dx=-4, align="left", fontSize=12)
            layers.append(
                above.encode(
                    x=alt.X("value:Q"),
                    y=alt.Y("row:N", sort=list(curve.rows)),
                    text="series:N",
                    color=alt.Color("series:N", legend=None, scale=alt.Scale(domain=names, range=list(ROW_SERIES))),
                )
            )
    height = ROW_HEIGHT * len(curve.rows) + ROWS_FOOT
    fit = alt.AutoSizeParams(type="fit", contains="padding")  # long names take room from the plot: all is the same size
    return alt.layer(*layers).properties(width=ROWS_WIDTH, height=height, autosize=fit)


def _scale(axis: Axis, nice: bool = True) -> alt.Scale:
    import altair as alt

    return alt.Scale(type="log", nice=False) if axis.log else alt.Scale(zero=True, nice=nice)


def _axis(axis: Axis, values: Sequence[float], grid: bool = True) -> alt.Axis:
    import altair as alt

    if not axis.log or not values:
        return alt.Axis(grid=grid, tickCount=6)
    return alt.Axis(grid=grid, values=_ticks(min(values), max(values)), format=",~r")


def _ticks(low: float, high: float) -> list[float]:
    """Of a logarithmic axis: 1, 10, 100 where they suffice, else 1, 2, 5, 10 as well."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    few = [10.0**power for power in powers]
    return few if sum(low <= tick <= high for tick in few) > 2 else [one * tick for tick in few for one in (1, 2, 5)]


def _labels(curve: Curve) -> list[Mapping[str, Any]]:
    """Each line's name beside its end, moved apart where ends lie together."""
    ends = [(series.points[-1], series.name, SERIES[i % len(SERIES)]) for i, series in enumerate(curve.series)]
    all_points = [point for series in curve.series for point in series.points]
    up = math.log10 if curve.y.log else float
    top = up(max((point.high for point in all_points), default=1) or 1)
    bottom = up(min(point.low for point in all_points)) if curve.y.log and all_points else 0.0
    gap = (top - bottom) * LABEL_GAP
    labels: list[Mapping[str, Any]] = []
    below: dict[float, float] = {}  # by where the lines end: only labels that begin there can meet
    for point, name, colour in sorted(ends, key=lambda end: end[0].y):
        at = max(up(point.y), below.get(point.x, -math.inf) + gap)
        below[point.x] = at
        labels.append({"series": name, "x": point.x, "at": 10**at if curve.y.log else at, "colour": colour})
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
    if curve.rows:
        heads = "".join(f'<th scope="col">{escape(series.name)}</th>' for series in curve.series)
        by_place = [{int(point.x): point for point in series.points} for series in curve.series]
        lines = [(name, [points.get(place) for points in by_place]) for place, name in enumerate(curve.rows)]
        return _table(curve, "", heads, lines)
    xs = sorted({point.x for series in curve.series for point in series.points})
    heads = "".join(f'<th scope="col">{x:,g}</th>' for x in xs)
    by_x = [(series.name, {point.x: point for point in series.points}) for series in curve.series]
    return _table(curve, curve.x.title, heads, [(name, [points.get(x) for x in xs]) for name, points in by_x])


def _table(curve: Curve, corner: str, heads: str, lines: Sequence[tuple[str, Sequence[Point | None]]]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th>{"".join(f"<td>{_cell(point)}</td>" for point in points)}</tr>'
        for name, points in lines
    )
    first = f'<th scope="col">{escape(corner)}</th>' if corner else "<td></td>"
    return (
        f'<details class="figures"><summary>The figures</summary><div class="scroll"><table class="numbers">'
        f'<caption class="unseen">{escape(curve.y.title)}</caption>'
        f"<thead><tr>{first}{heads}</tr></thead>"
        f"<tbody>{rows}</tbody></table></div></details>"
    )


def _cell(point: Point | None) -> str:
    """The median, and below it the range, if there is one."""
    if point is None:
        return "–"
    spread = f"{_figure(point.low)}–{_figure(point.high)}" if point.low != point.high else ""
    return _figure(point.y) + (f"<small>{spread}</small>" if spread else "")


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:,.2f}"


def figures(curves: Sequence[Curve]) -> str:
    """Where and when several of them were measured is said once, below, if it is the same of all."""
    conditions = {curve.measured for curve in curves if curve.measured}
    once = len(conditions) == 1 and sum(bool(curve.measured) for curve in curves) > 1
    below = f'<p class="measured">./muxlab bench: {escape(conditions.pop())}</p>' if once else ""
    return _figures(curves, once) + below


def _figures(curves: Sequence[Curve], once: bool) -> str:
    return "".join(
        f"<figure><h3>{escape(curve.title)}</h3>"
        f'<p class="says">{escape(curve.says)}</p>'
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(curve.title)}">{draw(curve)}</div>'
        f'{numbers(curve)}<div class="command"><code>{escape(curve.command)}</code></div>'
        f"{f'<p class=measured>{escape(curve.measured)}</p>' if curve.measured and not once else ''}</figure>"
        for curve in curves
    )
