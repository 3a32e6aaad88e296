"""The contract in words: what each column says, how it is written, and an example.

Numbers of the examples are of the range for tests. Where words are a list that may change, the seed is named.
"""

from gp_level_data.raw.landing.contract import FileKind

DAY = "day: 2016-12-24, 24/12/2016 or 20161224"
PLAIN_DAY = "day: 2016-12-24 or 20161224"
MOMENT = "moment: 2017-04-01T02:00:00+01:00, or without a zone for the time of the United Kingdom"
NUMBER = "ten digits, plain or 3-3-4"
FLAG = "1 meets the criteria, 0 eligible but does not, empty not eligible; also true and false, yes and no"
CODES = "codes with commas between them, or one column a code"

# Column: what it says, how it is written, an example.
WORDS = {
    "PRACTICE_CODE": ("code of the practice", "a letter and five digits", "A81001"),
    "PRACTICE": ("code of the practice", "a letter and five digits", "A81001"),
    "EXTRACTED_AT": ("when the file was extracted", MOMENT, "2017-04-01T02:00:00+01:00"),
    "PROCESSED_TIMESTAMP": ("when the file was extracted", MOMENT, "2017-04-01T02:00:00+01:00"),
    "NHS_NUMBER": ("NHS Number of the patient", NUMBER, "999 623 4657"),
    "NEWNHSNO": ("NHS Number of the patient; a pseudonym cannot be linked", NUMBER, "9996234657"),
    "USUAL_GP_CODE": ("code of the usual GP, as the Organisation Data Service has it", "G, six digits, check digit", "G1000070"),
    "CODE_SCHEME": ("scheme of the code", "READ2, CTV3 or SNOMED", "CTV3"),
    "CODE": ("code of the objection or its withdrawal", "as text, so that no digit is lost: seeds/opt_out_codes.csv", "XaZ89"),
    "EFFECTIVE_DATE": ("day or moment from which it counts", MOMENT, "2016-01-01"),
    "RECORDED_AT": ("when it was recorded", MOMENT, "2016-01-01T10:00:00Z"),
    "GP_SYSTEM_SUPPLIER": ("who supplies the practice's clinical system", "a name", "SUPPLIER A"),
    "SERVICE": ("collection that the answer is about", "its id, in any case", "INDIVIDUAL_GP_LEVEL_DATA"),
    "STATUS": ("the practice's answer", "offered, agreed, declined or withdrawn", "agreed"),
    "STATUS_DATE": ("day of the answer", PLAIN_DAY, "2016-10-01"),
    "EPIKEY": ("key of the episode", "whole number, as text", "501234"),
    "ADMIDATE": ("day of admission", DAY, "2016-12-24"),
    "DISDATE": ("day of discharge", DAY + "; empty where there is none", "2016-12-27"),
    "ADMIMETH": ("method of admission", "two characters of the HES data dictionary", "21"),
    "ADMISORC": ("source of admission", "two digits of the HES data dictionary", "19"),
    "CLASSPAT": ("patient class", "one digit of the HES data dictionary", "1"),
    "EPIORDER": ("order of the episode in the stay", "number; 98 and 99 are none", "1"),
    "EPISTAT": ("status of the episode", "1 unfinished, 3 finished", "3"),
    "EPITYPE": ("type of the episode", "one digit of the HES data dictionary", "1"),
    "MAINSPEF": ("main specialty", "three characters of the HES data dictionary", "300"),
    "MYDOB": ("month of birth: only whether it is known is read", "mmyyyy", "041968"),
    "STARTAGE": ("age at the start of the episode", "years, or 7001 to 7007 for infants", "48"),
    "DIAG_4_01": ("primary diagnosis", "ICD-10", "J459"),
    "DIAG_4_CONCAT": ("all diagnoses", f"ICD-10: {CODES}", "J459,I10X"),
    "OPERTN_4_CONCAT": ("all procedures", f"OPCS-4: {CODES}", "-"),
    "PROCODE": ("provider", "code of the organisation; it tells two stays on one day apart", "RTA00"),
    "DATE_OF_BIRTH": ("day of birth: only the year is read", PLAIN_DAY, "1950-01-01"),
    "SEX": ("sex", "a code of seeds/patient_codes.csv; in hospital files 1, 2, 0 or 9", "1"),
    "ETHNIC": ("ethnic category", "a code of seeds/patient_codes.csv", "A"),
    "SEXUAL_ORIENTATION": ("sexual orientation", "a code of seeds/patient_codes.csv", "1"),
    "POSTCODE": ("postcode: never read further than staging", "as the Post Office writes it", "TS1 1AA"),
    "LSOA": ("area of residence", "E or W and eight digits", "E01000001"),
    "DATE_OF_DEATH": ("day of death", PLAIN_DAY + "; empty for the living", ""),
    "REGISTERED_ON": ("first day of the registration", PLAIN_DAY, "2001-05-01"),
    "DEREGISTERED_ON": ("last day of the registration", PLAIN_DAY + "; empty where it lasts", ""),
    "CATEGORY": ("kind of record", "a word of seeds/journal_categories.csv", "diagnosis"),
    "DATE": ("day of the record", PLAIN_DAY, "2015-03-02"),
    "RECORD_DATE": ("day on which it was entered", PLAIN_DAY, "2015-03-02"),
    "VALUE1_CONDITION": ("first value of the record", "a number of up to five digits", "58"),
    "VALUE2_CONDITION": ("second value of the record", "a number of up to five digits", ""),
    "STAFF_ROLE": ("role of who recorded it", "a word of seeds/staff_roles.csv", "R0260"),
    "STARTED_ON": ("first day of the care", PLAIN_DAY, "2016-05-01"),
    "ENDED_ON": ("last day of the care", PLAIN_DAY + "; empty where it lasts", ""),
}  # fmt: skip
# The twenty-seven columns of the Organisation Data Service: of most only the place is known.
ODS_WORDS = {
    "ORGANISATION_CODE": ("code of the practice or GP", "as the Organisation Data Service writes it", "A81001"),
    "NAME": ("name", "letters, UTF-8 or Windows-1252", "THE SURGERY"),
    "OPEN_DATE": ("first day", PLAIN_DAY, "19740401"),
    "CLOSE_DATE": ("last day", PLAIN_DAY + "; empty where open", ""),
    "STATUS_CODE": ("status", "the Service's letters or words", "A"),
    "PARENT_ORGANISATION_CODE": ("commissioner of a practice, practice of a GP", "as the Service writes it", "00K"),
    "JOIN_PARENT_DATE": ("since when it belongs there", PLAIN_DAY, "20130401"),
    "LEFT_PARENT_DATE": ("until when", PLAIN_DAY + "; empty where it still does", ""),
    "PRESCRIBING_SETTING": ("kind of practice", "4, or the role RO76, is a GP practice", "4"),
}  # fmt: skip
# Columns of one name that say something else in one kind of file.
OF_ONE_KIND = {
    ("journals", "CODE"): ("SNOMED code of the record", "as text, so that no digit is lost: seeds/journal_codes.csv", "38341003"),
    ("social_care", "SERVICE"): ("kind of social care", "a word", "home_care"),
}  # fmt: skip
OF_THE_FLAGS = ("whether the patient meets the criteria of the metric", FLAG, "1")
NOT_READ = ("never read", "any", "")

