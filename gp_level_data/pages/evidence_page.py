"""An evidence bundle as a page that a reviewer reads in five minutes."""

from collections import defaultdict
from collections.abc import Iterator

from gp_level_data.pages import html
from gp_level_data.shapes import Document


def page(content: Document) -> str:
    """The page; all that is on it stands in the entry."""
    settings, policy = content["settings"], content["policy"]
    return html.page(
        f"Evidence of a run: {policy['collection']['title']}",
        f"Entry {content['entry']} of the store's ledger, made at {content['made_at']} about the"
        f" collection of {settings['collected_at']}. Counts are as disclosure control tells them;"
        " for the custodian and for reviewers, not for publication.",
        html.section("In short", html.points(in_short(content))),
        html.section("Who was collected, and who was not", *counts(content["counts"])),
        html.section(
            "The nets",
            html.table(
                "What each net says of this run",
                ("Net by", "Verdict", "Things caught", "Looked at"),
                [(net["net"], net["verdict"], net["finding_count"], net["looked_at"]) for net in content["nets"]],
            ),
            *leak_score(content["leak_score"]),
        ),
        html.section(
            "Settings and policy",
            html.table("Settings of the run", ("Setting", "Value"), settings.items()),
            html.table("The collection's policy", ("Rule", "Value"), policy["collection"].items()),
            html.table(
                "Disclosure control",
                ("Rule", "Value"),
                [(row["rule"], int(row["value"])) for row in policy["disclosure"]],
            ),
            html.paragraph(exception(policy["exception"])),
        ),
        html.section("Raw files", *raw_files(content["raw_files"]), *use(content["use"])),
        html.section(
            "Published tables",
            html.table(
                "Each with its checksum",
                ("Table", "Rows", "Checksum"),
                [(each["table"], each["row_count"], each["checksum"]) for each in content["tables"]],
            ),
        ),
        html.section("Code", *code(content["project"])),
        html.section(
            "How to check this page",
            html.paragraph(
                "`python -m gp_level_data evidence verify` makes it again from the entry, follows the"
                " ledger, and works out again what can be; with `--last` and a checksum that was"
                " written down, it shows whether the ledger has lost its end. The entry before this"
                f" one: {content['previous']}."
            ),
        ),
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


def counts(content: Document) -> Iterator[str]:
    """Rows of the practice files by verdict."""
    for verdict, caption in (
        ("kept", "Collected"),
        ("excluded", "Held back, by reason"),
        ("rejected", "Could not be used, by rule"),
    ):
        rows = [(each["rule"].replace("_", " "), in_words(each["row_count"])) for each in content[verdict]]
        yield html.table(f"{caption}; to the nearest 5, * where few", ("Rule", "Rows"), rows)


def in_words(count: int | None) -> str:
    """A count as the entry tells it; a star for one that is withheld."""
    return "*" if count is None else f"{count:,}"


def raw_files(files: list[Document]) -> Iterator[str]:
    """Files by kind; each of them, with its checksum, is in the entry."""
    kinds = defaultdict(list)
    for file in files:
        kinds[file["kind"]].append(file)
    yield html.table(
        "By kind; each file, with its checksum under the collection's key, is listed in the entry",
        ("Kind", "Files", "Refused", "Bytes", "Rows", "Usable", "Rejected"),
        [
            (
                kind.replace("_", " "),
                len(those),
                sum(file["refused_rule"] is not None for file in those),
                *(total(those, name) for name in ("byte_count", "row_count", "usable_count", "rejected_count")),
            )
            for kind, those in kinds.items()
        ],
    )
    gone = sum(file["checksum"] is None for file in files)
    if gone:
        yield html.paragraph(f"{gone:,} of them could not be read again under the name they came by.")


def use(subjects: list[Document]) -> Iterator[str]:
    """How much of what was sent was used; the share is that of the counts as they are told."""
    yield html.table(
        "How much could be used: national files by name, practices' files by kind; to the nearest 5, * where few",
        ("Of", "Rows sent", "Rows used", "Share", "Most of the rest"),
        [
            (
                each["subject"],
                in_words(each["sent_count"]),
                in_words(each["used_count"]),
                share(each["used_count"], each["sent_count"]),
                (each["worst_rule"] or "").replace("_", " "),
            )
            for each in subjects
        ],
    )


def share(used: int | None, sent: int | None) -> str:
    return f"{100 * used // sent} %" if sent and used is not None else "*"


def total(files: list[Document], name: str) -> int | None:
    known = [file[name] for file in files if file[name] is not None]
    return sum(known) if known else None


def leak_score(score: Document | None) -> Iterator[str]:
    """How the nets did on leaks made on purpose: of which nets that is told, and on how much of it."""
    yield html.paragraph(f"Leak score: {measured(score)}")
    if score is None:
        return
    yield html.table(
        "Changes to the project made on purpose, and what the nets said of them",
        ("Changes", "Tried", "Caught"),
        [
            ("Leaks", score["leak_count"], score["caught_count"]),
            *((f"by {net.replace('_', '-')}", score["leak_count"], count) for net, count in score["caught_by"].items()),
            ("Harmless changes", score["harmless_count"], score["false_alarm_count"]),
        ],
    )


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
    """The commit, and packages that are not those of the lock file."""
    differing = [each for each in project["dependencies"] if each["locked"] != each["installed"]]
    changed = {True: "without changes", False: "with changes that are not committed", None: ""}[project["is_clean"]]
    yield html.paragraph(
        f"Commit {project['commit']}, {changed}." if project["commit"] else "Not a checkout of the repository."
    )
    proved = project.get("proof")
    yield html.paragraph(
        f"The gateway opened for code that the nets {', '.join(proved['nets'])} have proved, {proved['file_count']:,}"
        f" files; checksum of the proof: {proved['checksum']}."
        if proved
        else "There is NO proof of the code in the key folder."
    )
    yield html.paragraph(
        f"{len(project['dependencies'])} packages are locked, {len(differing)} of them are installed"
        " otherwise."
        f" Checksum of the lock file: {project['lock']}."
    )
    if differing:
        yield html.table(
            "Packages that differ",
            ("Package", "Locked", "Installed"),
            [(each["name"], each["locked"], each["installed"]) for each in differing],
        )
