"""Pages in a real browser: what axe-core finds in them, and how wide they are on a telephone.

A page is put into a frame as wide as the device, with axe-core (tests/axe) written into it; the page as
it is handed out has no script. Chromium loads nothing but that one file.
"""

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from gp_level_data.shapes import Row

AXE = Path(__file__).parents[2] / "axe" / "axe.min.js"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="there is no Chromium on this machine, so no page was looked at in it"
)
# WCAG 2.2, levels A and AA, and what axe-core counts as good practice.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ASK = """
<script>%s</script>
<script>
addEventListener("load", () => axe.run(document, {runOnly: %s}).then(found => {
  const told = {
    violations: found.violations.map(each => [each.id, each.nodes.map(node => node.target.join(" "))]),
    passes: found.passes.length,
    width: document.documentElement.scrollWidth,
  };
  parent.document.getElementById("told").textContent = JSON.stringify(told);
}))
</script>
"""
FRAME = """<!DOCTYPE html><html lang="en"><title>frame</title>
<pre id="told"></pre><iframe title="page" width="%d" height="900" srcdoc="%s"></iframe></html>"""


def looked_at(page: str, width: int, folder: Path) -> Row:
    """What axe-core says of a page that is `width` pixels wide: violations, how many rules passed, its width."""
    asked = page.replace("</body>", ASK % (AXE.read_text(encoding="utf-8"), json.dumps(TAGS)) + "</body>")
    path = folder / "frame.html"
    path.write_text(FRAME % (width, html.escape(asked)), encoding="utf-8")
    assert CHROMIUM is not None
    dumped = subprocess.run(
        [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            f"--user-data-dir={folder / 'chromium'}", "--window-size=1400,1000",
            "--virtual-time-budget=60000", "--dump-dom", path.as_uri(),
        ],
        capture_output=True, text=True, timeout=240, check=True,
    ).stdout  # fmt: skip
    told = re.search(r'<pre id="told">([^<]*)</pre>', dumped)
    assert told and told[1], "axe-core said nothing"
    found: Row = json.loads(html.unescape(told[1]))
    return found
