"""The contract with those who send: each deviation gets its verdict, and no row gets lost unseen.

Tiny files, read by DuckDB as the gateway reads them; no dbt. Rows sent = rows read + rows unreadable.
"""

import csv
import gzip
import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import duckdb
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import COLLECTION, examples, test_number
from gp_level_data.end import raw_destruction
from gp_level_data.project import SEEDS
from gp_level_data.raw import landing
from gp_level_data.raw.landing import look, salvaged
from gp_level_data.raw.landing.find import OF_OBJECTIONS
from gp_level_data.refusal import Refusal
from gp_level_data.shapes import Cells

FIXED = ["PRACTICE_CODE", "EXTRACTED_AT", "NHS_NUMBER", "USUAL_GP_CODE"]
METRICS = [metric.upper() for metric in landing.practice_metrics()]
HEADER = FIXED + METRICS
OPT_OUT_HEADER = "PRACTICE_CODE,NHS_NUMBER,CODE_SCHEME,CODE,EFFECTIVE_DATE,RECORDED_AT"
PRACTICE, GOOD_PRACTICE = "A81001", "B81001"
EXTRACTED_AT = "2017-04-01T02:00:00+01:00"
KINDS = {kind.relation: kind for kind in landing.file_kinds(COLLECTION)}
# A word no message may repeat: it stands for whatever a sender puts where it does not belong.
SECRET = "Wimbledon"
FLAGS = ["1", "0", "", "1"]


def row(stem: int, practice: str = PRACTICE) -> list[str]:
    return [practice, EXTRACTED_AT, test_number(stem), "G1000070", *FLAGS]


NAMED = f"{test_number(7)},{test_number(8)[:3]} {test_number(8)[3:6]} {test_number(8)[6:]}\n".encode()
NONE_NAMED = b"9990000019,827241000000103,99900000180,999-000 0018\n"


def in_archive(*contents: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, content in enumerate(contents):
            archive.writestr(f"{number}.xml", content)
    return packed.getvalue()


def as_parquet(*columns: list[str | int]) -> bytes:
    packed = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table({f"a{at}": column for at, column in enumerate(columns)}), packed)
    return packed.getvalue()


@pytest.mark.parametrize(
    "content",
    {
        "as it is": NAMED + NONE_NAMED,
        "UTF-16": NAMED.decode().encode("utf-16"),
        "UTF-16 without mark": NAMED.decode().encode("utf-16-le"),
        "gzip, cut off": gzip.compress(NAMED * 9, mtime=0)[:-5],
        "an archive of two": in_archive(NAMED, NONE_NAMED),
        "a workbook": in_archive(b"<t>A81001</t>", NAMED.replace(b",", b"</v></c><c><v>")),
        "Parquet": as_parquet([int(test_number(7)), 5], [test_number(8), "a"]),
    }.items(),
    ids=lambda case: str(case[0]),
)
def test_whom_a_refused_file_may_name_is_found(tmp_path: Path, content: tuple[str, bytes]) -> None:
    """Flags a form of file in which objections are passed over because the whole of it is refused."""
    path = tmp_path / "A81001.csv"
    path.write_bytes(content[1])
    assert salvaged.numbers(path) == [test_number(7), test_number(8)]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        NONE_NAMED,
        b"PAR1",
        b"\x1f\x8b",
        in_archive(),
        b"PK\x03\x04",
        in_archive(NONE_NAMED).replace(b"PK\x01\x02", b"PK??"),
    ],
)
def test_nobody_is_made_up(tmp_path: Path, content: bytes) -> None:
    """Flags a number that stands in no file, and a traceback for one that is damaged."""
    path = tmp_path / "A81001.csv"
    path.write_bytes(content)
    assert salvaged.numbers(path) == salvaged.numbers(tmp_path) == salvaged.numbers(tmp_path / "nothing") == []


def lines(*rows: list[str], end: str = "\n") -> bytes:
    return "".join(",".join(cells) + end for cells in rows).encode()


ROWS = [row(1), row(2), row(3)]
THREE = lines(HEADER, *ROWS)


