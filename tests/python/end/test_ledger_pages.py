"""Pages of the ledger's entries: whatever a text holds, it is text, and a page is the same to the byte years later."""

import html
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from gp_level_data.end import certificate
from gp_level_data.pages import evidence_page, templates
from pages.browser import looked_at, needs_chromium

HOSTILE = """<script>alert("O'Neill")</script> & 'Co'"""
SCORE = {
    "change_count": 1500, "tried_count": 1500, "leak_count": 3, "caught_count": 3, "harmless_count": 2,
    "false_alarm_count": 0, "caught_by": {"by_name": 1}, "is_current": True,
}  # fmt: skip


def a_certificate(text: str) -> dict[str, Any]:
    return {
        "entry": 3, "previous": None, "collection": text, "title": text, "ordered_by": text,
        "collected_at": "2017-04-02T09:00:00+01:00", "reported_at": text, "destroy_by": None,
        "ordered_at": "2017-06-02T09:00:00+01:00", "destroyed_at": text,
        "keys": [{"name": text, "fingerprint": "abcd", "fate": "destroyed"}],
        "files": [{"name": text, "byte_count": 1234567, "checksum": text}],
        "tables": [{"table": f"{text}.a", "row_count": None}, {"table": "gateway.b", "row_count": 1234}],
        "raw": {"is_destroyed": False, "files": [{"name": text, "byte_count": 2048}]},
        "checks": [{"check": "keys_gone", "says": text}],
    }  # fmt: skip


def an_evidence(text: str) -> dict[str, Any]:
    counted = [{"rule": text, "row_count": 1235}, {"rule": "few", "row_count": None}]
    file = {"kind": text, "name": text, "byte_count": 2048, "row_count": 10, "usable_count": None, "rejected_count": 0}
    return {
        "entry": 1, "previous": text, "made_at": text, "layout": evidence_page.LAYOUT,
        "settings": {"collected_at": text, "period_start": text},
        "policy": {
            "collection": {"title": text, "destroyed": text},
            "disclosure": [{"rule": text, "value": "5"}],
            "exception": {"exception_id": text},
        },
        "counts": {
            "people_count": 1235, "practice_count": 8, "sent_count": None, "is_balanced": True,
            "kept": counted, "excluded": counted, "rejected": counted,
        },
        "nets": [{"net": text, "verdict": "not run", "finding_count": None, "looked_at": text}],
        "leak_score": SCORE,
        "smallest_cell": {"count": 5, "place": text, "withheld_up_to": 4},
        "raw_files": [{**file, "refused_rule": text, "checksum": None}],
        "use": [{"subject": text, "sent_count": 100, "used_count": 95, "worst_rule": text}],
        "tables": [{"table": text, "row_count": 1235, "checksum": text}],
        "project": {
            "commit": text, "is_clean": None, "lock": text,
            "proof": {"nets": [text], "file_count": 1235, "checksum": text},
            "dependencies": [{"name": text, "locked": text, "installed": None}],
        },
    }  # fmt: skip


class Read(HTMLParser):
    """What a browser makes of a page: its tags with their attributes, and its texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, attrs))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


PAGES = pytest.mark.parametrize(
    ("page", "content"),
    [(certificate.page, a_certificate), (evidence_page.page, an_evidence)],
    ids=["certificate", "evidence"],
)


@PAGES
def test_a_text_makes_no_tag(page: Any, content: Any) -> None:
    """Flags a name that a browser runs: each text stays one, wherever it stands."""
    hostile, harmless = Read(page(content(HOSTILE))), Read(page(content("somebody")))
    assert hostile.tags == harmless.tags
    assert "script" not in {tag for tag, _ in hostile.tags}
    assert [text.replace(HOSTILE, "somebody") for text in hostile.texts] == harmless.texts


@PAGES
def test_quotation_marks_are_written_as_ever(page: Any, content: Any) -> None:
    """Flags a page that an entry of long ago no longer gives, for nothing but another way to write an apostrophe."""
    made = page(content(HOSTILE))
    assert html.escape(HOSTILE) in made
    assert "of the store&#x27;s ledger" in made
    assert "&#39;" not in made and "&#34;" not in made


def test_a_certificate_to_the_byte() -> None:
    """Flags any change of a page that follows from an entry: those of former destructions would not hold any more."""
    made = certificate.page(a_certificate("Dr O'Neill"))
    assert made.startswith('<!DOCTYPE html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n')
    assert "@media print {\n" in made and "}\n}\n</style>\n</head>\n<body>\n<main>\n<h1>Certificate" in made
    [what] = [part for part in made.split("<section>\n") if part.startswith("<h2>What</h2>")]
    assert what == (
        "<h2>What</h2>\n"
        "<table>\n<caption>Keys; those destroyed were overwritten and deleted</caption>\n"
        '<thead><tr><th scope="col">Key</th><th scope="col">Fingerprint</th><th scope="col">Fate</th></tr></thead>\n'
        '<tbody>\n<tr><th scope="row">Dr O&#x27;Neill</th><td>abcd</td><td>destroyed</td></tr>\n</tbody>\n</table>\n'
        "<table>\n<caption>Files of the encrypted patient-level store, deleted</caption>\n"
        '<thead><tr><th scope="col">File</th><th scope="col" class="number">Bytes</th>'
        '<th scope="col">Checksum</th></tr></thead>\n'
        '<tbody>\n<tr><th scope="row">Dr O&#x27;Neill</th><td class="number">1,234,567</td>'
        "<td>Dr O&#x27;Neill</td></tr>\n</tbody>\n</table>\n"
        "<table>\n<caption>Tables that they held; each is listed in the entry</caption>\n"
        '<thead><tr><th scope="col">Part</th><th scope="col" class="number">Tables</th>'
        '<th scope="col" class="number">Rows, about</th></tr></thead>\n'
        '<tbody>\n<tr><th scope="row">Dr O&#x27;Neill</th><td class="number">1</td><td class="number">0</td></tr>\n'
        '<tr><th scope="row">gateway</th><td class="number">1</td><td class="number">1,234</td></tr>\n'
        "</tbody>\n</table>\n"
        "<p>1 raw files of 2,048 bytes are still with the custodian; they are listed in the entry.</p>\n"
        "</section>\n"
    )
    assert made.endswith("The entry before this one: None.</p>\n</section>\n</main>\n</body>\n</html>\n")


def test_evidence_of_the_first_layout_gives_the_page_that_it_gave() -> None:
    """Flags an entry that does not say how its page is laid out, and whose page is another one today."""
    now = an_evidence("somebody")
    then = {name: value for name, value in now.items() if name != "layout"}
    second = (
        Path(templates.__file__).with_name("templates").joinpath("ledger", "layout_2.css").read_text(encoding="utf-8")
    )
    assert evidence_page.page(now).count(second) == 1
    assert evidence_page.page(then) == evidence_page.page(now).replace(second, "")


@needs_chromium
@pytest.mark.parametrize("width", [360, 1280])
@PAGES
def test_the_pages_can_be_read_by_everybody(page: Any, content: Any, width: int, tmp_path: Path) -> None:
    """Flags a page against WCAG 2.2 AA as far as axe-core sees it, and one that is wider than a telephone."""
    found = looked_at(page(content("-".join(["abcdefgh"] * 8))), width, tmp_path)
    assert found["violations"] == []
    assert found["passes"] > 10 and found["width"] <= width
