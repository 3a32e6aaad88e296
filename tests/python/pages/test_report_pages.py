"""What practices and GPs are handed: pages, spreadsheets and CSV files that say the same, of nobody else."""

import csv
import dataclasses
import html
import re
import shutil
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import altair
import duckdb
import numpy
import pytest
import vl_convert
import yaml

from conftest import COLLECTION, PROJECT, Folders
from gp_level_data.commands import report_back
from gp_level_data.custody import published_tables, store
from gp_level_data.pages import frames, packs, previous, reports, words, workbook
from gp_level_data.pages.packs import Pack
from gp_level_data.shapes import Row
from pages.browser import looked_at, needs_chromium

CONTACT = "Data team, data@example.org"
SHOWN = {name: sheet for name, sheet in workbook.SHEETS.items() if name != "previous.csv"}


@dataclasses.dataclass(frozen=True)
class Handed:
    """Folders as they are handed over, with the packs that they were made from."""

    folder: Path
    facts: reports.Facts
    packs: dict[str, Pack]

    @property
    def collected(self) -> list[Pack]:
        return [pack for pack in self.packs.values() if pack.practice.is_collected]

    def page(self, code: str, gp: str | None = None) -> str:
        name = f"{code}_{gp}.html" if gp else f"{code}.html"
        return (self.folder / code / name).read_text(encoding="utf-8")


def hand_over(store_dir: Path, key_dir: Path, to: Path) -> Handed:
    with published_tables.opened(store_dir) as connection:
        report_back.attach_senders(connection, store_dir, key_dir)
        settings = published_tables.settings_of(connection, COLLECTION)
        report_back.hand_over(connection, settings, CONTACT, to)
        facts = reports.facts_of(connection, settings, CONTACT)
        return Handed(to, facts, {pack.practice.code: pack for pack in packs.packs(connection)})


@pytest.fixture(scope="module")
def handed(built: Folders, tmp_path_factory: pytest.TempPathFactory) -> Handed:
    return hand_over(built.store, built.keys, tmp_path_factory.mktemp("handed") / "out")


# ---- nobody else's ----------------------------------------------------------------------------------


def texts_of(folder: Path) -> Iterator[tuple[str, str]]:
    """Every file of a folder as text, the parts of a spreadsheet too."""
    for path in sorted(folder.iterdir()):
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as book:
                for name in book.namelist():
                    yield f"{path.name}/{name}", book.read(name).decode()
        else:
            yield path.name, path.read_text(encoding="utf-8")


def strangers(handed: Handed) -> list[str]:
    """Files in which another practice, its GPs, or on a GP's page a colleague, is so much as named."""
    gps = {code: set(reports.lists_of(pack)) - {"UNASSIGNED"} for code, pack in handed.packs.items()}
    names = {code: pack.practice.name for code, pack in handed.packs.items()}
    found = []
    for code in handed.packs:
        elsewhere = {
            name for other in gps.keys() - {code} for name in {other, names[other], *gps[other]} if name is not None
        }
        elsewhere -= gps[code] | {names[code]}
        for file, text in texts_of(handed.folder / code):
            others = set(elsewhere)
            if "_" in file and file.endswith(".html"):
                own = file.removesuffix(".html").split("_")[1]
                others |= gps[code] - {own}
                others |= {name for gp, name in reports.lists_of(handed.packs[code]).items() if gp != own}
            # The first look is the quick one.
            found += [file for name in others if name in text and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)]
    return found


def test_nobody_elses_rows(handed: Handed, tmp_path: Path) -> None:
    """Flags a page, a spreadsheet or a CSV file with so much as the name of another practice or its GPs, a GP's
    page with a colleague; and a look that sees nothing."""
    assert strangers(handed) == []
    copied = dataclasses.replace(handed, folder=tmp_path / "mixed")
    shutil.copytree(handed.folder, copied.folder)
    one, other = handed.collected[0].practice.code, handed.collected[1].practice.code
    with (copied.folder / one / f"{one}.html").open("a") as page:
        page.write(next(iter(reports.lists_of(handed.packs[other]))))
    assert strangers(copied) == [f"{one}.html"]


