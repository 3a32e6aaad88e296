"""`make public`: a site that tells what is collected, released and destroyed, and of nobody."""

import csv
import json
import re
import shutil
from pathlib import Path

import pytest

from conftest import PROJECT, Folders
from gp_level_data.command_line import main
from gp_level_data.custody import published_tables
from gp_level_data.end import ledger
from gp_level_data.pages import public_site, words
from pages.browser import looked_at, needs_chromium
from pages.test_report_pages import Elements, Tables

CHECKSUM = "-".join(["abcdefgh"] * 8)
DESTROYED = {
    "kind": ledger.DESTRUCTION, "entry": 1, "previous": None, "collection": "individual_gp_level_data",
    "title": "Individual GP Level Data", "collected_at": "2016-10-02T09:00:00+01:00",
    "reported_at": "2016-10-10T09:00:00+01:00", "destroy_by": "2016-11-07T08:00:00+00:00", "ordered_by": "CUSTODIAN'S NAME",
    "ordered_at": "2016-11-01T09:00:00+00:00", "destroyed_at": "2016-11-01T23:30:00+00:00", "handed_over": CHECKSUM,
    "results": CHECKSUM, "keys": [{"name": "store", "fingerprint": "abcdefghabcdefgh", "fate": "destroyed"}],
    "files": [{"name": "patient_level.duckdb", "byte_count": 1, "checksum": CHECKSUM}],
    "tables": [{"table": "gateway.people", "row_count": 31337}],
    "raw": {"is_destroyed": True, "files": [{"name": "gpes/A81001.csv", "byte_count": 1}]},
    "checks": [{"check": f"check {at}", "says": "held"} for at in range(6)],
}  # fmt: skip


@pytest.fixture(scope="module")
def site(built: Folders, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of a store with a collection that was destroyed before."""
    folder = tmp_path_factory.mktemp("public")
    shutil.copytree(built.store, folder / "store")
    (folder / "store" / ledger.FOLDER).mkdir(exist_ok=True)
    (folder / "store" / ledger.FOLDER / "0001_destruction.json").write_text(json.dumps(DESTROYED))
    assert main(["public", "--to", str(folder / "site"), "--store-dir", str(folder / "store")]) == 0
    return folder / "site"


def page(site: Path, name: str) -> str:
    return (site / name).read_text(encoding="utf-8")


def test_the_site_stands_for_itself(site: Path) -> None:
    """Flags a script, anything loaded from elsewhere, a link that leads nowhere, a page that none leads to."""
    assert {path.name for path in site.iterdir()} == {name for name, _ in public_site.PAGES} | {
        "objections.csv",
        "releases.csv",
    }
    linked = set()
    for name, _ in public_site.PAGES:
        text = page(site, name)
        found = Elements(text)
        assert not found.tags & {"script", "link", "iframe", "img", "object", "embed", "form"}
        assert "url(" not in text and len(found.ids) == len(set(found.ids))
        assert all(
            target[1:] in found.ids if target.startswith("#") else (site / target).exists()
            for target in found.links
            if not target.startswith("https://")
        )
        linked |= found.links
    assert {path.name for path in site.iterdir()} <= linked


def test_numbers_are_the_published_ones(site: Path, built: Folders) -> None:
    """Flags a number of people that is not one of the published tables, rounded or withheld."""
    with published_tables.opened(built.store) as connection:
        objections = connection.execute(
            "select code, opt_out_kind, objector_text, coalesce(previous_text, '') from fct_opt_out_reconciliation"
            " where level = 'supplier' order by all"
        ).fetchall()
        practices = dict(
            connection.execute(
                "select coalesce(not_collected_reason, 'collected'), count(*) from dim_practices group by all"
            ).fetchall()
        )
        [(people,)] = connection.execute(
            "select denominator_text from fct_comparators where area_level = 'england' and metric_id = 'emergency_admissions'"
        ).fetchall()
    tables = Tables(page(site, "index.html")).found
    told = tables["People who objected, by the supplier of their practice's records"][1:]
    assert [tuple(row) for row in told] == [
        (code, words.of("opt_out_kind", kind), words.count(text), words.count(before))
        for code, kind, text, before in objections
    ]
    rows = tables["Practices that were asked, by what became of it"][1:]
    assert sorted(int(row[1]) for row in rows) == sorted(practices.values())
    assert f"It holds {words.count(people)} people" in page(site, "index.html")
    for row in csv.DictReader((site / "objections.csv").open(encoding="utf-8")):
        assert row["people_who_object"] == "*" or int(row["people_who_object"]) % 5 == 0


def test_the_register_tells_the_law_in_words(site: Path) -> None:
    """Flags a release that is missing, or whose legal basis is told as an id."""
    text = page(site, "releases.html")
    with (PROJECT / "seeds/releases.csv").open(encoding="utf-8") as file:
        releases = list(csv.DictReader(file))
    assert len(releases) == text.count("<dt>Legal basis</dt>")
    for row in releases:
        assert row["release_id"] in text and row["legal_basis"] not in text
    assert "Health and Social Care Act 2012, section 261" in text


def test_destruction_is_told_without_what_was_destroyed(site: Path) -> None:
    """Flags a destruction that is not told, or told with exact counts, files of practices, or who ordered it."""
    text = page(site, "destruction.html")
    [entry] = ledger.entries(site.parent / "store", ledger.DESTRUCTION)
    assert "1 November 2016 at 23:30" in text and entry.checksum in text and "7 November 2016" in text
    everything = "".join(path.read_text(encoding="utf-8") for path in site.iterdir())
    for secret in ("31337", "31,337", "A81001.csv", "CUSTODIAN", "abcdefghabcdefgh", CHECKSUM):
        assert secret not in everything


def test_each_metric_has_its_method_and_source(site: Path) -> None:
    """Flags a metric without its counts in words, or whose source is a number that leads nowhere."""
    text = page(site, "methods.html")
    with (PROJECT / "seeds/metrics.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            part = text.partition(f'id="{row["metric_id"]}"')[2].partition("</section>")[0]
            assert row["title"] in part and row["numerator"] in part and row["denominator"] in part
            for number in re.findall(r"\bS\d+\b", row["source"]):
                assert public_site.sources()[number].replace("`", "") in part


def test_nothing_is_overwritten(site: Path, built: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    """Flags a site in the place of another, in a store, or of the same collection twice."""
    stores = ("--store-dir", str(built.store))
    assert main(["public", "--to", str(site), *stores]) == 1
    assert main(["public", "--to", str(built.store / "site"), *stores]) == 1
    assert main(["public", "--to", str(site.parent / "two"), *stores, "--also", str(site.parent / "store")]) == 1
    assert "nothing is overwritten" in capsys.readouterr().err and not (site.parent / "two").exists()


@needs_chromium
@pytest.mark.parametrize("name", [name for name, _ in public_site.PAGES])
def test_the_site_can_be_read_by_everybody(site: Path, tmp_path: Path, name: str) -> None:
    """Flags a page against WCAG 2.2 AA as far as axe-core sees it, and one that is wider than a telephone."""
    found = looked_at(page(site, name), 360, tmp_path)
    assert found["violations"] == []
    assert found["passes"] > 15 and found["width"] <= 360
