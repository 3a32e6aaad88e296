"""Whatever form a sender's tool gives a file: what is written is read, or the file is refused by a rule.

Drawn by lot: delimiter, quotation marks, encoding, line ends, empty lines, empty columns at the end, order and case of
the columns, packing, types of Parquet, folders above. Plain Python writes the rows and says what must be read; it
shares no code with the reader. Messages hold counts only.
"""

import csv
import gzip
import io
import json
import random
import shutil
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import duckdb
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import COLLECTION, SAMPLE, examples, test_number
from gp_level_data.custody import store
from gp_level_data.raw import landing, ndop_files
from gp_level_data.raw.landing import delimited, packed
from gp_level_data.shapes import Row

KINDS = {kind.relation: kind for kind in landing.file_kinds(COLLECTION)}
PRACTICE = "A81001"
CELLS = st.one_of(
    st.sampled_from(
        ["", "A81001", "2016-01-01", "x y", "ST JOHN\u2019S", "O'BRIEN", "SMITH, J", "A|B", "A\tB", 'THE "OLD" SURGERY',
         "two\nlines", "two\r\nlines", "\u20ac 5", "\u00e9", "  padded ", "9Nu0."]
    ),
    st.text(st.sampled_from("abcXYZ019 .,;|'-\u00e9\u0160\u20ac"), max_size=12),
)  # fmt: skip


@dataclass(frozen=True)
class Form:
    """How a file is written."""

    delimiter: str
    encoding: str
    end: str
    quoting: Literal[0, 1]  # as the module csv has it: where needed, or all
    tail: int
    packing: str
    order: int
    is_lower: bool
    blanks: tuple[int, ...]
    has_last_end: bool