def parquet(rows: list[list[str]]) -> Callable[[Path], None]:
    columns = {name: [cells[at] for cells in rows] for at, name in enumerate(HEADER)}
    return lambda path: pyarrow.parquet.write_table(pyarrow.table(columns), path)


@dataclass(frozen=True)
class Case:
    """A practice file, and what becomes of it: the rule that refuses it, or its rows sent and read."""

    content: bytes | Callable[[Path], None]
    rule: str | None = None
    sent: int | None = None
    read: int = 0
    name: str = f"{PRACTICE}.csv"


def reordered(cells: list[str]) -> list[str]:
    return cells[::-1]


CASES = {
    "as agreed": Case(THREE, None, 3, 3),
    # a whole file that breaks the contract
    "unknown column": Case(lines([*HEADER, "POSTCODE"], *([*cells, SECRET] for cells in ROWS)), "unknown_column", 3),
    "unknown column with a telling name": Case(lines([*HEADER, SECRET]), "unknown_column", 0),
    "missing column": Case(
        lines([*FIXED[:2], *HEADER[3:]], *([*cells[:2], *cells[3:]] for cells in ROWS)),
        "missing_column",
        3,
    ),
    "repeated column": Case(lines([*HEADER, METRICS[0]], *([*cells, "1"] for cells in ROWS)), "repeated_column", 3),
    "repeated column in another case": Case(
        lines([*HEADER, METRICS[0].lower()], *([*cells, "1"] for cells in ROWS)),
        "repeated_column",
        3,
    ),
    # the first row passes for a header, with the flag 1 twice
    "no header": Case(lines(*ROWS), "repeated_column"),
    "empty file": Case(b"", "empty_file", 0),
    "corrupt gzip": Case(gzip.compress(THREE)[:-12], "unreadable_file", name=f"{PRACTICE}.csv.gz"),
    "not gzip at all": Case(THREE, "unreadable_file", name=f"{PRACTICE}.csv.gz"),
    "gzip damaged in its middle": Case(
        gzip.compress(THREE)[:40] + b"\xff" * 20 + gzip.compress(THREE)[60:],
        "unreadable_file",
        name=f"{PRACTICE}.csv.gz",
    ),
    "not Parquet at all": Case(THREE, "unreadable_file", name=f"{PRACTICE}.parquet"),
    "header not UTF-8": Case(lines([*HEADER, "\xe9"]).decode().encode("latin-1"), "unknown_column"),
    "unexpected file name": Case(THREE, "unexpected_file_name", name=f"{SECRET}.csv"),
    "unexpected format": Case(THREE, "unexpected_file_name", name=f"{PRACTICE}.xlsx"),
    "lower-case practice code": Case(THREE, "unexpected_file_name", name="a81001.csv"),
    # forms that are welcome; at mixed line ends the engine's parser would stop the whole run
    "mixed line ends": Case(lines(HEADER) + lines(*ROWS, end="\r\n"), None, 3, 3),
    "carriage return within a line": Case(lines(HEADER, ROWS[0], [*ROWS[1][:3], "G10\r00070", *FLAGS]), None, 3, 1),
    "old Macintosh line ends": Case(lines(HEADER, *ROWS, end="\r"), None, 3, 3),
    "gzip": Case(gzip.compress(THREE), None, 3, 3, f"{PRACTICE}.csv.gz"),
    "Parquet": Case(parquet(ROWS), None, 3, 3, f"{PRACTICE}.parquet"),
    "CRLF": Case(lines(HEADER, *ROWS, end="\r\n"), None, 3, 3),
    "byte order mark": Case(b"\xef\xbb\xbf" + THREE, None, 3, 3),
    "byte order mark and CRLF": Case(b"\xef\xbb\xbf" + lines(HEADER, *ROWS, end="\r\n"), None, 3, 3),
    "no line end at the end": Case(THREE.rstrip(b"\n"), None, 3, 3),
    "other column order": Case(lines(*map(reordered, [HEADER, *ROWS])), None, 3, 3),
    "lower-case header": Case(lines([name.lower() for name in HEADER], *ROWS), None, 3, 3),
    "quoted fields": Case(lines(HEADER, *([f'"{cell}"' for cell in cells] for cells in ROWS)), None, 3, 3),
    "only the four fixed columns": Case(lines(FIXED, *(cells[:4] for cells in ROWS)), None, 3, 3),
    "header only": Case(lines(HEADER), "empty_file", 0),
    "cut off within its last line": Case(THREE[:-6], "last_line_cut_off", 3),
    "cut off, with a column beyond": Case(
        lines([*HEADER, SECRET], *([*cells, "1"] for cells in ROWS))[:-6], "unknown_column", 3
    ),
    # lines that cannot be read: left out, and missing from the count
    "a line of three megabytes": Case(
        lines(HEADER, ROWS[0], [*ROWS[1][:3], "G" * 3_000_000, *FLAGS], ROWS[2]), None, 3, 2
    ),
    "a column too few": Case(lines(HEADER, ROWS[0], ROWS[1][:-1], ROWS[2]), None, 3, 2),
    "a column too many": Case(lines(HEADER, ROWS[0], [*ROWS[1], SECRET], ROWS[2]), None, 3, 2),
    # one letter of Windows-1252 costs nothing
    "a line not UTF-8": Case(
        lines(HEADER, ROWS[0]) + lines([*ROWS[1][:3], "Z\xfcrich", *FLAGS]).decode().encode("latin-1") + lines(ROWS[2]),
        None,
        3,
        3,
    ),
    "first line too short": Case(lines(HEADER, ROWS[0][:2], *ROWS[1:]), None, 3, 2),
}


