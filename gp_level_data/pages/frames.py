"""Axes, grids and funnels, drawn by Altair once each; results are set into them by the pages.

A page of England's has some ten plots, and there are forty thousand pages: what all have in common
is drawn once, in the few sizes that there are, and what is a place's own is a mark at `Scale.at`.
Nothing of a place goes into a frame but the step of a ladder, so that pages share them.
"""

import csv
import functools
import html
import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import altair
import numpy
import vl_convert
from numpy.typing import NDArray

from gp_level_data.project import SEEDS
from gp_level_data.shapes import Row

# Lengths in the pixels of a drawing that just fits a telephone.
PLOT_WIDTH, ROW_HEIGHT, FUNNEL_HEIGHT, MARGIN = 320, 40, 220, 14
SIZES = tuple(step * 10**power for power in range(2, 7) for step in (1, 2, 5))
RATES = tuple(step * 10**power for power in range(1, 3) for step in (1, 2, 5)) + (1000,)
LEVELS = {95: 1.9599639845400543, 99.8: 3.0902323061678136}
LONGEST_NUMBER = re.compile(r"-?\d+\.\d{2,}")
INK, GRID, CURVE = "#4a5866", "#dce3e9", "#6b7886"


@dataclass(frozen=True)
class Scale:
    """Where a value lies, in pixels from the start of an axis."""

    lowest: float
    highest: float
    start: float
    end: float
    is_logarithmic: bool = False

    def at(self, value: float) -> float:
        """The place of a value; of one beyond the axis, its end."""
        told = (math.log(each) if self.is_logarithmic else each for each in
                (min(max(value, self.lowest), self.highest), self.lowest, self.highest))  # fmt: skip
        value, lowest, highest = told
        share = (value - lowest) / (highest - lowest)
        return round(self.start + share * (self.end - self.start), 1)


@dataclass(frozen=True)
class Frame:
    """A drawn frame: SVG of everything but the marks, its size, and where the plot begins in it."""

    svg: str
    width: int
    height: int
    left: float
    top: float
    x: Scale
    y: Scale


def step_from(ladder: Iterable[float], value: float) -> float:
    """The first step of a ladder that is not below a value; the last where none is."""
    steps = list(ladder)
    return next((step for step in steps if step >= value), steps[-1])


@functools.cache
def of_rows(row_count: int, unit: str, highest: float) -> Frame:
    """The frame of a plot with a row for each place, and the unit along its foot.

    `highest` is the end of the axis: 100 for percentages, a step of RATES for rates.
    """
    height = row_count * ROW_HEIGHT
    title = {"percent": "per cent", "per_1000": "patients per 1,000"}[unit]
    axis = altair.Axis(title=title, tickCount=5, domain=False)
    chart = blank().encode(x=altair.X("x:Q", scale=altair.Scale(domain=[0, highest], nice=False), axis=axis))
    return drawn(
        chart.properties(width=PLOT_WIDTH, height=height),
        Scale(0, highest, 0, PLOT_WIDTH),
        Scale(0, row_count, 0, height),
    )


@functools.cache
def of_funnel(unit: str, baseline: float, sizes: tuple[int, int], values: tuple[float, float]) -> Frame:
    """The frame of a funnel: what chance may do to lists of each size, around a comparator's value.

    `baseline` and `values`, the ends of the upright axis, are in the unit; `sizes`, steps of SIZES,
    are the ends of the level axis, which is logarithmic.
    """
    ticks = [size for size in SIZES if sizes[0] <= size <= sizes[1]]
    x = altair.X(
        "size:Q",
        scale=altair.Scale(type="log", domain=list(sizes), nice=False),
        axis=altair.Axis(title="eligible patients (logarithmic scale)", values=ticks, format=",d", grid=False),
    )  # fmt: skip
    y = altair.Y(
        "value:Q",
        scale=altair.Scale(domain=list(values), nice=False, zero=False),
        axis=altair.Axis(title=None, tickCount=5, domain=False, labelPadding=6),
    )
    between = numpy.geomspace(*sizes, 40)
    points: list[Row] = [{"size": size, "value": baseline, "line": "middle"} for size in sizes]
    for level in LEVELS:
        for side in ("lower", "upper"):
            points += curve(unit, baseline, side, level, between, values)
    lines = list(dict.fromkeys(point["line"] for point in points))
    chart = (
        altair.Chart(altair.Data(values=points))
        .mark_line(strokeWidth=1.4)
        .encode(
            x=x,
            y=y,
            strokeDash=by_line(lines, lambda line: [4, 3] if line.startswith("95 ") else [1, 0]),
            color=by_line(lines, lambda line: INK if line == "middle" else CURVE),
        )
    )
    chart = chart.properties(width=PLOT_WIDTH - 34, height=FUNNEL_HEIGHT)
    return drawn(
        chart,
        Scale(*sizes, 0, PLOT_WIDTH - 34, is_logarithmic=True),
        Scale(*values, FUNNEL_HEIGHT, 0),
    )