FORMS = st.builds(
    Form,
    st.sampled_from(",\t|"),
    st.sampled_from(["utf-8", "utf-8-sig", "cp1252"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.integers(0, 2),
    st.sampled_from(["", "", "gz", "members", "padded", "zip"]),
    st.integers(0, 1000),
    st.booleans(),
    st.lists(st.integers(0, 5), max_size=3).map(tuple),
    st.booleans(),
)


def order_of(columns: Iterable[str], seed: int) -> list[str]:
    columns = list(columns)
    random.Random(seed).shuffle(columns)
    return columns


def written(header: list[str], rows: list[list[str]], form: Form) -> bytes:
    """The file as a program would write it, with the oddities of its form."""
    text = io.StringIO()
    # Python's writer takes only its own line end for one.
    is_broken = any("\n" in cell for row in rows for cell in row)
    quoting: Literal[0, 1] = csv.QUOTE_ALL if is_broken else form.quoting
    writer = csv.writer(text, delimiter=form.delimiter, lineterminator=form.end, quoting=quoting)
    tail = [""] * form.tail
    for at, row in enumerate([[name.lower() if form.is_lower else name for name in header], *rows]):
        text.write(("   ", form.delimiter * 3)[at % 2] * form.blanks.count(at) + form.end * form.blanks.count(at))
        writer.writerow([*row, *tail])
    content = text.getvalue()
    if not form.has_last_end:
        content = content.removesuffix(form.end)
    return content.encode(form.encoding)


def packed_as(data: bytes, packing: str) -> tuple[bytes, str]:
    if packing == "zip":
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr("as it was.txt", data)
        return archive.getvalue(), ".zip"
    half = len(data) // 2
    return {
        "": (data, ".csv"),
        "gz": (gzip.compress(data), ".CSV.gz"),
        "members": (gzip.compress(data[:half]) + gzip.compress(data[half:]), ".txt.gz"),
        "padded": (gzip.compress(data) + bytes(100), ".csv.GZ"),
    }[packing]


def read(kind: landing.FileKind, path: Path, columns: Iterable[str]) -> tuple[landing.RawFile, Counter[Any]]:
    """What a look says of a file, and its rows as the gateway sees them."""
    [file] = [
        file
        for file in landing.files_of(kind, path.parents[len(Path(kind.folder).parts)])
        if file.path.name == path.name
    ]
    file = landing.look_at(file)
    if file.refused_rule:
        return file, Counter()
    with duckdb.connect(config={"threads": 2}) as connection:
        relation = landing.relation_sql(connection, kind, [file])
        rows = connection.execute(f"select {', '.join(columns)} from ({relation})").fetchall()
    return file, Counter(tuple(value or "" for value in row) for row in rows)


def place(folder: Path, kind: landing.FileKind, ending: str, content: bytes) -> Path:
    path = folder / kind.folder / f"{PRACTICE}{ending}"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return path


@examples(250)
@given(form=FORMS, rows=st.lists(st.lists(CELLS, min_size=6, max_size=6), max_size=6))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, form: Form, rows: list[list[str]]) -> None:
    """Flags a value that is lost, changed or put into another column, and a count of rows that is wrong."""
    kind = KINDS["opt_outs"]
    columns = order_of(kind.columns, form.order)
    data, ending = packed_as(written(columns, rows, form), form.packing)
    path = place(tmp_path_factory.mktemp("form"), kind, ending, data)
    file, found = read(kind, path, columns)
    assert file.refused_rule is None, "a good file is refused"
    said = [tuple(row) for row in rows if any(cell.strip(" \t|,\"'\xa0\r\n") for cell in row)]
    difference = found - Counter(said), Counter(said) - found
    counts = file.row_count, *(side.total() for side in difference)
    assert counts == (len(said), 0, 0)


PLAIN = st.lists(st.sampled_from(["", "A81001", "2016-01-01", "9Nu0.", "\u00e9"]), min_size=6, max_size=6)


@examples(150)
@given(
    form=FORMS,
    rows=st.lists(PLAIN, min_size=2, max_size=6),
    where=st.integers(0, 5),
    change=st.sampled_from(["short", "long", "open", "swallow"]),
)
def test_a_row_that_is_lost_is_counted(
    tmp_path_factory: pytest.TempPathFactory, form: Form, rows: list[list[str]], where: int, change: str
) -> None:
    """Flags a line that cannot be read and is not missed, or rows that an open quotation mark swallows unseen:
    each may be somebody's objection."""
    kind = KINDS["opt_outs"]
    form = replace(form, quoting=csv.QUOTE_MINIMAL, tail=0)
    rows = [["A81001", *row[1:5], "end"] for row in rows]
    # To swallow a row there must be one below.
    at = where % (len(rows) - (change == "swallow"))
    rows[at] = {"short": rows[at][:2], "long": [*rows[at], "x"]}.get(change, rows[at])
    lines = written(list(kind.columns), rows, form).decode(form.encoding).split(f"{form.delimiter}end")
    if change in ("open", "swallow"):
        # The mark opens in the last cell of a row, and closes in the last cell of another one or never.
        lines[at] += f'{form.delimiter}"open'
        if at < len(rows) - 1:
            lines[-2] += f'{form.delimiter}end"' if change == "swallow" else f"{form.delimiter}end"
        text = "".join(
            line if number in (at, len(rows) - 1) or number == len(rows) else f"{line}{form.delimiter}end"
            for number, line in enumerate(lines)
        )
    else:
        text = f"{form.delimiter}end".join(lines)
    data, ending = packed_as(text.encode(form.encoding), form.packing)
    path = place(tmp_path_factory.mktemp("lost"), kind, ending, data)
    file, found = read(kind, path, kind.columns)
    counts = (file.row_count or 0) - found.total(), (file.row_count or 0) - len(rows)
    assert file.refused_rule or (counts[0] > 0 and counts[1] >= 0)


# Types of Parquet: a value, its type, and the text that a CSV would have.


NUMBERS = st.integers(0, 900_000).map(lambda stem: int(test_number(stem)))
TYPED: dict[str, tuple[st.SearchStrategy[Any], pyarrow.DataType, Callable[[Any], str]]] = {
    "text": (NUMBERS.map(str), pyarrow.string(), str),
    "large text": (NUMBERS.map(str), pyarrow.large_string(), str),
    "dictionary": (NUMBERS.map(str), pyarrow.dictionary(pyarrow.int16(), pyarrow.string()), str),
    "int64": (NUMBERS, pyarrow.int64(), str),
    "uint64": (NUMBERS, pyarrow.uint64(), str),
    "double": (NUMBERS.map(float), pyarrow.float64(), lambda value: str(int(value))),
    "decimal": (NUMBERS.map(Decimal), pyarrow.decimal128(18, 4), lambda value: str(int(value))),
    "wide decimal": (NUMBERS.map(Decimal), pyarrow.decimal128(38, 2), lambda value: str(int(value))),
    "bytes": (NUMBERS.map(lambda number: str(number).encode()), pyarrow.binary(), bytes.decode),
    "boolean": (st.booleans(), pyarrow.bool_(), lambda value: "true" if value else "false"),
    "small": (st.integers(-128, 127), pyarrow.int8(), str),
    "day": (st.dates(date(1900, 1, 1), date(2100, 1, 1)), pyarrow.date32(), date.isoformat),
    "moment": (
        st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1)).map(lambda moment: moment.replace(microsecond=0)),
        pyarrow.timestamp("us"),
        lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}" if f"{moment:%H%M%S}" != "000000" else f"{moment:%Y-%m-%d}",
    ),
    "midnight": (
        st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1)).map(lambda moment: datetime(*moment.timetuple()[:3])),
        pyarrow.timestamp("ns"),
        lambda moment: f"{moment:%Y-%m-%d}",
    ),
    "instant": (
        st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1)).map(lambda m: datetime(m.year, m.month, m.day, m.hour, 17, 3, tzinfo=UTC)),
        pyarrow.timestamp("us", "America/New_York"),
        lambda moment: f"{moment:%Y-%m-%dT%H:%M:%SZ}",
    ),
    "nothing": (st.none(), pyarrow.null(), str),
}  # fmt: skip


