"""What the columns of a published table mean, read from the contract that dbt enforces."""

import functools
import re

import yaml

from gp_level_data.project import PROJECT

MODELS = PROJECT / "models"
BLOCK = re.compile(r"{% docs (\w+) %}(.*?){% enddocs %}", re.DOTALL)
REFERENCE = re.compile(r"{{ doc\('(\w+)'\) }}")


@functools.cache
def columns_of(table: str) -> list[tuple[str, str, str]]:
    """Name, type and meaning of each column of a model, in the order of its contract."""
    blocks = {
        name: " ".join(text.split())
        for path in MODELS.rglob("*.md")
        for name, text in BLOCK.findall(path.read_text(encoding="utf-8"))
    }
    for path in sorted(MODELS.rglob("*__models.yml")):
        for model in yaml.safe_load(path.read_text(encoding="utf-8"))["models"]:
            if model["name"] == table:
                return [
                    (column["name"], column["data_type"], in_words(column["description"], blocks))
                    for column in model["columns"]
                ]
    raise LookupError(f"no model is called {table}")


def in_words(description: str, blocks: dict[str, str]) -> str:
    """A description with the blocks that it refers to."""
    return " ".join(REFERENCE.sub(lambda found: blocks[found[1]], description).split())
