"""An evidence bundle as a page that a reviewer reads in five minutes."""

from collections import defaultdict
from collections.abc import Iterator

from gp_level_data.pages import templates
from gp_level_data.pages.templates import cells
from gp_level_data.shapes import Cells, Document

# A page is made again from its entry years later, to the byte, so an entry says how its own is laid out.
LAYOUT = 2


def page(content: Document) -> str:
    """The page; all that is on it stands in the entry."""
    policy = content["policy"]
    return templates.ledger_page(
        "evidence",
        content=content,
        in_short=list(in_short(content)),
        counts=list(counts(content["counts"])),
        nets=cells(content["nets"], "net", "verdict", "finding_count", "looked_at"),
        measured=measured(content["leak_score"]),
        tried=tried(content["leak_score"]),
        disclosure=[(row["rule"], int(row["value"])) for row in policy["disclosure"]],
        exception=exception(policy["exception"]),
        kinds=list(kinds(content["raw_files"])),
        gone=sum(file["checksum"] is None for file in content["raw_files"]),
        use=list(use(content.get("use", []))),
        tables=cells(content["tables"], "table", "row_count", "checksum"),
        code=list(code(content["project"])),
        differing=cells(differing(content["project"]), "name", "locked", "installed"),
    )


def in_short(content: Document) -> Iterator[str]:
    """What a reviewer wants to know first."""
    counts, smallest = content["counts"], content["smallest_cell"]
    caught = sum(net["finding_count"] or 0 for net in content["nets"])
    refused = sum(file["refused_rule"] is not None for file in content["raw_files"])
    yield f"{in_words(counts['people_count'])} people of {counts['practice_count']:,} practices were collected."
    yield (
        f"Of {in_words(counts['sent_count'])} rows sent in files that were accepted, each is accounted for."
        if counts["is_balanced"]
        else "Some rows are NOT accounted for."
    )
    yield f"Raw files: {len(content['raw_files']):,}, of which refused whole: {refused:,}."
    not_run = [net["net"] for net in content["nets"] if net["verdict"] == "not run"]
    yield (
        f"The nets CAUGHT {caught:,} things."
        if caught
        else "The nets that were run caught nothing."
        if not_run
        else "All four nets were run and caught nothing."
    )
    if not_run:
        yield f"NOT run: the net by {', '.join(not_run)}."
    yield f"Leak score: {measured(content['leak_score'])}"
    yield (
        f"The smallest count shown is {smallest['count']}; 1 to {smallest['withheld_up_to']} are withheld."
        if smallest["count"] is not None
        else "No count above 0 is shown."
    )


def counts(content: Document) -> Iterator[tuple[str, list[Cells]]]:
    """A table for each verdict on the rows of the practice files: its caption and its rows."""
    for verdict, caption in (
        ("kept", "Collected"),
        ("excluded", "Held back, by reason"),
        ("rejected", "Could not be used, by rule"),
    ):
        rows: list[Cells] = [(each["rule"].replace("_", " "), in_words(each["row_count"])) for each in content[verdict]]
        yield f"{caption}; to the nearest 5, * where few", rows


def in_words(count: int | None) -> str:
    """A count as the entry tells it; a star for one that is withheld."""
    return "*" if count is None else f"{count:,}"


def kinds(files: list[Document]) -> Iterator[Cells]:
    """Files by kind; each of them, with its checksum, is in the entry."""
    by_kind: dict[str, list[Document]] = defaultdict(list)
    for file in files:
        by_kind[file["kind"]].append(file)
    for kind, those in by_kind.items():
        totals = (total(those, name) for name in ("byte_count", "row_count", "usable_count", "rejected_count"))
        refused = sum(file["refused_rule"] is not None for file in those)
        yield kind.replace("_", " "), len(those), refused, *totals


def use(subjects: list[Document]) -> Iterator[Cells]:
    """How much of what was sent was used; the share is that of the counts as they are told."""
    for each in subjects:
        yield (
            each["subject"],
            in_words(each["sent_count"]),
            in_words(each["used_count"]),
            share(each["used_count"], each["sent_count"]),
            (each["worst_rule"] or "").replace("_", " "),
        )


def share(used: int | None, sent: int | None) -> str:
    return f"{100 * used // sent} %" if sent and used is not None else "*"


def total(files: list[Document], name: str) -> int | None:
    known = [file[name] for file in files if file[name] is not None]
    return sum(known) if known else None


def tried(score: Document | None) -> list[Cells]:
    """How the nets did on leaks made on purpose: of which nets that is told, and on how much of it."""
    if score is None:
        return []
    return [
        ("Leaks", score["leak_count"], score["caught_count"]),
        *((f"by {net.replace('_', '-')}", score["leak_count"], count) for net, count in score["caught_by"].items()),
        ("Harmless changes", score["harmless_count"], score["false_alarm_count"]),
    ]


def measured(score: Document | None) -> str:
    """The leak score and what it is worth."""
    if score is None:
        return "ABSENT. `make leak-score` has left no result."
    of_which = (
        "measured on these nets."
        if score["is_current"]
        else "STALE: the nets, or the leaks, have changed since it was measured."
    )
    how_much = (
        f"All {score['change_count']:,} changes were tried."
        if score["tried_count"] == score["change_count"]
        else f"PARTIAL: {score['tried_count']:,} of {score['change_count']:,} changes were tried."
    )
    return (
        f"{score['caught_count']:,} of {score['leak_count']:,} leaks were caught,"
        f" {score['false_alarm_count']:,} of {score['harmless_count']:,} harmless changes raised an"
        f" alarm; {of_which} {how_much}"
    )


def exception(row: Document | None) -> str:
    if row is None:
        return "No exception from opt-outs was relied on."
    return "Exception from opt-outs relied on: " + "; ".join(f"{name} {value}" for name, value in row.items())


def code(project: Document) -> Iterator[str]:
    """The commit, what was proved of it, and how many packages are not those of the lock file."""
    changed = {True: "without changes", False: "with changes that are not committed", None: ""}[project["is_clean"]]
    yield f"Commit {project['commit']}, {changed}." if project["commit"] else "Not a checkout of the repository."
    proved = project.get("proof")
    yield (
        f"The gateway opened for code that the nets {', '.join(proved['nets'])} have proved, {proved['file_count']:,}"
        f" files; checksum of the proof: {proved['checksum']}."
        if proved
        else "There is NO proof of the code in the key folder."
    )
    yield (
        f"{len(project['dependencies'])} packages are locked, {len(differing(project))} of them are installed otherwise."
        f" Checksum of the lock file: {project['lock']}."
    )


def differing(project: Document) -> list[Document]:
    """Packages that are not those of the lock file."""
    return [each for each in project["dependencies"] if each["locked"] != each["installed"]]