def by_line(lines: list[str], look: Callable[[str], Any]) -> dict[str, Any]:
    """How each line looks, without a legend."""
    scale = {"domain": lines, "range": [look(line) for line in lines]}
    return {"field": "line", "type": "nominal", "scale": scale, "legend": None}


def curve(
    unit: str, baseline: float, side: str, level: float, sizes: NDArray[numpy.float64], values: tuple[float, float]
) -> list[Row]:
    """Points of a limit, where they lie within the upright axis."""
    limits = funnel_limits(unit, baseline, side, level, sizes)
    return [
        {"size": round(float(size), 2), "value": round(float(limit), 3), "line": f"{level} {side}"}
        for size, limit in zip(sizes, limits)
        if values[0] <= limit <= values[1]
    ]


def funnel_limits(
    unit: str, baseline: float, side: str, level: float, sizes: NDArray[numpy.float64]
) -> NDArray[numpy.float64]:
    """How low or high a list's result may lie by chance, in the unit, for lists of these sizes.

    The same limits as `fct_gp_funnels`: Wilson's for percentages, for rates the counts whose own
    Poisson interval just leaves the expected count out. Source: domain handbook, section 9 (S79).
    """
    if unit == "percent":
        share = baseline / 100
        reach = LEVELS[level] * numpy.sqrt(share * (1 - share) / sizes)
        ends = share - reach if side == "lower" else share + reach
        return numpy.asarray(100 * numpy.clip(ends, 0, 1), dtype=float)
    expected = sizes * baseline / 1000
    other = "upper" if side == "lower" else "lower"
    counts = numpy.arange(int(expected.max() * 2) + 60)
    found = numpy.interp(expected, poisson_limits(other, level, len(counts)), counts)
    return numpy.asarray(1000 * found / sizes, dtype=float)


@functools.lru_cache(maxsize=64)
def poisson_limits(side: str, level: float, count: int) -> NDArray[numpy.float64]:
    """The limit of the counts 0, 1, 2, ...: exact below 10, Byar's from there."""
    counts = numpy.arange(count, dtype=float)
    events = numpy.maximum(counts if side == "lower" else counts + 1, 1)
    z = -LEVELS[level] if side == "lower" else LEVELS[level]
    limits: NDArray[numpy.float64] = events * (1 + z / 3 / numpy.sqrt(events) - 1 / (9 * events)) ** 3
    exact = exact_limits(f"{side}_{level}".replace(".", "_"))[: min(10, count)]
    limits[: len(exact)] = exact
    return limits


@functools.cache
def exact_limits(column: str) -> list[float]:
    """The exact limits of the counts 0, 1, 2, ..., as the results' own intervals have them."""
    with (SEEDS / "exact_poisson_limits.csv").open(newline="", encoding="utf-8") as file:
        return [float(row[column]) for row in csv.DictReader(file)]


def blank() -> altair.Chart:
    """A chart without a mark."""
    chart: altair.Chart = altair.Chart(altair.Data(values=[])).mark_point()
    return chart


def drawn(chart: altair.Chart, x: Scale, y: Scale) -> Frame:
    """A chart as a frame; what an SVG of Vega's says to machines is left out."""
    chart = chart.configure(aria=False, padding=0, background="transparent").configure_view(stroke=None)
    chart = chart.configure_axis(
        labelFontSize=12, titleFontSize=12, titleFontWeight="normal", labelColor=INK, titleColor=INK,
        gridColor=GRID, tickColor=GRID, domainColor=CURVE, titlePadding=6,
    )  # fmt: skip
    root = ET.fromstring(vl_convert.vegalite_to_svg(chart.to_dict(validate=False)))
    [group] = [each for each in root if each.tag.endswith("}g")]
    left, top = (float(number) for number in re.findall(r"[-\d.]+", group.attrib["transform"]))
    inner = "".join(plain(each) for each in group)
    # Room for a mark at the end of an axis.
    width = PLOT_WIDTH + 2 * MARGIN
    return Frame(
        inner, width, math.ceil(float(root.attrib["height"])) + MARGIN,
        MARGIN + (width - 2 * MARGIN - x.end), top + MARGIN / 2, x, y,
    )  # fmt: skip


def plain(element: ET.Element) -> str:
    """An element of Vega's as short as it can be said; nothing where there is nothing to see."""
    tag = element.tag.rpartition("}")[2]
    kept = {name: value for name, value in element.attrib.items()
            if name not in ("class", "role", "pointer-events", "font-family", "stroke-miterlimit")
            and not name.startswith("aria-") and (name, value) != ("opacity", "1")}  # fmt: skip
    inner = "".join(plain(each) for each in element)
    text = html.escape((element.text or "").strip())
    if tag == "g" and not inner or tag == "path" and not {"stroke", "fill"} & kept.keys():
        return ""
    if tag == "g" and not kept:
        return inner
    said = "".join(f' {name}="{html.escape(LONGEST_NUMBER.sub(rounded, value))}"' for name, value in kept.items())
    return f"<{tag}{said}>{text}{inner}</{tag}>" if text or inner else f"<{tag}{said}/>"


def rounded(number: re.Match[str]) -> str:
    return f"{float(number[0]):.1f}".removesuffix(".0")