@examples(150)
@given(data=st.data())
def test_every_type_says_the_same(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Flags a value that a type changes, and a type that stops the run; each column draws its own."""
    kind = KINDS["opt_outs"]
    columns = order_of(kind.columns, data.draw(st.integers(0, 1000)))
    count = data.draw(st.integers(1, 4))
    table, texts = {}, []
    for name in columns:
        chosen = data.draw(
            st.sampled_from(sorted(set(TYPED) - {"moment", "midnight", "instant"} if name == "RECORDED_AT" else TYPED))
        )
        values, arrow, as_text = TYPED[chosen]
        drawn = data.draw(st.lists(st.one_of(st.none(), values), min_size=count, max_size=count))
        table[name.lower()] = pyarrow.array(drawn, arrow)
        texts.append(["" if value is None else as_text(value) for value in drawn])
    folder = tmp_path_factory.mktemp("typed")
    path = place(folder, kind, ".parquet", b"")
    pyarrow.parquet.write_table(pyarrow.table(table), path)
    file, found = read(kind, path, columns)
    said = Counter(row for row in zip(*texts) if any(row))
    assert file.refused_rule is None, "a good file is refused"
    counts = file.row_count, (found - said).total(), (said - found).total()
    assert counts == (said.total(), 0, 0)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([float(test_number(7))], pyarrow.float32()),
        ([827241000000103.0 * 1000], pyarrow.float64()),
        ([60000.0], pyarrow.float16()),
    ],
    ids=["float of four bytes", "double beyond what it holds", "float of two bytes"],
)
def test_digits_that_are_lost_are_told(tmp_path: Path, values: list[float], kind: pyarrow.DataType) -> None:
    """Flags a rounded number that passes for a whole one: it would be another person's, or another code."""
    table = {name: pyarrow.array([None]) for name in KINDS["opt_outs"].columns}
    path = place(tmp_path, KINDS["opt_outs"], ".parquet", b"")
    pyarrow.parquet.write_table(pyarrow.table(table | {"CODE": pyarrow.array(values, kind)}), path)
    file, found = read(KINDS["opt_outs"], path, ["code"])
    assert file.refused_rule is None
    [(text,)] = found
    assert "e+" in text


@pytest.mark.parametrize(
    "values",
    [
        pyarrow.array([Decimal(1)], pyarrow.decimal256(50, 0)), pyarrow.array([[1]]), pyarrow.array([{"a": 1}]),
        pyarrow.array([1], pyarrow.time32("s")), pyarrow.array([1], pyarrow.duration("s")),
    ],
    ids=["decimal of fifty digits", "list", "struct", "time", "duration"],
)  # fmt: skip
def test_types_that_are_not_read_are_refused(tmp_path: Path, values: pyarrow.Array) -> None:
    """Flags a type that holds no single value, or of which the engine makes another value."""
    table = {name: pyarrow.array(["x"]) for name in KINDS["opt_outs"].columns} | {"CODE": values}
    path = place(tmp_path, KINDS["opt_outs"], ".parquet", b"")
    pyarrow.parquet.write_table(pyarrow.table(table), path)
    file, _ = read(KINDS["opt_outs"], path, ["code"])
    assert (file.refused_rule, file.detail) == ("unusable_column_type", "CODE is of a type that is not read")


def test_each_file_is_read_by_its_own_types(tmp_path: Path) -> None:
    """Flags practices whose types differ: one practice's file may never end the run of another."""
    kind = KINDS["practice_records"]
    numbers = [int(test_number(stem)) for stem in range(6)]
    forms = [
        pyarrow.array(numbers), pyarrow.array(map(str, numbers)), pyarrow.array(numbers, pyarrow.float64()),
        pyarrow.nulls(6), pyarrow.array(map(Decimal, numbers)), pyarrow.array(map(str, numbers)).dictionary_encode(),
    ]  # fmt: skip
    flags = [pyarrow.array([True] * 6), pyarrow.array([1] * 6), pyarrow.array(["1"] * 6), pyarrow.nulls(6)]
    for at, form in enumerate(forms):
        path = tmp_path / kind.folder / f"A8100{at}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        table = {"PRACTICE_CODE": [path.stem] * 6, "EXTRACTED_AT": [datetime(2017, 4, 1, 2)] * 6, "NHS_NUMBER": form}
        table |= {"USUAL_GP_CODE": ["G1000070"] * 6, kind.optional[0]: flags[at % len(flags)]}
        pyarrow.parquet.write_table(pyarrow.table(table), path)
    files = [landing.look_at(file) for file in landing.files_of(kind, tmp_path)]
    assert [file.refused_rule for file in files] == [None] * len(forms)
    with duckdb.connect() as connection:
        relation = landing.relation_sql(connection, kind, files)
        found = connection.execute(
            f"select file_practice_code, count(*), count(nhs_number), any_value(left(metric_flags, 1)),"
            f" any_value(extracted_at) from ({relation}) group by 1 order by 1"
        ).fetchall()
    letters = "yyy-yy"
    moment = "2017-04-01T02:00:00"
    assert found == [(f"A8100{at}", 6, 6 * (at != 3), letters[at], moment) for at in range(6)]


# ---- paths ----------------------------------------------------------------------------------------

ODD_FOLDERS = [
    "code=x/date=2017-03-01/status=final",
    "nhs_number=1/epikey=1/admimeth=11/file_practice_code=B81001",
    '[abc] *?{x}\'s "folder" % é ü/..double',
]


def landed(raw_dir: Path) -> dict[str, Counter[Any]]:
    """Every relation of the schema landing, as the gateway's closed connection reads it."""
    with duckdb.connect(config={"threads": 2}) as connection:
        landing.create_relations(connection, raw_dir, COLLECTION)
        ndop_files.create_relations(connection, raw_dir)
        store.close_to_the_outside(connection, raw_dir)
        # dbt asks by cursors of its own.
        cursor = connection.cursor()
        tables = cursor.execute(
            "select table_name from information_schema.tables where table_schema = 'landing'"
        ).fetchall()
        # Whether the folder is synthetic does not matter here.
        return {
            name: Counter(cursor.execute(f"from landing.{name}").fetchall()) for (name,) in tables if name != "folder"
        }


@pytest.fixture(scope="module")
def sample_as_it_lies() -> dict[str, Counter[Any]]:
    return landed(SAMPLE)


@pytest.mark.parametrize("below", ODD_FOLDERS)
def test_nothing_is_taken_from_a_path(tmp_path: Path, sample_as_it_lies: dict[str, Counter[Any]], below: str) -> None:
    """Flags a folder's name that becomes a value, a pattern or a piece of SQL: it is no data."""
    raw_dir = tmp_path / below
    shutil.copytree(SAMPLE, raw_dir)
    found = landed(raw_dir)
    assert found.keys() == sample_as_it_lies.keys() and len(found) > 10
    assert [name for name in found if found[name] != sample_as_it_lies[name]] == []


# ---- the Organisation Data Service's interface -----------------------------------------------------


def organisation(code: str, **changes: object) -> Row:
    """A practice as the interface gives it, in short."""
    return {
        "Name": "THE SURGERY",
        "Date": [{"Type": "Legal", "Start": "1990-01-01"}, {"Type": "Operational", "Start": "1974-04-01"}],
        "OrgId": {"root": "2.16.840.1.113883.2.1.3.2.4.18.48", "extension": code},
        "Status": "Active",
        "GeoLoc": {"Location": {"PostCode": "TS1 1AA", "Country": "ENGLAND"}},
        "Roles": {"Role": [
            {"id": "RO177", "primaryRole": True, "Status": "Active"},
            {"id": "RO87", "Status": "Inactive"},
            {"id": "RO76", "Status": "Active"},
        ]},
        "Rels": {"Rel": [
            {"id": "RE4", "Status": "Inactive", "Date": [{"Type": "Operational", "Start": "2001-04-01", "End": "2013-03-31"}],
             "Target": {"OrgId": {"extension": "5D9"}}},
            {"id": "RE8", "Status": "Active", "Target": {"OrgId": {"extension": "XXX"}}},
            {"id": "RE4", "Status": "Active", "Date": [{"Type": "Operational", "Start": "2013-04-01"}],
             "Target": {"OrgId": {"extension": "00K"}}},
        ]},
    } | changes  # fmt: skip


@pytest.mark.parametrize(
    "bundle",
    [
        lambda found: json.dumps(found),
        lambda found: json.dumps([{"Organisation": one} for one in found]),
        lambda found: json.dumps({"Organisations": [{"Organisation": one} for one in found]}),
        lambda found: "\n".join(json.dumps({"Organisation": one}) for one in found) + "\n",
    ],
    ids=["list", "list of answers", "object", "one a line"],
)
def test_a_register_in_json(tmp_path: Path, bundle: Callable[[list[Row]], str]) -> None:
    """Flags an organisation of the interface that comes out otherwise than in the legacy layout."""
    closed = {"Status": "Inactive", "Date": [{"Type": "Operational", "Start": "1974-04-01", "End": "2016-12-31"}]}
    bare = {"Roles": {"Role": [{"id": "RO177", "primaryRole": True, "Status": "Active"}]}, "Rels": {}, "GeoLoc": {}}
    documents = [organisation("A81001"), organisation("A81002", **closed), organisation("A81003", **bare)]
    kind = KINDS["ods_practices"]
    (tmp_path / "ods").mkdir()
    (tmp_path / "ods/epraccur.json").write_text(bundle(documents), encoding="utf-8")
    [file] = map(landing.look_at, landing.files_of(kind, tmp_path))
    assert (file.refused_rule, file.row_count) == (None, 3)
    with duckdb.connect() as connection:
        relation = landing.relation_sql(connection, kind, [file])
        found = connection.execute(
            "select organisation_code, name, open_date, close_date, status_code, parent_organisation_code,"
            f" join_parent_date, left_parent_date, prescribing_setting from ({relation}) order by 1"
        ).fetchall()
    assert found == [
        ("A81001", "THE SURGERY", "1974-04-01", None, "Active", "00K", "2013-04-01", None, "RO76"),
        ("A81002", "THE SURGERY", "1974-04-01", "2016-12-31", "Inactive", "00K", "2013-04-01", None, "RO76"),
        ("A81003", "THE SURGERY", "1974-04-01", None, "Active", None, None, None, None),
    ]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "3", '{"a": 1}', '[["x"]]', '{"Organisations": [{"OrgId": "A81001"}]}']
)
def test_other_json_is_refused(tmp_path: Path, text: str) -> None:
    """Flags JSON of another shape that stops the run without words, or is read as no practice at all."""
    (tmp_path / "ods").mkdir()
    (tmp_path / "ods/epraccur.json").write_text(text, encoding="utf-8")
    [file] = map(landing.look_at, landing.files_of(KINDS["ods_practices"], tmp_path))
    assert file.refused_rule in ("unreadable_file", "empty_file")


