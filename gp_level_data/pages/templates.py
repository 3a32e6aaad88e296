"""Templates of pages, in which every value is escaped unless it was drawn here."""

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup

from gp_level_data.pages import words

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


def capital(text: str) -> str:
    """A text with a capital at its start, and the rest as it is."""
    return text[:1].upper() + text[1:]


def render(name: str, **content: Any) -> str:
    """A page."""
    return environment().get_template(name).render(content)


def drawing(kind: str, identifier: str, frame: "Frame", **content: Any) -> Markup:
    """A drawing: a frame with marks in it, and what it shows in words."""
    template = environment().get_template(f"{kind}.svg")
    return Markup(template.render(content, identifier=identifier, frame=frame, axes=Markup(frame.svg)))
