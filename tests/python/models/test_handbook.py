"""Every rule's source can be looked up: the sections and sources of the handbook that the project cites are there."""

import re
import subprocess

import pytest

from conftest import PROJECT

HANDBOOK = PROJECT / "models" / "handbook.md"
CITED = re.compile(
    r"handbook[:,]?(?: \()?(?: sections?)?((?:[ ,]|and|to|(?<![0-9.])[0-9]{1,2}(?:[.][0-9])?(?![0-9.]*[0-9]))+)"
)
SECTION = re.compile(r"[0-9]{1,2}(?:[.][0-9])?")
# Sources follow the section they belong to, behind a colon or in brackets.
SOURCES = re.compile(r"\bhandbook[^;\n]*?[:(]\s*((?:S[0-9]{1,2}(?:,| and| to)?\s*)+)")
TITLES = re.compile(r"^#{2,3} ([0-9]{1,2}(?:[.][0-9])?)[. ]", re.MULTILINE)


def tracked_texts() -> dict[str, str]:
    """The tracked files that may cite the handbook, by their names."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True)
    names = [name for name in listed.stdout.split("\0") if name and not name.startswith("sample/")]
    texts = {}
    for name in names:
        if (PROJECT / name).suffix in {".csv", ".md", ".py", ".sql", ".yml", ".toml"} and (PROJECT / name).is_file():
            texts[name] = (PROJECT / name).read_text(encoding="utf-8")
    return texts


@pytest.fixture(scope="module")
def citations() -> tuple[set[str], set[str]]:
    """Sections and sources that any file names as the handbook's."""
    sections, sources = set(), set()
    for name, text in tracked_texts().items():
        if name == "models/handbook.md":
            continue
        for cited in CITED.findall(text):
            sections |= set(SECTION.findall(cited))
        for cited in SOURCES.findall(text):
            sources |= set(re.findall(r"S[0-9]{1,2}", cited))
    return sections, sources


def test_every_section_that_is_cited_is_there(citations: tuple[set[str], set[str]]) -> None:
    """Flags a rule whose source cannot be looked up."""
    sections, _ = citations
    assert {"2.1", "2.4", "3.1", "6", "9"} <= sections, "the search for citations finds what is known to be cited"
    assert sections <= set(TITLES.findall(HANDBOOK.read_text(encoding="utf-8")))


def test_every_source_that_is_cited_has_an_address(citations: tuple[set[str], set[str]]) -> None:
    """Flags a source that is named by a number and listed nowhere."""
    _, sources = citations
    assert {"S4", "S5", "S33", "S65"} <= sources
    assert sources <= listed_sources()


def test_the_handbook_itself_names_listed_sources_only() -> None:
    """Flags a source in the handbook that its list lacks, and a number given twice."""
    text = HANDBOOK.read_text(encoding="utf-8")
    assert set(re.findall(r"\bS[0-9]{1,2}\b(?=[,;) |])", text.split("## 12.")[0])) - procedures() <= listed_sources()
    assert len(re.findall(r"^\| S[0-9]+ \|", text, re.MULTILINE)) == len(listed_sources())


def listed_sources() -> set[str]:
    text = HANDBOOK.read_text(encoding="utf-8").split("## 12. Sources")[1]
    return set(re.findall(r"^\| (S[0-9]+) \| \S", text, re.MULTILINE))


def procedures() -> set[str]:
    """Codes of procedures, which look like sources."""
    return {"S1", "S2", "S3", *(f"S{number}" for number in range(40, 50))}