def write(raw_dir: Path, relative: str, content: bytes | Callable[[Path], None]) -> None:
    path = raw_dir / relative
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        content(path)


@pytest.fixture
def raw_dir(tmp_path: Path) -> Path:
    """A raw folder whose other files keep the contract; one good practice beside the one at test."""
    hospital = KINDS["hes_apc"].columns
    ods = [""] * len(landing.ODS_COLUMNS)
    write(tmp_path, "hes/apc_1617.csv", lines(list(hospital), ["1", *[""] * (len(hospital) - 1)]))
    write(tmp_path, "ods/epraccur.csv", lines([PRACTICE, *ods[1:]]))
    write(tmp_path, "ods/egpcur.csv", lines(["G1000070", *ods[1:]]))
    write(tmp_path, "cqrs/participation.csv", b"PRACTICE_CODE,SERVICE,STATUS,STATUS_DATE\nA81001,,,\n")
    write(tmp_path, f"gpes/opt_outs/{PRACTICE}.csv", f"{OPT_OUT_HEADER}\n".encode())
    good = lines(HEADER, row(101, GOOD_PRACTICE), row(102, GOOD_PRACTICE))
    write(tmp_path, f"gpes/{COLLECTION}/{GOOD_PRACTICE}.csv", good)
    return tmp_path


