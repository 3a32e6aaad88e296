"""Templates of pages, in which every value is escaped unless it was drawn here."""

import functools
import html
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup

from gp_level_data.pages import words
from gp_level_data.shapes import Cells, Document

if TYPE_CHECKING:
    from gp_level_data.pages.frames import Frame


@functools.cache
def environment() -> jinja2.Environment:
    """Jinja with autoescape; a name that nobody gave is an error."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals.update(of=words.of)
    made.filters.update(moment=words.moment, day=words.day, count=words.count, listed=words.listed, capital=capital)
    return made


@functools.cache
def of_ledger() -> jinja2.Environment:
    """The same for pages of the ledger's entries. Each is made again, years later, to see whether it is still what
    follows from its entry: so its bytes, those of quotation marks too, are what they have always been."""
    made = environment().overlay(finalize=escaped, keep_trailing_newline=True)
    made.filters["told"] = told
    made.tests["numbers"] = are_numbers
    return made


def escaped(value: object) -> Markup:
    """A value as HTML, written as the standard library writes it."""
    return value if isinstance(value, Markup) else Markup(html.escape(str(value)))


def told(value: object) -> str:
    """A value of an entry as a person reads it."""
    if value is None:
        return words.NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)


def are_numbers(values: Iterable[object]) -> bool:
    """Whether a cell or column holds numbers and, in places, nothing."""
    known = [value for value in values if value is not None]
    return bool(known) and all(type(value) in (int, float) for value in known)


def cells(rows: Iterable[Document], *columns: str) -> list[Cells]:
    """Some columns of rows, as a table takes them."""
    return [tuple(row[column] for column in columns) for row in rows]


def capital(text: str) -> str:
    """A text with a capital at its start, and the rest as it is."""
    return text[:1].upper() + text[1:]


def render(name: str, **content: Any) -> str:
    """A page."""
    return environment().get_template(name).render(content)


def ledger_page(kind: str, **content: Any) -> str:
    """The page of an entry of the ledger."""
    return of_ledger().get_template(f"ledger/{kind}.html").render(content)


def drawing(kind: str, identifier: str, frame: "Frame", **content: Any) -> Markup:
    """A drawing: a frame with marks in it, and what it shows in words."""
    template = environment().get_template(f"{kind}.svg")
    return Markup(template.render(content, identifier=identifier, frame=frame, axes=Markup(frame.svg)))
