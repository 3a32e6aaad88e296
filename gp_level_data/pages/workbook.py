"""A practice's spreadsheet: a sheet for each of its CSV files, with the same cells, and a dictionary."""

import io
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from gp_level_data.pages import words
from gp_level_data.pages.packs import Pack
from gp_level_data.pages.reports import Facts
from gp_level_data.shapes import Cells

SHEETS = {
    "gp_metrics.csv": "GPs",
    "comparators.csv": "Practice, CCG, England",
    "funnels.csv": "Beyond chance",
    "emergency_admissions.csv": "Emergency admissions",
    "left_out.csv": "Left out",
    "previous.csv": "Collection before",
    "data_checks.csv": "Data checks",
    "rows_to_mend.csv": "Rows to mend",
}
WIDEST = 60


def of(facts: Facts, pack: Pack) -> bytes:
    """The spreadsheet. Texts are texts, whatever they begin with; the same pack gives the same bytes."""
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True, "strings_to_numbers": False})
    book.set_properties(
        {
            "title": f"{facts.title}: {pack.practice.full_name}",
            "created": datetime.fromisoformat(facts.collected_at).replace(tzinfo=None),
        }
    )
    head = book.add_format({"bold": True, "bottom": 2, "text_wrap": True, "valign": "top"})
    plain = book.add_format({"text_wrap": True, "valign": "top"})
    title = book.add_format({"bold": True, "font_size": 14})
    sheet = book.add_worksheet("About")
    sheet.set_column(0, 0, 90, plain)
    for at, line in enumerate(about(facts, pack)):
        sheet.write_string(at, 0, line, title if at == 0 else plain)
    for name, table in pack.tables.items():
        fill(book.add_worksheet(SHEETS[name]), table.header, table.rows, head)
    meanings = [
        (SHEETS[name], *column)
        for name, table in pack.tables.items()
        for column in words.columns_of(name, table.header)
    ]
    sheet = book.add_worksheet("What columns mean")
    fill(sheet, ("sheet", "column", "kind", "meaning"), meanings, head)
    book.close()
    return content.getvalue()


def about(facts: Facts, pack: Pack) -> list[str]:
    """What the spreadsheet is."""
    return [
        f"{facts.title}: {pack.practice.full_name}",
        f"Collected on {words.moment(facts.collected_at)}, admissions from {facts.period}.",
        "A count is 0 or rounded. * stands for one that is withheld; an empty cell for what there is none"
        " of. Rounded counts must not be added up.",
        "Nothing is adjusted for age, sex, deprivation or how ill patients are. The page"
        f" {pack.practice.code}.html says what the numbers mean, and what they do not.",
        "For the practice and its GPs, for reflection and learning; shared with nobody else.",
        f"Questions: {facts.contact}",
    ]


def fill(sheet: Worksheet, header: Iterable[str], rows: Iterable[Cells], head: Format) -> None:
    """A table with its header fixed, and columns as wide as what is in them."""
    header = tuple(header)
    widths = [len(name) for name in header]
    sheet.freeze_panes(1, 0)
    for at, name in enumerate(header):
        sheet.write_string(0, at, name, head)
    for row_at, row in enumerate(rows, start=1):
        for at, value in enumerate(row):
            if value is None:
                continue
            if isinstance(value, bool):
                sheet.write_boolean(row_at, at, value)
            elif isinstance(value, (int, float, Decimal)):
                sheet.write_number(row_at, at, value)
            else:
                sheet.write_string(row_at, at, value)
            widths[at] = max(widths[at], len(str(value)))
    for at, width in enumerate(widths):
        sheet.set_column(at, at, min(width, WIDEST) + 2)
    sheet.autofilter(0, 0, 0, len(header) - 1)