def test_rows_of_who_gets_no_folder_are_nobodys(built: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flags rows of a practice without a folder that go to the one after it."""
    practices_of = packs.practices_of
    monkeypatch.setattr(packs, "practices_of", lambda connection: list(practices_of(connection))[1::2])
    with published_tables.opened(built.store) as connection:
        report_back.attach_senders(connection, built.store, built.keys)
        assert len(list(practices_of(connection))) > 20
        for pack in packs.packs(connection):
            for table in pack.tables.values():
                told = {
                    row.get("practice_code") or (row["area_code"] if row["area_level"] == "practice" else None)
                    for row in table.records
                }
                assert told <= {pack.practice.code, None}


def test_every_gp_has_a_page(handed: Handed) -> None:
    """Flags a GP without a page, and a page of nobody."""
    for code, pack in handed.packs.items():
        pages = {path.stem.partition("_")[2] for path in (handed.folder / code).glob("*_G*.html")}
        assert pages == set(reports.lists_of(pack)) - {"UNASSIGNED"}
        assert not pages or pack.practice.is_collected


# ---- the same everywhere ----------------------------------------------------------------------------


class Tables(HTMLParser):
    """The tables of a page: rows of cells, by the heading before them and the caption."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, list[list[str]]] = defaultdict(list)
        self.caption = ""
        self.cell: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag in ("caption", "th", "td"):
            self.cell = ""
        if tag == "tr":
            self.found[self.caption].append([])

    def handle_data(self, data: str) -> None:
        if self.cell is not None:
            self.cell += data

    def handle_endtag(self, tag: str) -> None:
        if tag in ("caption", "th", "td"):
            assert self.cell is not None, "a cell ends that never began"
            text, self.cell = " ".join(self.cell.split()), None
            if tag == "caption":
                self.caption = text
            else:
                self.found[self.caption][-1].append(text)


def rows_of(path: Path) -> list[Row]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def sheets_of(path: Path) -> dict[str, list[dict[str, str]]]:
    """The cells of a spreadsheet as text, by sheet, row by row and the letter of their column; no formula is one."""
    space = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    with zipfile.ZipFile(path) as book:
        shared = [
            "".join(each.itertext()) for each in ET.fromstring(book.read("xl/sharedStrings.xml")).findall("x:si", space)
        ]
        names = [
            each.attrib["name"] for each in ET.fromstring(book.read("xl/workbook.xml")).iterfind(".//x:sheet", space)
        ]
        found = {}
        for at, name in enumerate(names, start=1):
            sheet = ET.fromstring(book.read(f"xl/worksheets/sheet{at}.xml"))
            assert not sheet.findall(".//x:f", space)
            rows = []
            for row in sheet.iterfind(".//x:row", space):
                cells = {}
                for cell in row.iterfind("x:c", space):
                    value = cell.findtext("x:v", None, space)
                    if value is not None:
                        text = shared[int(value)] if cell.get("t") == "s" else value
                        text = {"1": "true", "0": "false"}[text] if cell.get("t") == "b" else text
                        cells[cell.attrib["r"].rstrip("0123456789")] = text
                rows.append(cells)
            found[name] = rows
    return found


def test_spreadsheet_and_csv_files_hold_the_same_cells(handed: Handed) -> None:
    """Flags a cell that the spreadsheet and the CSV file tell differently, or a file without a sheet."""
    letters = [chr(65 + at) for at in range(26)]
    for code, pack in handed.packs.items():
        sheets = sheets_of(handed.folder / code / f"{code}.xlsx")
        assert set(sheets) == {"About", "What columns mean", *(workbook.SHEETS[name] for name in pack.tables)}
        for name in pack.tables:
            head, *rows = sheets[workbook.SHEETS[name]]
            expected = rows_of(handed.folder / code / name)
            assert len(rows) == len(expected)
            for row, cells in zip(expected, rows):
                assert list(row) == list(head.values())
                told = {column: cells.get(letter, "") for letter, column in zip(letters, row)}
                assert {name: same(value) for name, value in told.items()} == {
                    name: same(value.removeprefix("'")) for name, value in row.items()
                }


def same(text: str) -> str | float:
    """A cell whose number may be written 5 or 5.0."""
    try:
        return float(text)
    except ValueError:
        return text


def cells_of(row: Row, unit: str) -> tuple[str, str]:
    """Result and patients as a page tells them, from a row of a CSV file."""
    text = row.get("value_text")
    if text is None:
        shown = row["percent"] or row["rate_per_1000"]
        text = "*" if row["is_suppressed"] == "true" else shown
    result = words.value(text, unit)
    if text not in ("", "*") and row["is_exact"] == "false":
        result = f"≈ {result}"
    if row["lower_95_ci"]:
        result += f"{row['lower_95_ci']} to {row['upper_95_ci']}"
    return result, f"{words.count(row['numerator_text'])} of {words.count(row['denominator_text'])}"


def test_pages_and_csv_files_say_the_same(handed: Handed) -> None:
    """Flags a result, an interval, a count or a category on a page that is not that of the CSV files."""
    looked = 0
    for pack in handed.collected:
        code, folder = pack.practice.code, handed.folder / pack.practice.code
        results, areas = rows_of(folder / "gp_metrics.csv"), rows_of(folder / "comparators.csv")
        pages: dict[str | None, dict[str, list[list[str]]]] = {None: Tables(handed.page(code)).found}
        pages |= {gp: Tables(handed.page(code, gp)).found for gp in reports.lists_of(pack) if gp != "UNASSIGNED"}
        funnels = {
            (row["gp_code"], row["metric_id"], row["comparator_level"]): row for row in rows_of(folder / "funnels.csv")
        }
        for gp, tables in pages.items():
            for metric_id, about in handed.facts.metrics.items():
                unit = about["unit"]
                rows = tables[f"{about['title']}, {words.of('unit', unit)}"][1:]
                own = [row for row in results if row["metric_id"] == metric_id and gp in (None, row["gp_code"])]
                seen = [row for row in areas if row["metric_id"] == metric_id]
                expected = sorted(cells_of(row, unit) for row in own + seen)
                assert sorted((row[1], row[2]) for row in rows) == expected
                assert len(own) == (len(reports.lists_of(pack)) if gp is None else 1)
                for row in own:
                    label = row["gp_name"] if gp is None else "Your list"
                    [told] = [each[3:] for each in rows if each[0].lstrip("0123456789") == label]
                    verdicts = [
                        verdict(funnels[row["gp_code"], metric_id, level], handed) for level in ("ccg", "england")
                    ]
                    assert told in (verdicts, verdicts[:1] if verdicts[0] == verdicts[1] else None)
                    looked += 1
    assert looked > 1000


def verdict(row: Row, handed: Handed) -> str:
    """What a page says of a comparison."""
    if row["category"]:
        return words.of("category", row["category"])
    return words.of("not_compared_reason", row["not_compared_reason"], **handed.facts.rules)


def test_admissions_and_checks_are_those_of_the_csv_files(handed: Handed) -> None:
    """Flags a count of admissions, a check or a number of those left out that a page tells otherwise."""
    for pack in handed.packs.values():
        code, folder = pack.practice.code, handed.folder / pack.practice.code
        tables = Tables(handed.page(code)).found
        found = {caption.split(" ")[0]: rows[1:] for caption, rows in tables.items()}
        left_out = [
            [row["reason_title"][:1].upper() + row["reason_title"][1:], words.count(row["person_text"])]
            for row in rows_of(folder / "left_out.csv")
        ]
        assert found.get("Patients", []) == left_out or pack.practice.is_collected
        checks = [row for row in rows_of(folder / "data_checks.csv") if row["file_kind"] != "practice"]
        told = [(row[0], row[3]) for row in found.get("What", [])]
        assert told == [(row["meaning"][:1].upper() + row["meaning"][1:], row["what_to_do"]) for row in checks]
        for gp in [None, *reports.lists_of(pack)]:
            if gp == "UNASSIGNED" or not pack.practice.is_collected:
                continue
            rows = Tables(handed.page(code, gp)).found[
                "Patients admitted as an emergency; below, their number per 1,000 patients"
            ]
            levels = (["gp"] if gp else []) + ["practice", "ccg", "england"]
            known = {
                (
                    row["area_level"],
                    row["condition_title"] + (": admissions" if row["counted"] == "admissions" else ""),
                ): row
                for row in rows_of(folder / "emergency_admissions.csv")
                if row["area_level"] != "gp" or row["area_code"] == gp
            }
            assert len(rows) - 1 == len({title for _, title in known})
            for title, *cells in rows[1:]:
                assert cells == [
                    words.count(row["count_text"]) + row["rate_per_1000"]
                    for row in (known[level, title] for level in levels)
                ]


# ---- what is withheld -------------------------------------------------------------------------------

MARK = re.compile(r'<(?:circle class="(?:own|gp)"|path class="(?:practice|england)"|rect class="ccg")')
DRAWING = re.compile(r"<svg role=.*?</svg>", re.DOTALL)


def test_what_is_withheld_is_not_drawn(handed: Handed) -> None:
    """Flags a mark for a result that is not told, wherever it lies; a drawing has one for each that is told."""
    withheld = drawn = 0
    for pack in handed.collected:
        code = pack.practice.code
        lists = reports.lists_of(pack)
        for metric_id in reports.metrics_of(pack):
            places = reports.practice_places(pack, metric_id, lists)
            told = [place for place in places if place.result["value_text"] not in (None, "", "*")]
            withheld += len(places) - len(told)
            found = [each for each in DRAWING.findall(handed.page(code)) if f'"dots-{metric_id}-t"' in each]
            assert sum(len(MARK.findall(each)) for each in found) == len(told)
            drawn += len(told)
            for place in places:
                if place not in told and found:
                    assert place.label not in found[0]
    assert withheld > 50 and drawn > 200


def test_drawings_show_published_numbers_alone(handed: Handed) -> None:
    """Flags a coordinate that is not the place of a number that is told as such."""
    looked = 0
    for pack in handed.collected:
        lists = reports.lists_of(pack)
        for metric_id in reports.metrics_of(pack):
            about = handed.facts.metrics[metric_id]
            places = reports.practice_places(pack, metric_id, lists)
            drawing = reports.funnel_drawing(metric_id, about, places)[1]
            if drawing is None:
                continue
            values = {place.number for place in places}
            sizes = {place.size for place in places}
            ends = [place.against["england"] for place in places if place.against.get("england")]
            assert all(
                row["not_compared_reason"] in (None, "near_a_limit") or row["lower_95_limit"] is None for row in ends
            )
            frame = next(frame for frame in drawn_frames if str(frame.svg) in drawing)
            for x, y in re.findall(r'<circle class="gp" cx="([-\d.]+)" cy="([-\d.]+)"', drawing):
                assert float(x) in {frame.x.at(size) for size in sizes if size}
                assert float(y) in {frame.y.at(value) for value in values if value is not None}
                looked += 1
    assert looked > 20


drawn_frames: list[frames.Frame] = []


@pytest.fixture(autouse=True)
def remembered_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames of funnels, as they are asked for."""
    made = frames.of_funnel

    def remembered(*arguments: Any) -> frames.Frame:
        frame = made(*arguments)
        drawn_frames.append(frame)
        return frame

    monkeypatch.setattr(frames, "of_funnel", remembered)


# ---- drawings ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [0, 12.5, 33.3, 100])
def test_marks_lie_where_the_library_would_put_them(value: float) -> None:
    """Flags a mark that Altair, asked to draw it on the same axes, would put elsewhere."""
    scale = altair.Scale(domain=[0, 100], nice=False)
    chart = altair.Chart(altair.Data(values=[{"x": value}])).mark_point(shape="circle").encode(
        x=altair.X("x:Q", scale=scale)
    )  # fmt: skip
    svg = vl_convert.vegalite_to_svg(chart.properties(width=frames.PLOT_WIDTH, height=40).to_dict())
    [place] = re.findall(r'aria-roledescription="point"[^>]*transform="translate\(([\d.]+),', svg)
    assert frames.of_rows(1, "percent", 100).x.at(value) == pytest.approx(float(place), abs=0.06)


def test_sizes_lie_on_a_logarithmic_axis() -> None:
    """Flags a list that stands elsewhere than Altair's axis has it."""
    frame = frames.of_funnel("percent", 50.0, (100, 1000), (0, 100))
    ticks = re.findall(r'translate\(([\d.]+),16\)"[^>]*>([\d,]+)<', frame.svg)
    assert [text for _, text in ticks] == ["100", "200", "500", "1,000"]
    for place, text in ticks:
        assert frame.x.at(int(text.replace(",", ""))) == pytest.approx(float(place), abs=0.1)


def test_funnels_are_those_of_the_tables(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Flags a drawn limit that differs from the one that the tables tell, by more than their rounding."""
    rows = warehouse.execute(
        """
        select metrics.unit, funnels.comparator_value, gps.denominator_count, limit_name, limit_value
        from (
            from marts.main.fct_gp_funnels
            unpivot (limit_value for limit_name in (
                lower_99_8_limit, lower_95_limit, upper_95_limit, upper_99_8_limit
            ))
        ) as funnels
        inner join marts.main.fct_gp_metrics as gps using (practice_code, gp_code, metric_id)
        inner join marts.main.dim_metrics as metrics using (metric_id)
        """
    ).fetchall()
    assert len(rows) > 500
    for unit, baseline, size, name, limit in rows:
        side, level = name.split("_")[0], 99.8 if "99_8" in name else 95
        # The comparator and the list's size are told rounded.
        around = [
            frames.funnel_limits(unit, baseline + step, side, level, numpy.array([size - 2.5, size + 2.5]))
            for step in (-0.05, 0.05)
        ]
        assert numpy.min(around) - 0.06 <= limit <= numpy.max(around) + 0.06


def changed(pack: packs.Pack, file: str, change: Any) -> packs.Pack:
    """The same pack with the rows of a file changed, or left out where nothing is given for one."""
    table = pack.tables[file]
    records = [record for record in map(change, map(dict, table.records)) if record]
    rows = [tuple(record[column] for column in table.header) for record in records]
    return packs.Pack(pack.practice, pack.tables | {file: dataclasses.replace(table, rows=rows)})


@pytest.mark.parametrize("baseline", [0.0, 100.0])
def test_a_comparator_without_room_for_chance_is_drawn(handed: Handed, baseline: float) -> None:
    """Flags a funnel that cannot be drawn where the CCG's or England's result is 0 or all."""
    limits = ("comparator_value", "lower_99_8_limit", "lower_95_limit", "upper_95_limit", "upper_99_8_limit")

    def told(row: Row) -> Row:
        return row | ({} if row["lower_95_limit"] is None else dict.fromkeys(limits, baseline))

    pack = next(pack for pack in handed.collected if "funnel-cervical" in handed.page(pack.practice.code))
    assert "funnel-cervical" in reports.practice_page(handed.facts, changed(pack, "funnels.csv", told))


def test_what_is_not_there_is_not_spoken_of(handed: Handed) -> None:
    """Flags a page that says None: of half an interval, a practice without a CCG or a name, or with nothing told."""
    pack = handed.collected[0]
    pack = changed(pack, "gp_metrics.csv", lambda row: row | {"upper_95_ci": None})
    for file in ("comparators.csv", "emergency_admissions.csv"):
        pack = changed(pack, file, lambda row: row if row["area_level"] != "ccg" else None)
    pack = packs.Pack(dataclasses.replace(pack.practice, ccg=None, name=None, extracted_at=None), pack.tables)
    bare = packs.Pack(pack.practice, {name: dataclasses.replace(table, rows=[]) for name, table in pack.tables.items()})
    for each in (pack, bare):
        for page in (reports.practice_page(handed.facts, each), *dict(reports.gp_pages(handed.facts, each)).values()):
            assert "None" not in page and "CCG ," not in page
        assert workbook.of(handed.facts, each)


# ---- words ------------------------------------------------------------------------------------------


def test_every_id_has_words() -> None:
    """Flags a category, a reason, a condition or a level that a page would tell as an id."""
    models = yaml.safe_load((PROJECT / "models/marts/gp_report/_gp_report__models.yml").read_text(encoding="utf-8"))[
        "models"
    ]
    asked = 0
    for model in models:
        for column in model["columns"]:
            kind = {"comparator_level": "area_level"}.get(column["name"], column["name"])
            for test in column.get("data_tests", []):
                if isinstance(test, dict) and "accepted_values" in test and model["name"].startswith("fct_"):
                    for value in test["accepted_values"]["arguments"]["values"]:
                        assert words.are_there(kind, value), value
                        asked += 1
    assert asked > 20
    with (PROJECT / "seeds/emergency_conditions.csv").open(newline="", encoding="utf-8") as file:
        assert all(words.are_there("condition", row["condition"]) for row in csv.DictReader(file))


def test_the_dictionary_speaks_to_a_gp(handed: Handed) -> None:
    """Flags a column without a meaning, one that is explained and not there, and the words of those who
    build the tables."""
    names = {path.stem for folder in ("models", "seeds", "macros") for path in (PROJECT / folder).rglob("*.*")}
    # What stands in a cell is explained by its own name.
    names = {name for name in names if "_" in name} - {row["id"] for row in words.rows_of("words.csv")}
    explained = set()
    for pack in handed.packs.values():
        for row in rows_of(handed.folder / pack.practice.code / "data_dictionary.csv"):
            assert row["meaning"] and row["kind"] in ("text", "number", "whole number", "true or false", "moment")
            written = set(re.findall(r"\w+", row["meaning"]))
            assert not written & names and not re.search(r"`|\b(?:null|varchar|fct_|dim_|int_)", row["meaning"])
            explained.add((row["file"], row["column"]))
    for row in words.rows_of("dictionary.csv"):
        if row["file"] != "previous.csv":
            assert any(row["column"] == column and row["file"] in ("", file) for file, column in explained)
    for name in SHOWN:
        [path, *_] = sorted(handed.folder.glob(f"*/{name}"))
        assert {(name, column) for column in next(csv.reader(path.open()))} <= explained


def test_moments_are_the_united_kingdoms() -> None:
    """Flags a moment in another time than the United Kingdom's, in summer and in winter."""
    assert words.moment("2017-04-01 02:15:00+00") == "1 April 2017 at 03:15"
    assert words.moment("2017-01-31T23:30:00+00:00") == "31 January 2017 at 23:30"
    assert words.day("2017-06-30 23:30:00+00") == "1 July 2017"


def test_titles_stand_beside_ids(handed: Handed) -> None:
    """Flags an id of a CSV file without its words in the next column, or with others'."""
    for pack in handed.collected:
        for name, table in pack.tables.items():
            for column, title in packs.TITLES.items():
                if column in table.header:
                    assert title in table.header
                    assert all(row[title] and row[title] != row[column] for row in table.records), name


def test_who_was_not_collected_is_told_first(handed: Handed) -> None:
    """Flags a practice that has to look for why it has no results."""
    missed = [pack for pack in handed.packs.values() if not pack.practice.is_collected]
    assert missed
    for pack in missed:
        assert pack.practice.not_collected_reason
        reason = handed.facts.reasons[pack.practice.not_collected_reason]
        page = handed.page(pack.practice.code)
        content = re.sub(r"<[^>]+>", "", page.partition('<main id="content">')[2]).strip()
        first = content.splitlines()[0]
        assert html.unescape(first) == f"This practice was not collected: {reason['meaning']}."
        assert reason["what_to_do"] in html.unescape(page) and "<svg" not in page


# ---- safe and self-contained ------------------------------------------------------------------------


class Elements(HTMLParser):
    """Elements and attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str | None]] = set()
        self.ids: list[str | None] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {(name, value) for name, value in attributes}
        self.ids += [value for name, value in attributes if name == "id"]

    @property
    def links(self) -> set[str]:
        """Where links lead; none leads nowhere."""
        places = [value for name, value in self.attributes if name == "href"]
        assert None not in places
        return {place for place in places if place is not None}


def test_pages_stand_for_themselves(handed: Handed) -> None:
    """Flags a script, anything that is loaded from elsewhere, an id that occurs twice, a link that leads nowhere."""
    for path in handed.folder.glob("*/*.html"):
        text = path.read_text(encoding="utf-8")
        page = Elements(text)
        assert not page.tags & {"script", "link", "iframe", "img", "object", "embed", "form", "use", "image"}
        assert not [name for name, _ in page.attributes if name.startswith("on") or name in ("src", "srcset", "style")]
        assert "url(" not in text and "@import" not in text and "@font-face" not in text
        assert len(page.ids) == len(set(page.ids))
        for link in page.links:
            assert link[1:] in page.ids if link.startswith("#") else (path.parent / link).exists()
        assert ("lang", "en-GB") in page.attributes


def test_pages_say_that_they_are_light() -> None:
    """Flags pages that a browser may darken by itself: the drawings have the colours of a white page."""
    style = (PROJECT / "gp_level_data" / "pages" / "templates" / "style.css").read_text(encoding="utf-8")
    assert style.startswith(":root { color-scheme: light;")


def test_a_drawn_text_makes_no_tag() -> None:
    """Flags a title or an attribute of a chart that a browser reads as a tag."""
    drawn = ET.Element("text", {"fill": 'red" onload="run'})
    drawn.text = "<script>alert(1)</script> & more"
    read = ET.fromstring(frames.plain(drawn))
    assert (read.tag, read.attrib, read.text, list(read)) == (drawn.tag, drawn.attrib, drawn.text, [])


def hostile(pack: packs.Pack) -> packs.Pack:
    """The same pack, of a practice and GPs with names that are code."""
    bad = {"gp_name": "<script>alert(1)</script>", "title": '=HYPERLINK("http://x")', "meaning": "</style><b>"}
    tables = {
        name: dataclasses.replace(
            table,
            rows=[tuple(bad.get(column, value) for column, value in zip(table.header, row)) for row in table.rows],
        )
        for name, table in pack.tables.items()
    }  # fmt: skip
    return packs.Pack(dataclasses.replace(pack.practice, name="A&E <img src=x onerror=1>"), tables)


def test_names_are_text_and_nothing_else(handed: Handed, tmp_path: Path) -> None:
    """Flags a name that becomes part of a page's code, or a formula of a spreadsheet."""
    pack = hostile(handed.collected[0])
    report_back.write_folder(handed.facts, pack, tmp_path)
    folder = tmp_path / pack.practice.code
    for path in folder.glob("*.html"):
        page = Elements(path.read_text(encoding="utf-8"))
        assert not page.tags & {"script", "img", "b"} and len(page.ids) == len(set(page.ids))
    sheets = sheets_of(folder / f"{pack.practice.code}.xlsx")
    assert any("=HYPERLINK" in text for row in sheets["GPs"] for text in row.values())
    assert "'=HYPERLINK" in (folder / "gp_metrics.csv").read_text()


def test_the_same_results_give_the_same_bytes(handed: Handed, built: Folders, tmp_path: Path) -> None:
    """Flags a page or a spreadsheet with a clock, or an order by chance, in it."""
    again = hand_over(built.store, built.keys, tmp_path / "again")
    assert report_back.is_same(handed.folder, again.folder)


def test_several_processes_write_what_one_does(
    handed: Handed, built: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Flags a folder that is another when it is written beside others, or is not written at all."""
    monkeypatch.setattr(report_back, "ALONE", 3)
    again = hand_over(built.store, built.keys, tmp_path / "again")
    assert report_back.is_same(handed.folder, again.folder)


# ---- the collection before --------------------------------------------------------------------------


def test_the_collection_before_stands_beside_this_one(handed: Handed, built: Folders, tmp_path: Path) -> None:
    """Flags a practice that cannot see what it was told before, or is told something else; and a hand-over that is
    repeated and takes itself for the one before."""
    shutil.copytree(built.store, tmp_path / "store")
    marts = str(store.database_file(tmp_path / "store", store.MARTS))
    with duckdb.connect(marts) as connection:
        previous.keep(connection)
        previous.keep(connection)
    assert (
        "previous.csv"
        not in next(iter(hand_over(tmp_path / "store", built.keys, tmp_path / "same").packs.values())).tables
    )
    with duckdb.connect(marts) as connection:
        connection.execute(
            "update reference.int_collection__settings set collected_at = timestamptz '2017-07-02 09:00:00+01'"
        )
        connection.execute("update main.rpt_gp_metrics set value_text = '12.3' where value_text not in ('*', '')")
    later = hand_over(tmp_path / "store", built.keys, tmp_path / "later")
    pack = later.collected[0]
    before = {
        (row["area_level"], row["area_code"], row["metric_id"]): row
        for row in rows_of(later.folder / pack.practice.code / "previous.csv")
    }
    for row in rows_of(handed.folder / pack.practice.code / "gp_metrics.csv"):
        found = before["gp", row["gp_code"], row["metric_id"]]
        assert (found["value_text"], found["lower_95_ci"]) == (row["value_text"], row["lower_95_ci"])
        assert found["collected_at"] == "2017-04-02 09:00" and found["title"] == row["title"]
    page = Tables(later.page(pack.practice.code)).found
    about = next(iter(later.facts.metrics.values()))
    head, *rows = page[f"{about['title']}, {words.of('unit', about['unit'])}"]
    assert head[3] == "2 April 2017"
    first = Tables(handed.page(pack.practice.code)).found[f"{about['title']}, {words.of('unit', about['unit'])}"][1:]
    assert [row[3].lstrip("≈ ") for row in rows] == [row[1].lstrip("≈ ") for row in first]
    with duckdb.connect(marts) as connection:
        previous.keep(connection)
        connection.execute(
            "update reference.int_collection__settings set collected_at = timestamptz '2017-10-02 09:00:00+01'"
        )
        previous.keep(connection)
        [(kept,)] = connection.execute("select count(distinct collected_at) from history.told").fetchall()
    assert kept == 2


# ---- in a browser -----------------------------------------------------------------------------------


def kinds(handed: Handed) -> dict[str, str]:
    """A page of each kind: a practice with most on it, one that was not collected, and a GP."""
    fullest = max(handed.collected, key=lambda pack: handed.page(pack.practice.code).count("<svg"))
    missed = next(pack for pack in handed.packs.values() if not pack.practice.is_collected)
    gps = [gp for gp in reports.lists_of(fullest) if gp != "UNASSIGNED"]
    code = fullest.practice.code
    return {
        "practice": handed.page(code),
        "not collected": handed.page(missed.practice.code),
        "gp": max((handed.page(code, gp) for gp in gps), key=lambda page: page.count("<svg")),
    }


@needs_chromium
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("kind", ["practice", "not collected", "gp"])
def test_pages_can_be_read_by_everybody(handed: Handed, tmp_path: Path, kind: str, width: int) -> None:
    """Flags a page against WCAG 2.2 AA as far as axe-core sees it, and one that is wider than a telephone."""
    found = looked_at(kinds(handed)[kind], width, tmp_path)
    assert found["violations"] == []
    assert found["passes"] > 15 and found["width"] <= width


@needs_chromium
def test_the_browser_sees_what_is_wrong(handed: Handed, tmp_path: Path) -> None:
    """Flags a look that is content with anything."""
    page = kinds(handed)["gp"].replace('lang="en-GB"', "").replace("#46535f", "#dddddd")
    found = {rule for rule, _ in looked_at(page, 360, tmp_path)["violations"]}
    assert {"html-has-lang", "color-contrast"} <= found
