"""The raw landing folder: what may lie in it, what does, and how the gateway sees it.

A raw file is looked at once before any is read: its columns, its number of rows, and for a practice
file its moment of extraction. A file that breaks the contract is refused whole and listed with the
rule it broke; the others become relations of the schema `landing`, all columns text, one layout each,
whatever order, format, types or line ends their senders chose. No row about a patient is copied.

    contract.py       every kind of file: place, name, columns
    find.py           which files there are, what is misnamed, what is passed over
    packed.py         gzip and zip, unpacked while they are read
    delimited.py      text: delimiter, encoding, line ends, rows
    typed.py          Parquet: types, and the text each value has
    organisations.py  JSON of the Organisation Data Service
    look.py           the look at a file, and the rule it breaks
    relations.py      the schema `landing`
"""

from gp_level_data.raw.landing.contract import (
    COLLECTED,
    COLLECTIONS,
    FORMATS,
    JOURNAL_COLUMNS,
    NOT_IN_CARE_DATA,
    ODS_COLUMNS,
    PRACTICE_CODE,
    FileKind,
    all_kinds,
    file_kinds,
    practice_metrics,
)
from gp_level_data.raw.landing.find import (
    RawFile,
    check_folder,
    code_in,
    files_of,
    is_harmless_name,
    missing_kinds,
    not_of_the_contract,
    passed_over,
    refuse_closed,
)
from gp_level_data.raw.landing.look import (
    broken_file_rule,
    in_one_sentence,
    look_at,
    refuse_at_a_glance,
    refuse_repeated,
    stops_the_run,
    written_as,
)
from gp_level_data.raw.landing.packed import BLOCK
from gp_level_data.raw.landing.relations import (
    create_relations,
    create_table,
    look_at_all,
    relation_sql,
)

__all__ = [
    "BLOCK", "COLLECTED", "COLLECTIONS", "FORMATS", "JOURNAL_COLUMNS", "NOT_IN_CARE_DATA", "ODS_COLUMNS",
    "PRACTICE_CODE", "SEEDS", "FileKind", "RawFile", "all_kinds", "broken_file_rule", "check_folder",
    "code_in", "create_relations", "create_table", "file_kinds", "files_of", "in_one_sentence",
    "is_harmless_name", "look_at", "look_at_all", "missing_kinds", "not_of_the_contract", "passed_over",
    "practice_metrics", "refuse_at_a_glance", "refuse_closed", "refuse_repeated", "relation_sql",
    "stops_the_run", "written_as",
]  # fmt: skip