def land(raw_dir: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    landing.check_folder(raw_dir, COLLECTION)
    landing.create_relations(connection, raw_dir, COLLECTION)
    return connection


def rows_in(kind: landing.FileKind, file: landing.RawFile) -> int:
    with duckdb.connect() as connection:
        relation = landing.relation_sql(connection, kind, [file])
        [(count,)] = connection.execute(f"select count(*) from ({relation})").fetchall()
        return int(count)


def files(connection: duckdb.DuckDBPyConnection, kind: str = "practice_records") -> list[Cells]:
    return connection.execute(
        "select practice_code, refused_rule, row_count from landing.files where file_kind = ? order by all",
        [kind],
    ).fetchall()


def rows_read(connection: duckdb.DuckDBPyConnection, practice: str) -> list[Cells]:
    return connection.execute(
        "select nhs_number, usual_gp_code, metric_flags, extracted_at, practice_code"
        " from landing.practice_records where file_practice_code = ? order by all",
        [practice],
    ).fetchall()


@pytest.mark.parametrize("name", CASES)
def test_each_deviation_gets_its_verdict(raw_dir: Path, name: str) -> None:
    """Flags a file that is let in although it breaks the contract, or kept out although it keeps it.

    A column beyond the contract may identify people, so it refuses the file whole; a line that does
    not parse costs that line, and the row count shows it.
    """
    case = CASES[name]
    write(raw_dir, f"gpes/{COLLECTION}/{case.name}", case.content)
    connection = land(raw_dir)
    verdicts = [found for found in files(connection) if found[0] != GOOD_PRACTICE]
    assert len(verdicts) == 1
    _, rule, sent = verdicts[0]
    assert rule == case.rule
    if case.sent is not None:
        assert sent == case.sent
    assert len(rows_read(connection, PRACTICE)) == case.read


@pytest.mark.parametrize("name", CASES)
def test_other_files_are_unaffected(raw_dir: Path, name: str) -> None:
    """Flags one bad file that stops or shifts another practice's rows."""
    before = rows_read(land(raw_dir), GOOD_PRACTICE)
    write(raw_dir, f"gpes/{COLLECTION}/{CASES[name].name}", CASES[name].content)
    connection = land(raw_dir)
    is_same = rows_read(connection, GOOD_PRACTICE) == before and len(before) == 2
    assert is_same
    assert (GOOD_PRACTICE, None, 2) in files(connection)


@pytest.mark.parametrize("name", CASES)
def test_no_value_of_a_file_is_repeated(raw_dir: Path, name: str) -> None:
    """Flags a verdict that quotes the file: a column, a name or a value may identify somebody."""
    write(raw_dir, f"gpes/{COLLECTION}/{CASES[name].name}", CASES[name].content)
    found = str(land(raw_dir).execute("select * from landing.files").fetchall())
    values = [SECRET, *(cells[2] for cells in ROWS)]
    assert not any(value in found for value in values)


@pytest.mark.parametrize(
    "name",
    ["as agreed", "gzip", "Parquet", "CRLF", "mixed line ends", "old Macintosh line ends", "byte order mark", "byte order mark and CRLF",
     "other column order", "lower-case header", "quoted fields", "no line end at the end"],
)  # fmt: skip
def test_welcome_forms_mean_the_same(raw_dir: Path, name: str) -> None:
    """Flags a form whose values end up in other columns, or with signs that belong to the format."""
    write(raw_dir, f"gpes/{COLLECTION}/{CASES[name].name}", CASES[name].content)
    letters = {"1": "y", "0": "n", "": "-"}
    flags = "".join(letters[flag] for flag in FLAGS)
    wanted = sorted((cells[2], cells[3], flags, EXTRACTED_AT, PRACTICE) for cells in ROWS)
    is_same = rows_read(land(raw_dir), PRACTICE) == wanted
    assert is_same


def test_only_the_fixed_columns_means_nobody_is_eligible(raw_dir: Path) -> None:
    """Flags absent metric columns that count anybody."""
    case = CASES["only the four fixed columns"]
    write(raw_dir, f"gpes/{COLLECTION}/{case.name}", case.content)
    flags = {found[2] for found in rows_read(land(raw_dir), PRACTICE)}
    assert flags == {"-" * len(METRICS)}


def test_an_undefined_flag_is_marked(raw_dir: Path) -> None:
    """Flags a metric flag that is neither 1, 0 nor empty and passes for one of them."""
    write(raw_dir, f"gpes/{COLLECTION}/{PRACTICE}.csv", lines(HEADER, [*row(1)[:4], "2", "maybe", " 1 ", "01"]))
    assert [found[2] for found in rows_read(land(raw_dir), PRACTICE)] == ["??y?"]


@pytest.mark.parametrize("others", [("csv", "parquet"), ("csv", "csv.gz"), ("csv", "csv.gz", "parquet")])
def test_two_files_of_one_practice(raw_dir: Path, others: tuple[str, ...]) -> None:
    """Flags a choice between two files: nobody knows which one is meant, so neither is read."""
    contents: dict[str, bytes | Callable[[Path], None]] = {
        "csv": THREE,
        "csv.gz": gzip.compress(THREE),
        "parquet": parquet(ROWS[:2]),
    }
    for extension in others:
        write(raw_dir, f"gpes/{COLLECTION}/{PRACTICE}.{extension}", contents[extension])
    connection = land(raw_dir)
    rules = [rule for practice, rule, _ in files(connection) if practice == PRACTICE]
    assert rules == ["more_than_one_file"] * len(others)
    assert not rows_read(connection, PRACTICE)


def test_an_unterminated_quote(raw_dir: Path) -> None:
    """Flags a quote that swallows the lines after it without a trace in the counts."""
    damaged = [*ROWS[1][:3], f'"{SECRET}', *FLAGS]
    write(raw_dir, f"gpes/{COLLECTION}/{PRACTICE}.csv", lines(HEADER, ROWS[0], damaged, ROWS[2]))
    connection = land(raw_dir)
    assert (PRACTICE, None, 3) in files(connection)
    read = rows_read(connection, PRACTICE)
    assert len(read) < 3
    # What could be read is as it was sent: a swallowed line never becomes part of another's value.
    is_clean = all(cells[1] == "G1000070" and len(cells[2]) == len(METRICS) for cells in read)
    assert is_clean


def test_a_line_break_within_quotes(raw_dir: Path) -> None:
    """Flags more rows read than sent: a quoted line break must not add a line, or hide one."""
    broken = [*ROWS[1][:3], '"G10\n00070"', *FLAGS]
    write(raw_dir, f"gpes/{COLLECTION}/{PRACTICE}.csv", lines(HEADER, ROWS[0], broken, ROWS[2]))
    connection = land(raw_dir)
    (sent,) = [count for practice, _, count in files(connection) if practice == PRACTICE]
    assert sent >= len(rows_read(connection, PRACTICE))


def test_damaged_opt_out_lines_show(raw_dir: Path) -> None:
    """Flags an opt-out line that cannot be read and is not missed: it may be somebody's objection."""
    whole = [PRACTICE, test_number(1), "READ2", "9Nu0.", "2016-01-01", "2016-01-01T10:00:00"]
    for number, damaged in enumerate((whole[:-1], [*whole, SECRET], [*whole[:3], '"9Nu0.', *whole[4:]])):
        write(
            raw_dir,
            f"gpes/opt_outs/{PRACTICE}.csv",
            f"{OPT_OUT_HEADER}\n".encode() + lines(whole, damaged, whole),
        )
        connection = land(raw_dir)
        ((read,),) = connection.execute("select count(*) from landing.opt_outs").fetchall()
        ((_, rule, sent),) = files(connection, "opt_outs")
        assert (rule, sent) == (None, 3), number
        assert read < sent, number


PIECES = [b"A", b"9Nu0.", b",", b",,,,,", b'"', b'""', b"\r", b"\r\n", b"\n", b"\0", b"\xff", b" ", b"\x1a"]
WHOLE_LINE = b"A81001,,READ2,9Nu0.,2016-01-01,\n"


@examples(150)
@given(st.lists(st.one_of(st.just(WHOLE_LINE), st.sampled_from(PIECES)), max_size=12))
def test_whatever_a_file_holds(tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes]) -> None:
    """Flags a file that stops the run of all practices, and rows read that were never sent.

    A surplus would cover up a line that was lost; so more lines than rows, never the reverse.
    """
    path = tmp_path_factory.mktemp("any") / f"{PRACTICE}.csv"
    path.write_bytes(f"{OPT_OUT_HEADER}\n".encode() + b"".join(pieces))
    kind = KINDS["opt_outs"]
    file = landing.look_at(landing.RawFile(kind, path, path.name, "csv", PRACTICE))
    if file.refused_rule is None:
        read = rows_in(kind, file)
        assert file.row_count is not None and file.row_count >= read