# ---- blocks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("block", [7, 64, 1000])
def test_blocks_end_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    """Flags a line, a letter or a quotation mark that is counted twice or missed where two blocks meet."""
    kind = KINDS["opt_outs"]
    # The head holds the first rows in any case.
    head = 1000
    rows = [["A81001", f"{at}", "CTV3", 'a "b", c', "\u20ac \u00e9", "2016-01-01"] for at in range(300)]
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([kind.columns, *rows])
    path = place(tmp_path, kind, ".csv", text.getvalue().replace("\r\n", "\r\n\r\n").encode())
    with path.open("rb") as stream:
        first = stream.read(head)
        read_first = delimited.read_head(kind, first)
        assert read_first
        monkeypatch.setattr(delimited, "BLOCK", block)
        counted = delimited.count(stream, first, read_first[0])
    assert (counted.lines, counted.is_windows, counted.is_odd) == (301, False, False)


def test_an_archive_of_everything_is_not_unpacked_at_once(tmp_path: Path) -> None:
    """Flags a packed file of which more than a block is held at a time."""
    path = tmp_path / "zeros.csv.gz"
    path.write_bytes(gzip.compress(bytes(200 * 1024 * 1024), 1))
    with packed.unpacked(path, "gz") as stream:
        sizes = [len(piece) for piece in iter(lambda: stream.raw.read(packed.BLOCK), b"")]
    assert sum(sizes) == 200 * 1024 * 1024 and max(sizes) <= packed.BLOCK


