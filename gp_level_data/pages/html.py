"""Pages for people: plain HTML that reads on paper and aloud, with no script and nothing to load."""

from collections.abc import Iterable
from html import escape

STYLE = """
body { font: 11pt/1.45 Georgia, serif; max-width: 48rem; margin: 2rem auto; padding: 0 1rem; color: #111; }
h1 { font-size: 1.7rem; line-height: 1.2; margin-bottom: .3rem; }
h2 { font-size: 1.15rem; margin: 1.6rem 0 .4rem; }
table { border-collapse: collapse; width: 100%; margin: .4rem 0 .8rem; }
caption { text-align: left; font-style: italic; padding-bottom: .2rem; }
th, td { text-align: left; vertical-align: top; padding: .16rem .7rem .16rem 0; }
th, td { border-bottom: 1px solid #bbb; }
thead th { border-bottom: 2px solid #111; }
th[scope=row] { font-weight: normal; }
.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
td { overflow-wrap: anywhere; }
@page { size: A4; margin: 13mm 16mm; }
@media print {
  body { margin: 0; padding: 0; max-width: none; font-size: 9pt; line-height: 1.3; }
  h1 { font-size: 1.35rem; } h2 { font-size: 1rem; margin: .8rem 0 .2rem; } table { margin: .2rem 0 .4rem; }
  p, ul { margin: .2rem 0; } h2, caption { break-after: avoid; } tr { break-inside: avoid; }
}
"""


def page(title: str, introduction: str, *sections: str) -> str:
    """A whole page."""
    return (
        '<!DOCTYPE html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{escape(title)}</h1>\n<p>{escape(introduction)}</p>\n"
        + "\n".join(sections)
        + "\n</main>\n</body>\n</html>\n"
    )


def section(heading: str, *parts: str) -> str:
    return f"<section>\n<h2>{escape(heading)}</h2>\n" + "\n".join(parts) + "\n</section>"


def paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def points(texts: Iterable[str]) -> str:
    return "<ul>\n" + "".join(f"<li>{escape(text)}</li>\n" for text in texts) + "</ul>"


def table(caption: str, header: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A table whose rows are named by their first cell."""
    cells = [list(row) for row in rows]
    heads = "".join(
        f'<th scope="col"{of_numbers(row[at] for row in cells)}>{escape(name)}</th>' for at, name in enumerate(header)
    )
    lines = []
    for name, *values in cells:
        lines.append(f'<tr><th scope="row">{text(name)}</th>{"".join(map(cell, values))}</tr>\n')
    return (
        f"<table>\n<caption>{escape(caption)}</caption>\n<thead><tr>{heads}</tr></thead>\n"
        f"<tbody>\n{''.join(lines)}</tbody>\n</table>"
    )


def cell(value: object) -> str:
    return f"<td{of_numbers([value])}>{text(value)}</td>"


def of_numbers(values: Iterable[object]) -> str:
    """The class of a cell or column that holds numbers, which stand below each other."""
    known = [value for value in values if value is not None]
    are_numbers = known and all(type(value) in (int, float) for value in known)
    return ' class="number"' if are_numbers else ""


def text(value: object) -> str:
    """A value as a person reads it."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return escape(f"{value:,}" if isinstance(value, int) else str(value))