@pytest.mark.parametrize("relative", ["hes/apc_1516.csv", "ods/epraccur.csv", "cqrs/participation.csv"])
def test_a_refused_national_file_stops_the_run(raw_dir: Path, relative: str) -> None:
    """Flags a run that goes on without a hospital file, say, and reports that nobody was admitted."""
    write(raw_dir, relative, b"SOMETHING,ELSE\n1,2\n")
    with pytest.raises(Refusal, match=relative.partition(".")[0]):
        land(raw_dir)


def test_misplaced_files_are_destroyed_as_well(raw_dir: Path) -> None:
    """Flags a file in a folder among those of people that is left when the raw files are destroyed."""
    nested = f"gpes/opt_outs/2017/{PRACTICE}.csv"
    write(raw_dir, nested, THREE)
    found = dict(raw_destruction.people_files(raw_dir, COLLECTION))
    assert found["gpes/opt_outs/(unexpected name)"] == raw_dir / nested
    assert f"gpes/opt_outs/{PRACTICE}.csv" in found and not any("ods" in name for name in found)


def test_what_is_called_like_objections_is_told_in_every_folder(raw_dir: Path) -> None:
    """Flags a file that neither stops the run nor is among those that nobody reads."""
    write(raw_dir, "ods/objections.csv", THREE)
    write(raw_dir, "gpes/objections.csv", THREE)
    assert landing.not_of_the_contract(raw_dir, COLLECTION) == [Path("ods/objections.csv")]
    assert raw_dir / "gpes/objections.csv" in [file.path for file in landing.files_of(KINDS["opt_outs"], raw_dir)]


