"""The contract with those who send: every kind of raw file, its place, its name and its columns."""

import csv
import re
from dataclasses import dataclass, replace
from functools import cached_property

from gp_level_data.project import SEEDS

COLLECTIONS = "gpes/{collection}"
# Kinds that not every collection has, and the collections that have them.
COLLECTED = {
    "practice_records": ("individual_gp_level_data",),
    "journals": ("gpdpr", "care_data"),
    "hes_apc": ("individual_gp_level_data", "care_data"),
    "social_care": ("care_data",),
}
# In any case. What stands between the columns is found in the file: its name says nothing about it.
FORMATS = re.compile(
    r"(?P<stem>.+?)\.(?:(?P<text>csv|txt|tsv|psv)(?:\.(?P<packing>gz|zip))?|(?P<zip>zip)"
    r"|(?P<other>parquet|json))",
    re.IGNORECASE,
)
PRACTICE_CODE = r"[A-Z][0-9]{5}"
# Hospital and social care data are of years from April: 1617 is 2016/17, and 2016 is none.
YEAR = f"({'|'.join(f'{year:02}{(year + 1) % 100:02}' for year in range(100))})"
# Kinds of which nothing but its content says that a file was sent twice.
COMPARED = ("hes_apc",)
# Columns that hold a moment; a day's is a moment at midnight all the same.
MOMENTS = ("EXTRACTED_AT", "PROCESSED_TIMESTAMP", "RECORDED_AT")

# Organisation Data Service, legacy CSV without header (domain handbook, section 5).
ODS_COLUMNS = (
    "ORGANISATION_CODE", "NAME", "NATIONAL_GROUPING", "HIGH_LEVEL_HEALTH_GEOGRAPHY",
    "ADDRESS_1", "ADDRESS_2", "ADDRESS_3", "ADDRESS_4", "ADDRESS_5", "POSTCODE",
    "OPEN_DATE", "CLOSE_DATE", "STATUS_CODE", "SUB_TYPE_CODE", "PARENT_ORGANISATION_CODE",
    "JOIN_PARENT_DATE", "LEFT_PARENT_DATE", "TELEPHONE", "NULL_19", "NULL_20", "NULL_21",
    "AMENDED_RECORD_INDICATOR", "NULL_23", "CURRENT_CARE_ORGANISATION", "NULL_25",
    "PRESCRIBING_SETTING", "NULL_27",
)  # fmt: skip
# As others write these names; of a file's header, letters and digits alone are compared.
ODS_OTHER_NAMES = {
    "STATUS": "STATUS_CODE",
    "COMMISSIONER": "PARENT_ORGANISATION_CODE",
    "JOIN PROVIDER/PURCHASER DATE": "JOIN_PARENT_DATE",
    "LEFT PROVIDER/PURCHASER DATE": "LEFT_PARENT_DATE",
}

