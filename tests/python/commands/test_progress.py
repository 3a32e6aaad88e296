"""What a build says while it works: a line a stage, how far it is, and of a failure the lines that matter."""

import io
import json
import re
import time
from pathlib import Path

import pytest

from conftest import Folders, test_number
from gp_level_data.commands import build
from gp_level_data.refusal import Refusal
from gp_level_data.runs import dbt_command, progress, whole_run
from gp_level_data.runs.progress import Progress, Stage

NUMBER = test_number(7)
LINES_OF_A_BUILD = 40


def event(name: str, message: str, level: str = "info", **data: object) -> str:
    """A line of dbt's, as `--log-format json` writes it."""
    return json.dumps({"data": data, "info": {"name": name, "msg": message, "level": level}})


def started(model: str, index: int, total: int) -> str:
    node = {"unique_id": f"model.{model}", "node_name": model}
    return event("LogStartLine", f"{index} of {total} START {model}", index=index, total=total, node_info=node)


def ended(model: str, index: int, total: int, status: str = "OK") -> str:
    level = "info" if status == "OK" else "error"
    node = {"unique_id": f"model.{model}", "node_name": model}
    return event(
        "LogModelResult",
        f"{index} of {total} {status} {model}",
        level,
        index=index,
        total=total,
        node_info=node,
    )


FAILED = [
    event("MainReportVersion", "Running with dbt=1.11"),
    started("one", 1, 2),
    ended("one", 1, 2),
    started("two", 2, 2),
    ended("two", 2, 2, "ERROR"),
    event("EndOfRunSummary", "Completed with 1 error", "error"),
    event("RunResultFailure", "Failure in model two (models/two.sql)", "error"),
    event("RunResultError", f"  Runtime Error in model two\n  {NUMBER} is no date", "error"),
    event("StatsLine", "Done. PASS=1 ERROR=1"),
]


def hear(lines: list[str], stage: Stage | None = None) -> tuple[list[str], str]:
    log = io.StringIO()
    why = dbt_command.heard(lines, log, stage or Stage("a stage"))
    return why, log.getvalue()


def test_every_line_goes_to_the_log_and_those_that_matter_to_the_screen() -> None:
    """Flags a failure whose cause is not shown, or is shown among what passed, and a line that is lost."""
    why, log = hear(FAILED)
    assert why == [
        "Failure in model two (models/two.sql)", "  Runtime Error in model two", "  (ten digits) is no date"
    ]  # fmt: skip
    told = [json.loads(line)["info"]["msg"].replace(NUMBER, "(ten digits)") for line in FAILED]
    assert log == "".join(f"{message}\n" for message in told)


def test_a_data_test_that_fails_says_what_to_do() -> None:
    """Flags a name of a test and a count of one, of which nobody knows what to mend."""
    failure = "Failure in test thresholds_protect_disclosure_rules_ref_collections_ (seeds/_seeds.yml)"
    why, _ = hear([event("RunResultFailure", failure, "error")])
    assert why[0] == failure and why[1].startswith("  Flags: collections that lack a threshold of disclosure control")
    assert why[2:] == ["  Mend: the rows of disclosure_rules, one a collection and rule, with whole numbers."]
    another = "Failure in test not_null_metrics_unit (seeds/_seeds.yml)"
    assert hear([event("RunResultFailure", another, "error")])[0] == [another]


@pytest.mark.parametrize("spelling", ["{}{}{}", "{} {} {}", "{}-{}-{}"])
def test_no_number_is_shown_or_kept(spelling: str) -> None:
    """Flags a number in what dbt, or a library below it, said in words of its own."""
    number = spelling.format(NUMBER[:3], NUMBER[3:6], NUMBER[6:])
    why, log = hear([f"Traceback: could not convert {number}", event("Any", f"also {number}", "error")])
    is_repeated = any(number in text for text in (*why, log))
    assert not is_repeated and "(ten digits)" in log


def test_a_process_that_dies_before_it_says_anything() -> None:
    """Flags silence about a failure that is no event of dbt's: the last lines are shown."""
    why, _ = hear(["Traceback (most recent call last):", "ModuleNotFoundError: no dbt"])
    assert why[-1] == "ModuleNotFoundError: no dbt"


def test_what_is_shown_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flags a screen full of one failure, and a log that nobody names."""
    monkeypatch.setenv("DBT_LOG_PATH", str(tmp_path))
    shown = dbt_command.shown(["x" * 1000] * 100).splitlines()
    assert len(shown) <= 15 and max(map(len, shown)) < 400
    assert "88 more lines" in shown[-2] and str(tmp_path / "build.log") in shown[-1]


def test_steps_are_counted() -> None:
    stage = Stage("a stage")
    hear(FAILED, stage)
    assert (stage.total, len(stage.done), stage.at_work) == (2, 2, "two")


def test_an_estimate_weighs_steps_by_the_last_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Flags an estimate by the number of steps: the first of ten may be nine tenths of the work."""
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    stage = Stage("a stage", expected=60.0, weights={"long": 90.0, "short": 10.0}, began=100.0)
    now = 110.0
    assert stage.seconds_left() == 50.0, "before the first step, the last time's"
    stage.has_steps(2)
    now = 128.0
    stage.done.add("long")
    assert stage.share_done == pytest.approx(0.9) and stage.seconds_left() == pytest.approx(2.0)
    stage.done.add("short")
    assert stage.seconds_left() == 0.0