OF_THEIR_OWN_NAME = [
    "type1", "type_1", "type-1", "type 1", "type2", "Type_2.csv", "late_type_1.csv", "TYPE-2 2017.xlsx", "type_1_2017.csv",
]  # fmt: skip


@pytest.mark.parametrize("name", OF_THEIR_OWN_NAME)
@pytest.mark.parametrize("folder", ["", "gpes/"])
def test_objections_under_their_own_name_stop_the_run(raw_dir: Path, name: str, folder: str) -> None:
    """Flags Type 1 or Type 2 objections beside the folder of the opt-outs that are only told among what nobody reads."""
    write(raw_dir, f"{folder}{name}" if "." in name else f"{folder}{name}/{PRACTICE}.csv", THREE)
    with pytest.raises(Refusal, match="it may hold anybody's objection"):
        land(raw_dir)


def test_nothing_that_is_expected_is_called_like_objections() -> None:
    """Flags a folder or file of the contract, of any collection, that would stop every run."""
    kinds = {kind for each in chain(*landing.COLLECTED.values()) for kind in landing.file_kinds(each)}
    names = {name for kind in kinds for name in Path(kind.example).parts if kind.relation != "opt_outs"}
    assert len(names) > 10
    others = {*names, "ndop", "prototype_1.csv", "type_12", "types", "opt_out_extractions.csv.gz"}
    assert [name for name in others if OF_OBJECTIONS.match(name)] == []


@pytest.mark.parametrize(
    ("name", "is_passed_over"),
    [(f"{PRACTICE}.asc", False), (f"{PRACTICE}.sig", False), (f"{PRACTICE}.pgp", False), (f"{PRACTICE}.gpg", False),
     (f"{PRACTICE}.v2.asc", False), (f"{PRACTICE}.csv.gpg", False), (f"{PRACTICE}.csv.asc", True),
     (f"{PRACTICE}.csv.gz.sig", True), (f"{PRACTICE}.zip.SIG", True), ("README.txt.asc", True), ("SHA256SUMS.asc", True),
     (f"{PRACTICE}.csv.md5", True)],
)  # fmt: skip
def test_only_a_whole_files_signature_is_passed_over(raw_dir: Path, name: str, is_passed_over: bool) -> None:
    """Flags encrypted opt-outs, beside a file of nothing but its header, that are taken for a signature of it."""
    write(raw_dir, f"gpes/opt_outs/{name}", b"-----BEGIN PGP MESSAGE-----\n")
    rules = {rule for _, rule, _ in files(land(raw_dir), "opt_outs")}
    assert rules == {None if is_passed_over else "more_than_one_file"}
    assert (Path(f"gpes/opt_outs/{name}") in landing.passed_over(raw_dir, COLLECTION)) == is_passed_over