# Coded journals, one row a coded record, in the layout of GDPPR (domain handbook, section 6).
JOURNAL_COLUMNS = (
    "PRACTICE", "PROCESSED_TIMESTAMP", "NHS_NUMBER", "DATE_OF_BIRTH", "SEX", "ETHNIC",
    "SEXUAL_ORIENTATION", "POSTCODE", "LSOA", "DATE_OF_DEATH", "REGISTERED_ON", "DEREGISTERED_ON",
    "CATEGORY", "DATE", "RECORD_DATE", "CODE", "VALUE1_CONDITION", "VALUE2_CONDITION", "STAFF_ROLE",
)  # fmt: skip
# The rest of that layout: what the sender's system writes anyway, and nobody here reads.
JOURNAL_COLUMNS_PASSED_OVER = (
    "GP_SYSTEM_SUPPLIER", "REPORTING_PERIOD_END_DATE", "JOURNAL_REPORTING_PERIOD_END_DATE",
    "SENSITIVE_CODE", "EPISODE_CONDITION", "EPISODE_PRESCRIPTION", "VALUE1_PRESCRIPTION",
    "VALUE2_PRESCRIPTION", "LINKS",
)  # fmt: skip
# Hospital Episode Statistics: columns that say the same. A pattern means numbered columns from 01 on,
# without a gap, one code each. One way in one file, so that no two stays differ by how they are written.
OTHER_WAYS = {
    "DIAG_4_01": ("DIAG_01", "DIAG_4_CONCAT", "DIAG_CONCAT"),
    "DIAG_4_CONCAT": ("DIAG_CONCAT", "DIAG_4_{:02}", "DIAG_{:02}"),
    "OPERTN_4_CONCAT": ("OPERTN_CONCAT", "OPERTN_4_{:02}", "OPERTN_{:02}"),
    "PROCODE": ("PROCODE5", "PROCODE3", "PROCODET"),
}
MOST_CODES = 50
# Pseudonyms that others made of the NHS Number under keys that nobody here has.
PSEUDONYMS_OF_OTHERS = (
    "TOKEN_PERSON_ID", "ENCRYPTED_HESID", "PSEUDO_HESID", "EXTRACT_HESID", "HESID", "ENCRYPTED_NHSNO",
    "PSEUDO_NHSNO", "STUDY_ID",
)  # fmt: skip
# What the care.data pilot did not collect (domain handbook, seed table).
NOT_IN_CARE_DATA = ("SEXUAL_ORIENTATION", "STAFF_ROLE")


@dataclass(frozen=True)
class FileKind:
    """One row of the contract with those who send.

    relation       name of the relation in the schema `landing`
    folder, stem   where its files lie below the raw folder, and a pattern for their names
    columns        the columns of the relation; every file must have them
    may_lack       columns of the relation that a file need not have: null where it has none
    not_collected  columns that the collection has no use for: null, and no file may have them
    optional       columns of flags that a file may have besides
    passed_over    columns that a file may have and nobody reads
    moment         the column that says when a practice file was extracted
    others_refused whether a column beyond these refuses the file; otherwise it is never read
    has_header     whether the first line names the columns
    is_required    whether a run makes no sense without a file of this kind
    owns_folder    whether nothing else may lie there, so that a misnamed file is not just passed over
    is_collected   whether the collection has files of this kind; if not, the relation is empty
    may_be_empty   whether a header alone says something: that nobody objected
    is_numbered    whether a row knows its place in its file, as it is told to who has to mend it
    takes_json     whether it may be a bundle of the Organisation Reference Data interface
    binds_all      whether a file that no practice can be told to have sent concerns every one: it may hold
                   anybody's objection
    """

    relation: str
    folder: str
    stem: str
    columns: tuple[str, ...]
    may_lack: tuple[str, ...] = ()
    not_collected: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()
    moment: str = "EXTRACTED_AT"
    others_refused: bool = False
    has_header: bool = True
    is_required: bool = True
    owns_folder: bool = False
    is_collected: bool = True
    may_be_empty: bool = False
    is_numbered: bool = False
    takes_json: bool = False
    binds_all: bool = False

    @property
    def required(self) -> tuple[str, ...]:
        """Columns that every file must have, under this name or another way to say it."""
        return tuple(name for name in self.columns if name not in (*self.may_lack, *self.not_collected))

    @cached_property
    def known_names(self) -> frozenset[str]:
        """Every name that a column of such a file may have and that says something."""
        others = [
            way.format(number)
            for name in self.columns
            for way in OTHER_WAYS.get(name, ())
            for number in range(1, MOST_CODES)
        ]
        return frozenset((*self.columns, *self.optional, *self.passed_over, *others))

    @property
    def example(self) -> str:
        """A name that such a file may have."""
        stem = {PRACTICE_CODE: "A81001"}.get(self.stem, self.stem.replace(YEAR, "1617"))
        return f"{self.folder}/{stem}.csv"


def practice_metrics() -> tuple[str, ...]:
    """Ids of the metrics that practices send, in the order in which their flags are packed."""
    with (SEEDS / "metrics.csv").open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        return tuple(sorted(row["metric_id"] for row in rows if row["origin"] == "practice"))


