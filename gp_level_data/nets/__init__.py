"""The four nets that an NHS Number would have to pass: by name, by value, by lineage, by renaming."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """What a net caught: which net, where, and what in words; never a value."""

    net: str
    where: str
    what: str
