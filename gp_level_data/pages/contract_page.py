"""`make contract`: what each raw file holds and how it may be written, on the screen and in the docs.

Made from the description that the code reads (landing/contract.py), in the words of landing/words.py.
"""

from collections.abc import Iterator
from types import SimpleNamespace as Namespace

from gp_level_data import project
from gp_level_data.project import PROJECT
from gp_level_data.raw import landing
from gp_level_data.raw.landing import FileKind, words
from gp_level_data.raw.landing.contract import OTHER_WAYS
from gp_level_data.refusal import Refusal

PAGE = "models/staging/contract.md"
BLOCK = "{{% docs {name} %}}\n{told}\n{{% enddocs %}}\n"

HOW = """\
What senders put into the raw folder. The same on the screen: `make contract`; whether a folder keeps it:
`make check RAW_DIR=...`.

**Form.** Text with commas, tabs or pipes between the columns, found in each file, in UTF-8 or Windows-1252,
any line ends; plain (`.csv`, `.txt`, `.tsv`, `.psv`, in any case), packed with gzip (`.csv.gz`) or as the only
file of a zip archive (`.zip`, `.csv.zip`); or Parquet (`.parquet`) of any types that say the same. Columns in
any order and case. Empty lines, and empty columns at the end, say nothing. Semicolons and UTF-16 are refused.

**Names.** As below, to the letter, but for the ending. Checksums, notes and what a file system adds are passed
over. Another file or folder that is called otherwise stops the run (hospital files) or is told to the custodian.
A year is one from April, as 1617 is 2016/17. Of a year there is one file, and the hospital files cover the whole period.
Among the opt-outs it may hold anybody's objection: it keeps out the practice whose code it has in its name, and
stops the run where it has none; so does what is called like them and lies beside their folder or above it.
Nothing is taken from the folders above.

**Refused** is a file that lacks a column, has one twice, or has one that is not asked for where nothing else
may be sent; one with a title above its names; and a register whose header has a name at another place than below. A refused file of a practice keeps that practice out, and whomever a refused opt-out file may name, wherever they are registered; a refused national file stops the run."""


def run(chosen: Namespace) -> int:
    """Print the contract; the whole of it is written as a page of the docs as well."""
    print(page(collections(chosen.collection)))
    if chosen.collection is None and block() != (PROJECT / PAGE).read_text(encoding="utf-8"):
        (PROJECT / PAGE).write_text(block(), encoding="utf-8")
    return 0


def collections(named: str | None = None) -> list[str]:
    """The collections of the seed, or the one that is named."""
    every = sorted({name for names in landing.COLLECTED.values() for name in names})
    every.sort(key=lambda name: name != project.COLLECTION)
    if named is None:
        return every
    if named not in every:
        raise Refusal(f"There is no collection of that name: {', '.join(every)}.")
    return [named]


def page(names: list[str]) -> str:
    """The contract of some collections in Markdown."""
    return "\n\n".join([HOW, *(section for name in names for section in sections(name))])


def block() -> str:
    """The page of the docs, and after it a block a column, to which the sources refer."""
    told = {"raw_files": page(collections()), **dict(sorted(descriptions().items()))}
    return "\n".join(BLOCK.format(name=name, told=told[name]) for name in told)


def descriptions() -> dict[str, str]:
    """The docs block of each column that all files of a kind have, by its name."""
    return {
        words.block_of(kind, name): words.described(kind, name)
        for collection in collections()
        for kind in landing.file_kinds(collection)
        for name, _ in columns(kind)
        if name not in kind.optional
    }


def sections(collection: str) -> Iterator[str]:
    """A table a kind of file; what every collection reads in the same way is told with the first one."""
    is_first = collection == project.COLLECTION
    yield f"## {collection}"
    for kind in landing.file_kinds(collection):
        if kind.is_collected and (is_first or kind.relation not in shared()):
            yield "\n".join(section(kind))
    if not is_first:
        others = [kind.example for kind in landing.file_kinds(collection) if is_told_before(kind)]
        yield f"And as in {project.COLLECTION}: {', '.join(f'`{name}`' for name in others)}."


def is_told_before(kind: FileKind) -> bool:
    return kind.is_collected and kind.relation in shared()


def shared() -> set[str]:
    """Kinds of file that the first collection has too."""
    own = landing.COLLECTIONS.format(collection=project.COLLECTION)
    kinds = [kind for kind in landing.file_kinds(project.COLLECTION) if kind.is_collected]
    return {kind.relation for kind in kinds if kind.folder != own}


def section(kind: FileKind) -> Iterator[str]:
    """What a kind of file is, its columns, and its first lines."""
    need = "needed" if kind.is_required else "may be absent"
    yield f"**`{kind.example}`** ({need}). {words.FILES[kind.relation]}"
    yield ""
    yield "| column | says | written | example |"
    yield "| --- | --- | --- | --- |"
    for name, told in columns(kind):
        yield f"| {name}{note(kind, name)} | {' | '.join(told)} |"
    if kind.passed_over:
        yield ""
        yield f"May be there and is never read: {', '.join(kind.passed_over)}."
    if kind.has_header:
        yield ""
        yield from (f"    {line}" for line in example(kind))


def columns(kind: FileKind) -> Iterator[tuple[str, tuple[str, str, str]]]:
    """The columns that a file may have and that are read, with their words."""
    for name in (*kind.columns, *kind.optional):
        if name not in kind.not_collected:
            yield name, words.words_of(kind, name)


def note(kind: FileKind, name: str) -> str:
    """Whether a column may be missing, and what else may stand for it."""
    others = [way.replace("{:02}", "01, 02 ...") for way in OTHER_WAYS.get(name, ())]
    notes = ["may be absent"] if name in (*kind.may_lack, *kind.optional) else []
    notes += [f"or {', '.join(others)}"] if others else []
    return f" ({'; '.join(notes)})" if notes else ""


def example(kind: FileKind) -> Iterator[str]:
    """A header and a row."""
    told = dict(columns(kind))
    yield ",".join(told)
    values = (example_of for _, _, example_of in told.values())
    yield ",".join(f'"{value}"' if "," in value else value for value in values)