def test_codes_in_columns_of_their_own(tmp_path: Path) -> None:
    """Flags a diagnosis or procedure that is lost where each has a column of its own."""
    kind = KINDS["hes_apc"]
    others = [name for name in kind.columns if not name.startswith(("DIAG", "OPERTN"))]
    diagnoses = {f"DIAG_{at:02}": code for at, code in enumerate(["J459", "", "I10X", *[""] * 17], start=1)}
    procedures = {f"OPERTN_4_{at:02}": code for at, code in enumerate(["A818", "Y508", *[""] * 22], start=1)}
    row = dict.fromkeys(others, "1") | diagnoses | procedures
    names = order_of(row, 3)
    path = tmp_path / "hes/apc_1617.csv"
    path.parent.mkdir()
    path.write_text("|".join(names) + "\n" + "|".join(row[name] for name in names) + "\n")
    file, found = read(kind, path, ["diag_4_01", "diag_4_concat", "opertn_4_concat", "procode"])
    assert file.refused_rule is None
    assert found == Counter([("J459", "J459,I10X", "A818,Y508", "1")])


def test_the_artificial_extract_cannot_be_linked(tmp_path: Path) -> None:
    """Flags an extract under somebody else's pseudonyms that goes through, or is refused without saying why."""
    names = [name for name in KINDS["hes_apc"].columns if name != "NEWNHSNO"] + ["PSEUDO_HESID", "FYEAR"]
    path = tmp_path / "hes/apc_0102.csv"
    path.parent.mkdir()
    path.write_text(",".join(names) + "\n" + ",".join("1" for _ in names) + "\n")
    file, _ = read(KINDS["hes_apc"], path, ["epikey"])
    assert file.refused_rule == "people_not_linkable"
    assert file.detail and "NEWNHSNO" in file.detail and "PSEUDO_HESID" in file.detail
