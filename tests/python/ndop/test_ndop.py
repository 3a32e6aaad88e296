"""The exchange on National Data Opt-outs: what is asked, which replies are believed, who is permitted.

Only numbers of the test range, and none is printed: comparisons are by count or as a whole.
"""

import gzip
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import pyarrow
import pytest

from bench.vouching import vouch
from conftest import PROJECT, SAMPLE
from gp_level_data import project, releases
from gp_level_data.command_line import main
from gp_level_data.commands import ndop
from gp_level_data.custody import keys, store
from gp_level_data.custody.pseudonym import pseudonymiser
from gp_level_data.raw import ndop_files
from gp_level_data.raw.synthetic_folder import is_synthetic, write_marker
from gp_level_data.refusal import Refusal
from gp_level_data.runs.scratch_gateway import NO_TESTS, scratch_gateway
from gp_level_data.shapes import Cells

COLLECTION = "individual_gp_level_data"
MAILBOX = "8HQ50OT001"
FIRST, SECOND = "9990000018,\n", "9990000026,\n"
BOTH = FIRST + SECOND


class Lines(list[Any]):
    """Lines of an exchange, which a failing test shows as a number of lines."""

    def __repr__(self) -> str:
        return f"<{len(self)} lines>"


def put(raw_dir: Path, direction: str, name: str, content: str | bytes) -> None:
    path = raw_dir / ndop_files.FOLDERS[direction] / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


# What the reply to a request about two people says, and what is wrong with it.
REPLIES: dict[str, tuple[str | bytes, str | None]] = {
    "both": (BOTH, None),
    "one twice": (FIRST + FIRST, None),
    "CRLF": (BOTH.replace("\n", "\r\n"), None),
    "mixed line ends": (FIRST + SECOND.replace("\n", "\r\n"), None),
    "empty": ("", "reply_empty"),
    "an error": ('Error 12: invalid, "see" log\n', "reply_is_an_error_line"),
    "an error without line end": ("ERROR", "reply_is_an_error_line"),
    "one of two": (FIRST, "reply_is_an_error_line"),
    "cut off": (BOTH[:-4], "reply_unreadable_line"),
    "an empty line": (FIRST + "\n" + SECOND, "reply_unreadable_line"),
    "no comma": (BOTH.replace(",", ""), "reply_unreadable_line"),
    "old line ends": (BOTH.replace("\n", "\r"), "reply_is_an_error_line"),
    "a tab": (FIRST + SECOND.replace(",", ",\tx"), "reply_unreadable_line"),
    "quotes": ('"' + FIRST + SECOND + '"', "reply_unreadable_line"),
    "not text": (BOTH.encode() + b"\xff\xfe\x00\n", "reply_unreadable_line"),
    "compressed": (gzip.compress(BOTH.encode() * 9, mtime=0), "reply_is_an_error_line"),
    "a long line": ("9" * 3_000_000 + "\n" + BOTH, "reply_unreadable_line"),
    "never asked": (BOTH + "9990000034,\n", "reply_has_numbers_never_asked"),
    "other people": ("9990000034,\n9990000042,\n", "reply_has_numbers_never_asked"),
}


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Cells], dict[str, str]]:
    """All replies at once, each its own exchange; verdicts and checks from one run."""
    raw_dir = tmp_path_factory.mktemp("judged") / "raw"
    shutil.copytree(SAMPLE, raw_dir)
    for at, (reply, _) in enumerate(REPLIES.values(), start=1):
        name = f"{MAILBOX}-050417-{at:04d}.dat"
        put(raw_dir, "request", name, BOTH)
        put(raw_dir, "reply", name, reply)
    put(raw_dir, "request", f"{MAILBOX}-040417-0001.dat", BOTH)
    put(raw_dir, "reply", f"{MAILBOX}-040417-0002.dat", BOTH)
    for day in ("290317", "300317", "070417"):
        put(raw_dir, "request", f"{MAILBOX}-{day}-0001.dat", BOTH)
        put(raw_dir, "reply", f"{MAILBOX}-{day}-0001.dat", BOTH)
    put(raw_dir, "request", f"{MAILBOX}-030417-0001.dat", FIRST)
    put(raw_dir, "reply", f"{MAILBOX}-030417-0001.dat", FIRST)
    put(raw_dir, "reply", ".hidden", BOTH)
    put(raw_dir, "reply", f"{MAILBOX}-050417-0001.ctl", "about the message")
    put(raw_dir, "reply", "Thumbs.db", b"x")
    variables = "{disseminated_at: 2017-04-06}"
    settings = project.read_settings(variables)
    with scratch_gateway(raw_dir, settings, variables, "int_ndop__checks") as cursor:
        checks = cursor.execute(ndop.CHECKS).fetchall()
        problems = dict(cursor.execute("select subject, problem from gateway.int_ndop__exchanges").fetchall())
    return checks, problems