# Whom a column identifies, as the lineage proof takes it from the sources: of all others nobody, by itself.
IDENTIFIES = {
    "NHS_NUMBER": "person",
    "NEWNHSNO": "person",
    "EPIKEY": "episode",
    "DATE_OF_BIRTH": "birth_date",
    "MYDOB": "birth_month",
    "POSTCODE": "address",
}
NOBODY = "nobody"
SAID_OF = {
    "person": "Identifies the patient.",
    "episode": "Identifies one stay in hospital, and by it the patient.",
    "birth_date": "Identifies the patient, with little besides.",
    "birth_month": "Identifies the patient, with little besides.",
    "address": "Identifies the patient, with little besides.",
    NOBODY: "Identifies nobody by itself.",
}

FILES = {
    "practice_records": "One file a practice, one row a patient.",
    "opt_outs": "One file a practice, one row a code of dissent or withdrawal. No file never means that nobody objected; a file of nothing but its header does.",
    "opt_out_extractions": "When each practice's opt-out file was extracted.",
    "suppliers": "Supplier of each practice's clinical system.",
    "hes_apc": "Hospital Episode Statistics, admitted patient care: one row an episode, further columns never read.",
    "ods_practices": "Practices of the Organisation Data Service: its 27 columns without header (a header is recognised), or the documents of the ORD interface (`/ORD/2-0-0/organisations/<code>`) as a JSON list, an object that holds one list of them, or one a line.",
    "ods_gps": "GPs of the Organisation Data Service: its 27 columns without header (a header is recognised).",
    "cqrs_participation": "What each practice answered to the collection.",
    "journals": "One file a practice, one row a coded record, the patient's details on every row: the layout of GDPPR.",
    "social_care": "Social care: one row a service to a person.",
}  # fmt: skip


def words_of(kind: FileKind, column: str) -> tuple[str, str, str]:
    """What a column says, how it is written, and an example."""
    if column in kind.optional:
        return OF_THE_FLAGS
    if not kind.has_header:
        return ODS_WORDS.get(column, NOT_READ)
    return OF_ONE_KIND.get((kind.relation, column)) or WORDS[column]


def identifies(kind: FileKind, column: str) -> str:
    """Whom a column identifies; an organisation's postcode is nobody's."""
    return IDENTIFIES.get(column, NOBODY) if kind.has_header else NOBODY


def described(kind: FileKind, column: str) -> str:
    """A column of the raw files as the docs tell it: meaning, form, example, whom it identifies."""
    says, written, example = words_of(kind, column)
    is_read = says != NOT_READ[0]
    if not is_read:
        says = "a place without meaning" if column.startswith("NULL") else column.replace("_", " ").lower()
    whom = identifies(kind, column)
    if whom == "person":
        # Even a number of the range for tests is no example where nobody writes one.
        example = f"{example[:-1]}x, x its check digit"
    elif example:
        example = f"`{example}`"
    form = written.replace("day: ", "a day as ", 1).replace("moment: ", "a moment as ", 1)
    told = [f"{says[0].upper()}{says[1:]}."]
    told += [f"Written: {form}."] if is_read else ["Never read."]
    told += [f"Example: {example}."] if example else []
    return " ".join([*told, SAID_OF[whom]])


def block_of(kind: FileKind, column: str) -> str:
    """Name of the docs block that tells it, shared by all columns of which the same is said."""
    if not kind.has_header:
        return f"raw_ods_{column.lower()}"
    own = f"{kind.relation}_" if (kind.relation, column) in OF_ONE_KIND else ""
    return f"raw_{own}{column.lower()}"