def test_an_estimate_of_what_was_never_run() -> None:
    """Flags a first run that promises something, and steps that are not known and weigh nothing."""
    stage = Stage("a stage")
    assert stage.seconds_left() is None
    stage.has_steps(4)
    stage.done |= {"a", "b"}
    assert stage.share_done == 0.5
    known = Stage("a stage", weights={"a": 2.0})
    known.has_steps(2)
    known.done.add("b")
    assert known.share_done == 0.5


@pytest.mark.parametrize("content", ["", "{", "[]", '{"results": [{"unique_id": 1}]}', '{"results": null}'])
def test_a_last_time_that_cannot_be_read(tmp_path: Path, content: str) -> None:
    (tmp_path / "run_results.json").write_text(content)
    assert dbt_command.the_last_time(tmp_path / "run_results.json") == (None, {})


def test_elsewhere_than_in_a_terminal_a_stage_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Flags a moving line in a log, and a failed stage that leaves none."""
    stages = Progress(is_terminal=False)
    with stages.stage("the first"):
        assert capsys.readouterr().out == ""
    with pytest.raises(ZeroDivisionError), stages.stage("the second"):
        raise ZeroDivisionError
    first, second = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"the first +0 s", first) and second.endswith("0 s  stopped")


def test_in_a_terminal_the_line_moves(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Flags a terminal that shows nothing until a stage has ended."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    with Progress(is_terminal=True).stage("a stage") as stage:
        stage.has_steps(10)
        stage.done |= {"1", "2"}
        stage.at_work = "int_patients__permitted"
        time.sleep(0.6)
    said = capsys.readouterr().out
    assert "2 of 10" in said and "left  int_patients__permitted" in said


@pytest.mark.parametrize(("seconds", "told"), [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (125, "2 min 05 s")])
def test_seconds_as_people_say_them(seconds: float, told: str) -> None:
    assert progress.in_time(seconds) == told


def test_a_build_says_what_fits_a_screen(built: Folders) -> None:
    """Flags a build whose summary drowns in what dbt says, and a line of dbt's that is in no log."""
    said = (built.work / "said.txt").read_text().splitlines()
    assert len(said) <= LINES_OF_A_BUILD
    assert [line.split(":")[0] for line in said[:2]] == ["gateway run", "warehouse run"]
    logged = (built.work / "logs" / dbt_command.LOG).read_text()
    assert logged.count("Running with dbt") == 3 and logged.count(" OK created ") > 100


def test_a_failing_command_of_dbt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flags events of dbt's that are not understood any more: here it is dbt itself that speaks."""
    monkeypatch.setenv("DBT_LOG_PATH", str(tmp_path))
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path))
    dbt_command.begin_log()
    ended = dbt_command.run("run", "--selector", "none_of_this_name", folders={}, stage=Stage("a stage"))
    assert ended.code and any("none_of_this_name" in line for line in ended.why)
    assert "Running with dbt" in dbt_command.log_file().read_text()


def test_verbose_shows_what_dbt_says_as_it_says_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Flags `--verbose` that shows a stage's line in place of dbt's own."""
    monkeypatch.setenv("DBT_LOG_PATH", str(tmp_path))
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path))
    with pytest.raises(Refusal, match="see above"):
        build.dbt(
            Progress(), "a stage", "run", "--selector", "none_of_this_name",
            folders={"STORE_DIR": tmp_path}, verbose=True,
        )  # fmt: skip
    said = capfd.readouterr().out
    assert "Running with dbt" in said and "none_of_this_name" in said
    assert "a stage" not in said


@pytest.mark.parametrize("verbose", [False, True])
def test_why_the_run_before_was_stopped_is_not_told_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], verbose: bool
) -> None:
    """Flags numbers that "lie in the store" since dbt, which the machine ended, left the results of another run there."""
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path))
    monkeypatch.setenv("DBT_LOG_PATH", str(tmp_path))
    monkeypatch.setattr(dbt_command, "DBT", "false")
    before = {"results": [{"unique_id": "a", "message": f"{whole_run.UNDONE[0]}too little."}]}
    (tmp_path / "run_results.json").write_text(json.dumps(before))
    with pytest.raises(Refusal, match=r"`dbt build --select` failed"):
        build.dbt(Progress(), "a stage", "build", "--select", folders={"STORE_DIR": tmp_path}, verbose=verbose)
