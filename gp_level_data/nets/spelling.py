"""How an NHS Number is spoken of, and how one is written down, in names and descriptions."""

import re
import string
import unicodedata
from collections.abc import Iterator

# NHS no, NHS-Number, nhsnumber, nhs_num, NEWNHSNO, N.H.S. ID, HESID ...; not "NHS now" or "NHS notes".
SPOKEN_OF = re.compile(
    r"""n[\W_]?h[\W_]?s[\W_]{0,3}(?:numbers?|n(?:o|r|um|umb|br)s?(?![a-z])|id(?:s|entifiers?)?(?![a-z]))
    |national[\W_]+health[\W_]+service[\W_]+(?:number|id)|hesid""",
    re.IGNORECASE | re.VERBOSE,
)
TEN_DIGITS = re.compile(r"(?<!\d)(\d{3})[\W_]{0,2}(\d{3})[\W_]{0,2}(\d{4})(?!\d)")

# Nobody's, though some pass the check digit, as in the macro nhs_number_rule (HES rule 9012).
PUBLISHED_DUMMY = "2333455667"
NEVER_ISSUED = {
    PUBLISHED_DUMMY,
    *(digit * 10 for digit in string.digits),
    *(f"{digit}00000000{digit}" for digit in string.digits),
}


def speaks_of_numbers(text: str) -> bool:
    """Whether a text names the NHS Number, in any case and with any separator."""
    return bool(SPOKEN_OF.search(plain(text)))


def numbers_quoted(text: str) -> Iterator[str]:
    """The ten digits of each number in a text that passes the check of an NHS Number.

    A number written backwards passes it as well: its weights are the same modulo 11, up to the sign.
    """
    for match in TEN_DIGITS.finditer(plain(text)):
        # of whatever script, also of one that has no plainer form
        digits = "".join(str(int(digit)) for group in match.groups() for digit in group)
        if passes_modulus_11(digits) and digits not in NEVER_ISSUED:
            yield digits


def passes_modulus_11(digits: str) -> bool:
    """Whether the last of ten digits is their check digit, as one in eleven is by chance."""
    return sum(int(digit) * weight for digit, weight in zip(digits, range(10, 0, -1))) % 11 == 0


def plain(text: str) -> str:
    """A text without what only looks different: full-width letters, zero-width characters."""
    if text.isascii():
        return text
    normal = unicodedata.normalize("NFKC", text)
    return "".join(character for character in normal if unicodedata.category(character) != "Cf")
