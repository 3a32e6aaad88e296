"""`make check`: what a build would say of a folder before any key exists, in words, without a value."""

import csv
import io
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import COLLECTION, SAMPLE
from gp_level_data.command_line import main
from gp_level_data.commands.check import Flaw, flaws_of_files, mend_lines
from gp_level_data.raw import landing, synthetic_folder
from intake.test_intake_cases import (
    HEADER,
    HERE,
    HOSPITAL,
    HOSPITAL_HEADER,
    NUMBER,
    OPT_OUT_HEADER,
    OPT_OUTS,
    PEOPLE,
    RECORDS,
    T1,
    content,
    delimited,
    episode,
    good_folder,
    instead,
    lines,
    objection,
    otherwise_coded,
    person,
    register_as_json,
    without,
    write,
)  # fmt: skip

Said = tuple[int, str]
Check = Callable[..., Said]


@pytest.fixture
def check(capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    """Exit code and words of the command; no number among them, and nothing left behind."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))

    def said(raw_dir: Path, *options: str) -> Said:
        before = {path: path.stat().st_mtime_ns for path in raw_dir.rglob("*")}
        capfd.readouterr()
        code = main(["check", "--raw-dir", str(raw_dir), *options])
        printed = "".join(capfd.readouterr())
        words = printed.replace(str(raw_dir), "")
        assert len(NUMBER.findall(words)) == 0
        assert {path: path.stat().st_mtime_ns for path in raw_dir.rglob("*")} == before
        assert not any(scratch.iterdir())
        return code, words

    return said


def synthetic(raw_dir: Path) -> Path:
    synthetic_folder.write_marker(raw_dir, 1, 1)
    return raw_dir


def test_a_folder_in_order(check: Check, tmp_path: Path) -> None:
    """Flags a check that finds fault with a good folder, or does not count its rows."""
    code, said = check(synthetic(good_folder(tmp_path / "raw")))
    assert code == 0, "a good folder is not passed"
    assert "practice_records: 5 sent, 5 used, 0 left out" in said
    assert "To mend\n  nothing" in said and said.endswith("A build would run.\n")


def test_practices_that_a_build_would_keep_out(check: Check, tmp_path: Path) -> None:
    """Flags a check that lets a practice go that a build would keep out, or rows that it would reject."""
    raw_dir = good_folder(tmp_path / "raw")
    write(raw_dir, OPT_OUTS, lines(OPT_OUT_HEADER, objection(1)[:-1]))
    write(raw_dir, RECORDS, lines(HEADER, *PEOPLE, person(4, NHS_NUMBER="12345"), person(4, NHS_NUMBER=f"{T1}x")))
    write(raw_dir, f"hes/{HERE}.md5", b"x")
    write(raw_dir, "gpes/Suppliers_2017.csv", b"x")
    code, said = check(synthetic(raw_dir))
    assert code == 1
    assert f"{HERE} kept out: the opt-out file has lines that cannot be read" in said
    assert "Mend the lines and send the file again" in said
    assert f"practice_records of {HERE}: 2 x NHS Number that is not ten digits" in said
    assert f"hes/{HERE}.md5: passed over" in said
    assert "gpes/Suppliers_2017.csv: nobody reads it" in said
    assert said.endswith("A build would run, and keep practices out.\n")


def test_a_metric_that_a_practice_does_not_send_is_told(check: Check, tmp_path: Path) -> None:
    """Flags a practice none of whose patients is eligible for a metric, without a word to its sender."""
    raw_dir = good_folder(tmp_path / "raw")
    write(raw_dir, RECORDS, lines(*(row[:-1] for row in (HEADER, *PEOPLE))))
    code, said = check(synthetic(raw_dir))
    assert code == 0
    assert f"gpes/{COLLECTION}/{HERE}.csv: no column {HEADER[-1]}\n" in said
    assert "nobody then counts as eligible for that metric" in said


def test_a_row_that_counts_all_the_same_is_not_left_out(check: Check, tmp_path: Path) -> None:
    """Flags an objection under a code that is not known told as left out: it counts, and its sender would take it off."""
    raw_dir = good_folder(tmp_path / "raw")
    write(raw_dir, OPT_OUTS, lines(OPT_OUT_HEADER, objection(1), objection(2, CODE="Xxxxx")))
    _, said = check(synthetic(raw_dir))
    assert "opt_outs: 2 sent, 2 used, 0 left out" in said
    assert f"opt_outs of {HERE}: 1 x code that is not known: it counts as an objection" in said


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (f"{HERE} (1).csv", f"gpes/opt_outs/{HERE} (1).csv"),
        (f"{HERE}.csv.part", f"gpes/opt_outs/{HERE}.csv.part"),
        (f"{HERE}_v2.csv", f"gpes/opt_outs/{HERE}_v2.csv"),
        (f"{HERE.lower()}.csv", f"gpes/opt_outs/{HERE.lower()}.csv"),
        (f"{HERE}.xlsx", f"gpes/opt_outs/{HERE}.xlsx"),
        (f"{HERE} {T1}.csv", "a file whose name is not repeated"),
    ],
)
def test_the_file_that_refuses_another_is_named(tmp_path: Path, name: str, told: str) -> None:
    """Flags a practice that is asked to send one file, and not told which is the other; or a number in a name."""
    raw_dir = good_folder(tmp_path / "raw")
    write(raw_dir, f"gpes/opt_outs/{name}", lines(OPT_OUT_HEADER))
    [flaw] = flaws_of_files(landing.look_at_all(raw_dir, COLLECTION))
    assert "there is another file of this kind" in flaw.words and T1 not in flaw.words
    found = set(flaw.words.partition("(found: ")[2].removesuffix(")").split(", "))
    assert found == {told, OPT_OUTS}


STOPS = {
    "hospital file without its number": (
        otherwise_coded(NEWNHSNO=None, ENCRYPTED_HESID=["A", "B"]), ["NEWNHSNO is missing and ENCRYPTED_HESID"]
    ),
    "hospital file without columns": (
        otherwise_coded(EPIKEY=None, ADMIDATE=None), ["missing: EPIKEY, ADMIDATE", "Send every column"]
    ),
    "semicolons": (
        content(delimited(";", HOSPITAL_HEADER), HOSPITAL), ["is a semicolon", "Write commas, tabs or pipes"]
    ),
    "UTF-16": (content(lines(HOSPITAL_HEADER).decode().encode("utf-16"), HOSPITAL), ["it is in UTF-16"]),
    "no answers": (without("cqrs/participation.csv"), ["there is no file cqrs/participation.csv"]),
    "an archive of nothing": (
        instead(b"PK\5\6" + bytes(18), "apc_1617.zip", HOSPITAL), ["the archive holds no file"]
    ),
    "a register of another layout": (register_as_json([1]), ["no list of organisations"]),
}  # fmt: skip


@pytest.mark.parametrize("name", STOPS)
def test_what_would_stop_a_build(check: Check, tmp_path: Path, name: str) -> None:
    """Flags a check that does not say which file, what of it, and what to do."""
    change, words = STOPS[name]
    raw_dir = good_folder(tmp_path / "raw")
    change(raw_dir)
    code, said = check(raw_dir)
    assert code == 1 and said.endswith("A build would stop.\n")
    assert [word for word in words if word not in said] == []


def test_every_flaw_at_once(check: Check, tmp_path: Path) -> None:
    """Flags a check that stops at the first thing to mend, or repeats what may be a person's name."""
    raw_dir = good_folder(tmp_path / "raw")
    for name in ("no answers", "semicolons", "a register of another layout"):
        STOPS[name][0](raw_dir)
    content(lines([*HEADER, "JOHN SMITH 12"]), RECORDS)(raw_dir)
    content(lines(["JOHN SMITH", "x", "y"]), OPT_OUTS)(raw_dir)
    code, said = check(raw_dir)
    assert code == 1
    words = [word for name in ("no answers", "semicolons", "a register of another layout") for word in STOPS[name][1]]
    assert [word for word in [*words, "a column at place 9"] if word not in said] == []
    assert "SMITH" not in said


def test_own_data_without_settings(check: Check, tmp_path: Path) -> None:
    """Flags values that are judged by the sample's settings; the files are told all the same."""
    code, said = check(good_folder(tmp_path / "raw"))
    assert code == 1
    assert "Give collected_at, period_start, period_end" in said and "apc_1617.csv: 2 rows, comma" in said


def test_a_folder_that_is_not_there(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["check", "--raw-dir", str(tmp_path / "nowhere")]) == 1
    assert capfd.readouterr().err.startswith("There is no raw folder")


def test_the_sample(check: Check, tmp_path: Path) -> None:
    """The sample has flaws on purpose: each kind of them is told, with what to do."""
    raw_dir = tmp_path / "raw"
    shutil.copytree(SAMPLE, raw_dir)
    code, said = check(raw_dir)
    assert code == 1
    assert f"gpes/{COLLECTION}/M81001.csv: refused whole" in said and "POSTCODE" in said
    lost = dict(re.findall(r"^  (\w+): .* ([0-9,]+) left out$", said, re.MULTILINE))
    told = re.findall(r"^ +[0-9]+[.] (\w+)(?: of .*?)?: ([0-9,]+) x ", said, re.MULTILINE)
    assert len(lost) == 8 and len(told) > 10
    for kind, count in lost.items():
        told_of_it = sum(int(number.replace(",", "")) for of_kind, number in told if of_kind == kind)
        assert told_of_it >= int(count.replace(",", "")), f"rows of {kind} are left out and not told"
    assert [
        line for line in said.splitlines() if re.fullmatch(r"values, judged by the gateway's own models .* \d+ s", line)
    ]


def test_every_kind_of_flaw_is_told() -> None:
    """Flags one lost row of a national file that never shows below other flaws, and a list as long as there are files."""
    rows = [
        Flaw(2, 1000 - at, f"practice_records: {1000 - at} x rule {at}", "Mend it", f"rule {at}") for at in range(60)
    ]
    files = [
        Flaw(1, 1, f"gpes/opt_outs/{at}: misnamed", "Call it otherwise", "its name follows no rule") for at in range(40)
    ]
    national = Flaw(2, 1, "ods_practices: 1 x line that cannot be read", "Look for it", "unreadable")
    said = list(mend_lines([*files, *rows, national]))
    assert [flaw.words for flaw in [*rows, national] if not any(line.endswith(flaw.words) for line in said)] == []
    assert sum("misnamed" in line for line in said) == 10
    assert said[-1] == "and 30 more of the same kind: its name follows no rule"


def test_a_journal_that_is_mostly_unusable(check: Check, tmp_path: Path) -> None:
    """Flags a practice that is taken for collected though most of its journal cannot be used."""
    raw_dir = tmp_path / "raw"
    shutil.copytree(SAMPLE, raw_dir)
    journal = raw_dir / "gpes" / "gpdpr" / "A81001.csv"
    header, *rows = journal.read_text(encoding="utf-8").splitlines(keepends=True)
    assert len(rows) > 100
    good = len(rows) // 3
    spoilt = [re.sub(r"^((?:[^,]*,){2})[^,]*", r"\1unknown", row) for row in rows[good:]]
    journal.write_text("".join([header, *rows[:good], *spoilt]), encoding="utf-8")
    code, said = check(synthetic(raw_dir), "--vars", "{collection: gpdpr}")
    assert code == 1
    assert "A81001 kept out: less than half of the practice file" in said


def test_what_is_lost_of_a_journal_is_told(check: Check, tmp_path: Path) -> None:
    """Flags people, records or details of a practice that are lost, and its sender is not told."""
    raw_dir = tmp_path / "raw"
    shutil.copytree(SAMPLE, raw_dir)
    journal = raw_dir / "gpes" / "gpdpr" / f"{HERE}.csv"
    rows = list(csv.DictReader(io.StringIO(journal.read_text(encoding="utf-8"))))
    flaws = [
        {"DEREGISTERED_ON": "31/12/2016"}, {"CODE": "44054006.0"}, {"DATE": "06/05/2011"}, {"VALUE1_CONDITION": "58,5"},
        {"SEX": "F"}, {"STAFF_ROLE": "the doctor"}, {}, {}, {}, {},
    ]  # fmt: skip
    records = [row for row in rows if row["CODE"]]
    for at, row in enumerate(records):
        row |= flaws[at % len(flaws)]
    assert len(records) > 50
    table = delimited(",", list(rows[0]), *(list(row.values()) for row in rows))
    write(raw_dir, f"gpes/gpdpr/{HERE}.csv", table)
    code, said = check(synthetic(raw_dir), "--vars", "{collection: gpdpr}")
    told = re.findall(rf"journals of [^:]*{HERE}[^:]*: [0-9,]+ x (.*)", said)
    assert code == 1 and f"{HERE} kept out" not in said
    words = ("it is unclear whether the patient is registered", "a code that is no SNOMED CT code", "no valid day",
             "a value that is no number", "a sex, ethnic category", "a role that is not known")  # fmt: skip
    assert [word for word in words if not any(line.startswith(word) for line in told)] == []
    [lost] = re.findall(r"journals: [0-9,]+ sent, [0-9,]+ used, ([0-9,]+) left out", said)
    assert int(lost) >= len(records) // len(flaws) * 3


def test_a_run_that_may_not_stand(check: Check, tmp_path: Path) -> None:
    """Flags a check that passes a hospital file of which nearly nothing can be used: a build is undone."""
    raw_dir = good_folder(tmp_path / "raw")
    write(raw_dir, HOSPITAL, lines(HOSPITAL_HEADER, episode(1), *(episode(n, ADMIDATE="soon") for n in range(2, 9))))
    code, said = check(synthetic(raw_dir))
    assert code == 1 and said.endswith("A build would stop.\n")
    assert "the run may not stand: only 12 % of the rows of hes/apc_1617.csv can be used" in said
    assert "hes_apc: 8 sent, 1 used, 7 left out" in said
