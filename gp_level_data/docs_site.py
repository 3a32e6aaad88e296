"""Links within the documentation site, and parts of its pages that are written by the code they are about."""

import re
from pathlib import Path

PACKAGE = "gp_level_data_warehouse"
LINK = re.compile(r"\]\(#!/([a-z_]+)/([\w.]+)(?:#([\w-]+))?\)")


def address(name: str, kind: str = "model", part: str = "") -> str:
    """Where the site tells of a node; of a source by `source.table`; of a part by the anchor of its heading."""
    return f"#!/{kind}/{kind}.{PACKAGE}.{name}" + (f"#{part}" if part else "")


def link(name: str, kind: str = "model", part: str = "") -> str:
    """A name as a link to its page. Plain: what stands as code does not look like a link."""
    return f"[{part or name}]({address(name, kind, part)})"


def under_heading(page: str, heading: str, text: str) -> str:
    """A page in which this text stands between a heading and the next; ValueError where it has no such heading."""
    before, found, rest = page.partition(f"\n## {heading}\n")
    if not found:
        raise ValueError(f"the page has no heading {heading!r}")
    _, following, after = rest.partition("\n## ")
    return f"{before}{found}\n{text}\n{following}{after}"


def write_if_new(path: Path, text: str) -> bool:
    """Write a page that says something else today; whether it was written."""
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return False
    path.write_text(text, encoding="utf-8")
    return True