@pytest.mark.parametrize("reply", REPLIES)
def test_a_reply_is_believed_only_in_order(judged: tuple[list[Cells], dict[str, str]], reply: str) -> None:
    _, problems = judged
    at = list(REPLIES).index(reply) + 1
    assert problems[f"{MAILBOX}-050417-{at:04d}"] == REPLIES[reply][1]


@pytest.mark.parametrize(
    ("exchange", "problem"),
    [
        ("040417-0001", "reply_missing"),
        ("040417-0002", "reply_without_request"),
        ("290317-0001", "reply_too_old"),
        ("300317-0001", None),
        ("070417-0001", "sent_after_dissemination"),
        ("030417-0001", None),
    ],
)
def test_an_exchange_is_judged_by_its_files_and_its_day(
    judged: tuple[list[Cells], dict[str, str]], exchange: str, problem: str | None
) -> None:
    _, problems = judged
    assert problems[f"{MAILBOX}-{exchange}"] == problem


def test_a_name_that_follows_no_rule_is_said_and_not_repeated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Flags a later reply under another name that leaves the older one standing."""
    raw_dir = tmp_path / "raw"
    shutil.copytree(SAMPLE, raw_dir)
    for direction in ndop_files.FOLDERS:
        put(raw_dir, direction, f"{MAILBOX}-050417-0001.dat", BOTH)
    assert check(raw_dir, capsys)[0] == 0
    for name in (f"{MAILBOX}-310217-0001.dat", "9990000018-050417-0001.dat", "reply.dat.gz"):
        put(raw_dir, "reply", name, FIRST)
    code, said = check(raw_dir, capsys)
    assert code == 1
    assert "lies a file that was not read and may be a later reply. Nobody is permitted" in said
    assert said.count("Not read: a file whose name is not repeated.") == 1
    assert "Not read: reply.dat.gz." in said
    assert f"Not read: {MAILBOX}-310217-0001.dat." in said


SUBJECT = f"{MAILBOX}-050417-0002"


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        (f"reply/{SUBJECT}.dat", SUBJECT),
        (f"reply/{SUBJECT}.DAT", SUBJECT),
        (f"reply/{SUBJECT}.dat.gz", None),
        (f"reply/{SUBJECT}.dat.zip", None),
        (f"reply/{SUBJECT}.txt", None),
        (f"reply/{SUBJECT.lower()}.dat", None),
        (f"reply/april/{SUBJECT}.dat", None),
        (f"reply/{SUBJECT}.dat/part", None),
        (f"replies/{SUBJECT}.dat", None),
        (f"{SUBJECT}.dat", None),
    ],
)
def test_whatever_may_be_a_reply_is_seen(tmp_path: Path, name: str, subject: str | None) -> None:
    path = tmp_path / "ndop" / name
    path.parent.mkdir(parents=True)
    path.write_text(BOTH)
    [found] = ndop_files.files_of(tmp_path)
    assert (found.subject, found.refused_rule) == (subject, None if subject else "unexpected_file_name")
    with duckdb.connect() as connection:
        connection.execute("create schema landing")
        ndop_files.create_relations(connection, tmp_path)
        rows = connection.execute("select subject, count(*) from landing.ndop_replies group by all").fetchall()
    assert rows == ([(subject, 2)] if subject else [])


@pytest.mark.parametrize("name", [f"{SUBJECT}.ctl", f"{SUBJECT}.CTL", ".DS_Store", "~$reply.dat", "Thumbs.db"])
@pytest.mark.parametrize("folder", ["ndop", "ndop/reply"])
def test_what_lies_beside_replies_is_passed_over(tmp_path: Path, folder: str, name: str) -> None:
    path = tmp_path / folder / name
    path.parent.mkdir(parents=True)
    path.write_text(BOTH)
    assert list(ndop_files.files_of(tmp_path)) == []


def test_every_exchange_is_explained_and_one_decides(judged: tuple[list[Cells], dict[str, str]]) -> None:
    checks, _ = judged
    assert all(explanation for *_, explanation, _, _ in checks)
    assert not [row for row in checks if row[0] is None]
    latest = [subject for subject, _, is_latest, *_ in checks if is_latest]
    assert latest == [f"{MAILBOX}-050417-{len(REPLIES):04d}"]


# From a request to the people permitted, in files and two databases.


@pytest.fixture(scope="module")
def raw_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exchange") / "raw"
    shutil.copytree(SAMPLE, folder)
    return folder


@pytest.fixture(scope="module")
def request_lines(raw_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Lines:
    """The lines of the request that the command wrote, after a look at everything else about it.

    The command leaves the raw folder as it is; the custodian puts the request there.
    """
    out = tmp_path_factory.mktemp("out")
    arguments = ["ndop", "request", "--raw-dir", str(raw_dir), "--mailbox", MAILBOX, "--to", str(out)]
    assert main([*arguments, "--date", "2017-04-05"]) == 0
    assert not (raw_dir / "ndop").exists()
    path = raw_dir / "ndop" / "request" / f"{MAILBOX}-050417-0001.dat"
    path.parent.mkdir(parents=True)
    shutil.copy2(out / path.name, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    return Lines(path.read_bytes().splitlines(keepends=True))


def test_a_request_is_one_number_comma_lf_a_line(request_lines: Lines) -> None:
    assert len(request_lines) > 30_000
    assert all(re.fullmatch(rb"999[0-9]{7},\n", line) for line in request_lines)


def test_a_request_is_sorted_and_names_nobody_twice(request_lines: Lines) -> None:
    assert (request_lines == sorted(set(request_lines))) is True


def test_a_folder_with_an_exchange_is_still_synthetic(raw_dir: Path, request_lines: Lines) -> None:
    assert is_synthetic(raw_dir)


@pytest.mark.whole
def test_the_same_people_give_the_same_bytes_whatever_the_order_of_the_files(
    raw_dir: Path, request_lines: Lines, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    turned = tmp_path / "turned"
    shutil.copytree(raw_dir, turned)
    shutil.rmtree(turned / "ndop")
    for path in (turned / "gpes" / COLLECTION).glob("[A-E]*.csv"):
        header, *rows = path.read_bytes().splitlines(keepends=True)
        # The first row stays: it is the one that says when the file was extracted.
        path.write_bytes(b"".join([header, rows[0], *reversed(rows[1:])]))
    write_marker(turned, "sample", 1)
    code = main(
        ["ndop", "request", "--raw-dir", str(turned), "--mailbox", MAILBOX, "--date", "2017-04-05",
         "--sequence", "12", "--to", str(tmp_path / "out")]
    )  # fmt: skip
    said = capsys.readouterr().out
    assert code == 0
    path = tmp_path / "out" / f"{MAILBOX}-050417-0012.dat"
    assert (path.read_bytes() == b"".join(request_lines)) is True
    assert f"{len(request_lines):,} people" in said
    assert f"to X26HC036, workflow SPINE_NTT_UPHOLDING, subject {MAILBOX}-050417-0012." in said
    assert not re.search(r"[0-9]{10}", said.replace(str(turned), ""))


@pytest.mark.parametrize("direction", ["request", "reply"])
def test_a_file_is_never_overwritten(tmp_path: Path, direction: str) -> None:
    subject = ndop_files.subject_of(MAILBOX, date(2017, 4, 5), 1)
    put(tmp_path, direction, f"{subject}.dat", "as it was")
    with pytest.raises(Refusal, match="take the next sequence number"):
        ndop_files.write_request(tmp_path, tmp_path / "out", subject, ["9990000018"])
    assert [path.read_text() for path in tmp_path.rglob("*.dat")] == ["as it was"]


def test_half_a_request_is_none(tmp_path: Path) -> None:
    def numbers() -> Iterator[str]:
        yield "9990000018"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ndop_files.write_request(tmp_path, tmp_path / "out", f"{MAILBOX}-050417-0001", numbers())
    assert list(tmp_path.rglob("*.dat")) == []


@pytest.mark.parametrize(
    ("mailbox", "sequence"), [("9990000018", 1), ("lower", 1), ("A/../B", 1), ("", 1), (MAILBOX, 10000)]
)
def test_a_subject_follows_the_rule_of_names(mailbox: str, sequence: int) -> None:
    with pytest.raises(Refusal, match="A mailbox is"):
        ndop_files.subject_of(mailbox, date(2017, 4, 5), sequence)


def test_no_request_goes_into_the_raw_folder_or_the_store(
    capsys: pytest.CaptureFixture[str], raw_dir: Path, tmp_path: Path
) -> None:
    """Flags a command that writes where whoever deploys it was asked to mount read only, or numbers beside results."""
    folders = ["--raw-dir", str(raw_dir), "--store-dir", str(tmp_path)]
    for to, says in (
        (raw_dir / "ndop" / "request", "The raw folder is read only"),
        (tmp_path / "asked", "is no part of"),
    ):
        assert main(["ndop", "request", *folders, "--mailbox", MAILBOX, "--to", str(to)]) == 1
        assert says in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def replied(raw_dir: Path, request_lines: Lines) -> Lines:
    """Every tenth person has opted out nationally; another objects at a practice after the request."""
    allowed = Lines(line for at, line in enumerate(request_lines) if at % 10)
    put(raw_dir, "reply", f"{MAILBOX}-050417-0001.dat", b"".join(allowed))
    number = allowed[0][:10].decode()
    with (raw_dir / "gpes" / "opt_outs" / "A81001.csv").open("a") as file:
        file.write(f"A81001,{number},READ2,9Nu0.,2017-01-01,2017-01-01T10:00:00+00:00\n")
    write_marker(raw_dir, "sample", 1)
    return allowed


@pytest.fixture(scope="module")
def connection(raw_dir: Path, replied: Lines, tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """The store of a gateway run with that reply."""
    folder = tmp_path_factory.mktemp("store")
    for name in releases.keys_of_build(COLLECTION):
        keys.new_key(folder / "keys", name)
    vouch(PROJECT, folder / "keys")
    folders = {"RAW_DIR": raw_dir, "KEY_DIR": folder / "keys", "STORE_DIR": folder / "store"}
    subprocess.run(
        [
            Path(sys.executable).with_name("dbt"), "build", "--target", "gateway", "--quiet",
            "--selector", "gateway", "--no-partial-parse", *NO_TESTS,
            "--vars", "{disseminated_at: 2017-04-06}",
            "--target-path", folder / "target", "--log-path", folder / "logs",
        ],
        cwd=PROJECT,
        env=os.environ | {name: str(path) for name, path in folders.items()},
        check=True,
    )  # fmt: skip
    connection = duckdb.connect()
    store.attach_store(connection, folder / "store", keys.of_store(folder / "keys"))
    marts = store.database_file(folder / "store", store.MARTS)
    connection.execute(f"attach '{marts}' as marts (read_only)")
    pseudonymise = pseudonymiser(keys.read_key(folder / "keys", COLLECTION), COLLECTION)
    numbers = [line[:10].decode() for line in replied]
    connection.register("replied", pyarrow.table({"patient_key": pseudonymise(pyarrow.array(numbers))}))
    return connection


@pytest.mark.whole
def test_a_release_asks_about_everybody_the_collection_holds(
    connection: duckdb.DuckDBPyConnection, request_lines: Lines
) -> None:
    [(held,)] = connection.execute(
        "select count(distinct patient_key) from patient_level.gateway.int_patients__permitted"
    ).fetchall()
    # One person has objected at a practice since the request.
    assert held == len(request_lines) - 1


@pytest.mark.whole
def test_permitted_are_those_whom_the_reply_lists_and_who_have_not_objected_since(
    connection: duckdb.DuckDBPyConnection, replied: Lines
) -> None:
    permitted = "patient_level.gateway.int_ndop__permitted"
    [(both, extra)] = connection.execute(
        f"select count(replied.patient_key), count(*) - count(replied.patient_key)"
        f" from {permitted} left join replied using (patient_key)"
    ).fetchall()
    assert (both, extra) == (len(replied) - 1, 0)


@pytest.mark.whole
def test_the_check_says_how_many(connection: duckdb.DuckDBPyConnection, request_lines: Lines, replied: Lines) -> None:
    assert connection.execute(
        "select verdict, asked_count, permitted_count from assurance.counts.int_ndop__checks"
    ).fetchall() == [("stands", len(request_lines), len(replied))]


def only_permitted(connection: duckdb.DuckDBPyConnection, policy: str) -> int:
    """How many people the macro lets through under a policy."""
    source = (PROJECT / "macros" / "gate" / "only_nationally_permitted.sql").read_text()
    relations = {
        "int_ndop__permitted": "patient_level.gateway.int_ndop__permitted",
        "collections": f"(select 'c' as collection, {policy} as national_data_opt_out_upheld)",
    }
    module = jinja2.Template(source, extensions=["jinja2.ext.do"]).make_module({"ref": relations.__getitem__})
    people = "(select distinct patient_key from patient_level.gateway.int_patients__permitted)"
    sql = vars(module)["only_nationally_permitted"](people, "c")
    [(count,)] = connection.execute(f"select count(*) from ({sql})").fetchall()
    return int(count)


@pytest.mark.whole
def test_only_a_policy_that_says_never_lets_everybody_through(
    connection: duckdb.DuckDBPyConnection, request_lines: Lines, replied: Lines
) -> None:
    assert only_permitted(connection, "'never'") == len(request_lines) - 1
    for policy in ("'at_dissemination'", "'at_collection'", "null"):
        assert only_permitted(connection, policy) == len(replied) - 1


def check(raw_dir: Path, capsys: pytest.CaptureFixture[str], variables: str = "{disseminated_at: 2017-04-06}") -> Cells:
    code = main(["ndop", "check", "--raw-dir", str(raw_dir), "--vars", variables])
    said = capsys.readouterr().out
    assert not re.search(r"[0-9]{10}", said)
    return code, said


@pytest.mark.whole
def test_check_tells_who_is_permitted(
    raw_dir: Path, request_lines: Lines, replied: Lines, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = check(raw_dir, capsys)
    assert code == 0
    opted_out = len(request_lines) - len(replied)
    assert f"{MAILBOX}-050417-0001 (5 April 2017, {len(request_lines):,} people asked" in said
    assert f"{len(replied):,} are permitted and {opted_out:,} opted out" in said


@pytest.mark.whole
def test_check_tells_why_nobody_is(raw_dir: Path, replied: Lines, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = check(raw_dir, capsys, "{}")
    assert code == 1
    assert "Nobody is permitted: the age of the reply cannot be judged." in said


@pytest.mark.whole
def test_check_without_any_exchange(capsys: pytest.CaptureFixture[str]) -> None:
    code, said = check(SAMPLE, capsys)
    assert code == 1
    assert said.startswith("There is no exchange on or before the day of dissemination. Nobody")