def file_kinds(collection: str) -> tuple[FileKind, ...]:
    """The contract for one collection: every kind of raw file, and whether its run reads it."""
    return tuple(
        replace(kind, is_collected=collection in COLLECTED.get(kind.relation, (collection,)))
        for kind in all_kinds(collection)
    )


def all_kinds(collection: str) -> tuple[FileKind, ...]:
    """Every kind of raw file of any collection, as this one would read it."""
    return (
        FileKind(
            "practice_records",
            COLLECTIONS.format(collection=collection),
            PRACTICE_CODE,
            ("PRACTICE_CODE", "EXTRACTED_AT", "NHS_NUMBER", "USUAL_GP_CODE"),
            optional=tuple(metric.upper() for metric in practice_metrics()),
            others_refused=True,
            owns_folder=True,
        ),
        FileKind(
            "opt_outs",
            "gpes/opt_outs",
            PRACTICE_CODE,
            ("PRACTICE_CODE", "NHS_NUMBER", "CODE_SCHEME", "CODE", "EFFECTIVE_DATE", "RECORDED_AT"),
            is_numbered=True,
            others_refused=True,
            owns_folder=True,
            may_be_empty=True,
            binds_all=True,
        ),
        FileKind(
            "opt_out_extractions",
            "gpes",
            "opt_out_extractions",
            ("PRACTICE_CODE", "EXTRACTED_AT"),
            is_required=False,
            may_be_empty=True,
        ),
        FileKind(
            "suppliers",
            "gpes",
            "suppliers",
            ("PRACTICE_CODE", "GP_SYSTEM_SUPPLIER"),
            is_required=False,
            may_be_empty=True,
        ),
        FileKind(
            "hes_apc",
            "hes",
            f"apc_{YEAR}",
            (
                "EPIKEY", "NEWNHSNO", "ADMIDATE", "ADMIMETH", "ADMISORC", "CLASSPAT", "DISDATE", "EPIORDER",
                "EPISTAT", "EPITYPE", "MAINSPEF", "MYDOB", "SEX", "STARTAGE", "DIAG_4_01",
                "DIAG_4_CONCAT", "OPERTN_4_CONCAT", "PROCODE",
            ),
            may_lack=("PROCODE",),
            owns_folder=True,
        ),
        FileKind(
            "ods_practices", "ods", "epraccur", ODS_COLUMNS, has_header=False, takes_json=True
        ),
        FileKind("ods_gps", "ods", "egpcur", ODS_COLUMNS, has_header=False),
        FileKind(
            "cqrs_participation",
            "cqrs",
            "participation",
            ("PRACTICE_CODE", "SERVICE", "STATUS", "STATUS_DATE"),
        ),
        FileKind(
            "journals",
            COLLECTIONS.format(collection=collection),
            PRACTICE_CODE,
            JOURNAL_COLUMNS,
            not_collected=NOT_IN_CARE_DATA if collection == "care_data" else (),
            passed_over=JOURNAL_COLUMNS_PASSED_OVER if collection == "gpdpr" else (),
            moment="PROCESSED_TIMESTAMP",
            others_refused=True,
            owns_folder=True,
        ),
        FileKind(
            "social_care",
            "social_care",
            f"social_care_{YEAR}",
            ("NHS_NUMBER", "SERVICE", "STARTED_ON", "ENDED_ON"),
            others_refused=True,
            is_required=False,
            owns_folder=True,
        ),
    )  # fmt: skip


def sent_as(name: str, columns: tuple[str, ...]) -> tuple[str, ...]:
    """The columns of a file that say what one of the contract does: one, several in order, or none."""
    for way in (name, *OTHER_WAYS.get(name, ())):
        if "{" not in way:
            if way in columns:
                return (way,)
            continue
        numbered = [way.format(number) for number in range(1, MOST_CODES) if way.format(number) in columns]
        # With a gap in the numbers a column was forgotten; one alone says nothing of the others.
        if len(numbered) > 1 and numbered == [way.format(at) for at in range(1, len(numbered) + 1)]:
            return tuple(numbered)
    return ()