def test_a_folder_that_nobody_may_look_into(raw_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flags a traceback, or a folder without a word, where the rights of whoever runs it end."""
    write(raw_dir, "kept/apart.csv", THREE)
    write(raw_dir, "lost+found/apart.csv", THREE)
    look = Path.iterdir

    def forbidden(path: Path) -> Iterator[Path]:
        if path.name in ("kept", "lost+found"):
            raise PermissionError
        return look(path)

    monkeypatch.setattr(Path, "iterdir", forbidden)
    assert landing.not_of_the_contract(raw_dir, COLLECTION) == [Path("kept")]


def test_what_this_account_may_not_read(raw_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flags a folder that seems empty, and a file that its sender would be asked to write anew."""
    monkeypatch.setattr(look, "unpacked", forbidden)
    [file] = [found for found in landing.files_of(KINDS["opt_outs"], raw_dir) if found.practice_code == PRACTICE]
    found = landing.look_at(file)
    assert (found.refused_rule, found.detail) == ("unreadable_file", "this account may not read it")
    closed = raw_dir / "gpes" / "opt_outs"
    monkeypatch.setattr("os.scandir", lambda path: forbidden() if Path(path) == closed else nullcontext(()))
    with pytest.raises(Refusal, match="cannot be read by this account: its folder gpes/opt_outs"):
        landing.check_folder(raw_dir, COLLECTION)


def forbidden(*_: object) -> None:
    raise PermissionError


def test_hidden_files_are_nobodys(raw_dir: Path) -> None:
    """Flags a file system's own litter that is taken for a practice's file."""
    write(raw_dir, f"gpes/{COLLECTION}/.DS_Store", SECRET.encode())
    assert files(land(raw_dir)) == [(GOOD_PRACTICE, None, 2)]


def test_columns_that_are_not_needed_are_never_read(raw_dir: Path) -> None:
    """Flags a hospital column beyond the needed ones that reaches a relation."""
    hospital = list(KINDS["hes_apc"].columns)
    write(
        raw_dir,
        "hes/apc_1617.csv",
        lines([*hospital, "HOMEADD"], ["1", *[""] * (len(hospital) - 1), SECRET]),
    )
    connection = land(raw_dir)
    found = connection.execute("select * from landing.hes_apc")
    wanted = [*map(str.lower, hospital), "file_name"]
    assert sorted(column[0] for column in found.description) == sorted(wanted)
    assert SECRET not in str(found.fetchall())


def test_the_metrics_of_the_seed_are_the_optional_columns() -> None:
    """Flags a metric of seeds/metrics.csv that practices send and the contract does not know."""
    with (SEEDS / "metrics.csv").open(encoding="utf-8") as file:
        wanted = {row["metric_id"].upper() for row in csv.DictReader(file) if row["origin"] == "practice"}
    assert set(KINDS["practice_records"].optional) == wanted


@pytest.mark.parametrize("missing", ["hes", "ods", "cqrs", "gpes"])
def test_a_kind_of_file_that_is_missing_altogether(raw_dir: Path, missing: str) -> None:
    """Flags a run without hospital data, say, which would report that nobody was admitted."""
    for path in sorted((raw_dir / missing).rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    with pytest.raises(Refusal, match=missing):
        land(raw_dir)


@pytest.mark.parametrize(("year", "is_one"), [("1617", True), ("9900", True), ("2016", False), ("1618", False)])
def test_a_hospital_year_begins_in_april(tmp_path: Path, year: str, is_one: bool) -> None:
    """Flags a calendar year: beside the files of 1516 and 1617 nobody would notice that a year is there twice."""
    kinds = {kind.relation: kind for kind in landing.file_kinds("care_data")}
    for relation in ("hes_apc", "social_care"):
        path = tmp_path / kinds[relation].example.replace("1617", year)
        path.parent.mkdir()
        path.touch()
        [found] = landing.files_of(kinds[relation], tmp_path)
        assert found.refused_rule == (None if is_one else "unexpected_file_name")
