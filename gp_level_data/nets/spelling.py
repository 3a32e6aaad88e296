"""How an NHS Number is spoken of, and how one is written down, in names and descriptions."""

import functools
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
# Whoever writes that there is none names no column after one: these are words of a sentence, which no column has.
DENIED = re.compile(r"\b(?:no|not|never|without)\s+(?:(?:a|an|any|by|the)\s+){0,2}nhs numbers?\b", re.IGNORECASE)
TEN_DIGITS = re.compile(r"(?<!\d)(\d{3})[\W_]{0,2}(\d{3})[\W_]{0,2}(\d{4})(?!\d)")

DIGITS = 10
IN_GROUPS = re.compile(r"(?<!\d)\d+([\W_]{1,3})\d+(?:\1\d+){0,8}(?!\d)(?!\1\d)")
WORDS = {
    word: str(digit)
    for digit, words in enumerate(
        ("zero nought nil oh o", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    )
    for word in words.split()
}
TIMES = {"double": 2, "treble": 3, "triple": 3}
WORD = f"(?:(?:{'|'.join(TIMES)})[\\W_]+)?(?:{'|'.join(WORDS)})"
IN_WORDS = re.compile(rf"\b{WORD}(?:[\W_]{{1,3}}{WORD})+\b", re.IGNORECASE)

# Nobody's, though some pass the check digit, as in the macro nhs_number_rule (HES rule 9012).
PUBLISHED_DUMMY = "2333455667"
NEVER_ISSUED = {
    PUBLISHED_DUMMY,
    *(digit * 10 for digit in string.digits),
    *(f"{digit}00000000{digit}" for digit in string.digits),
}

# The nets read the same texts again, of one change to a project after another.
remembered = functools.lru_cache(maxsize=100_000)


@remembered
def speaks_of_numbers(text: str) -> bool:
    """Whether a text names the NHS Number, in any case and with any separator; not where it says that there is none."""
    return bool(SPOKEN_OF.search(DENIED.sub("", plain(text))))


@remembered
def numbers_quoted(text: str) -> frozenset[str]:
    """The ten digits of each number in a text that passes the check of an NHS Number.

    As it is, in groups of any length with one sign between them, or in words. A number written backwards passes as
    well: its weights are the same modulo 11, up to the sign.
    """
    clean = plain(text)
    found = ["".join(match.groups()) for match in TEN_DIGITS.finditer(clean)]
    for match in IN_GROUPS.finditer(clean):
        # Two numbers and a comma are a list.
        if match[1].strip() != "," or match[0].count(match[1]) > 1:
            found.append("".join(filter(str.isdigit, match[0])))
    found += map(digits_of_words, (match[0] for match in IN_WORDS.finditer(clean)))
    return frozenset(valid(found))


def numbers_spread(cells: list[str]) -> frozenset[str]:
    """The same of a number whose digits lie in several cells of a row, next to each other, either way round."""
    return spread_over(tuple(cells))


@remembered
def spread_over(cells: tuple[str, ...]) -> frozenset[str]:
    found: set[str] = set()
    for row in (cells, cells[::-1]):
        digits = [cell.strip() for cell in row]
        for start in range(len(digits)):
            joined = ""
            for cell in digits[start:]:
                joined += cell if cell.isdigit() else "-" * DIGITS
                if len(joined) >= DIGITS:
                    break
            # One cell that holds it all is a text like another.
            if len(joined) == DIGITS and joined.isdigit() and joined != digits[start]:
                found |= set(valid([joined]))
    return frozenset(found)


def lists_in(value: object) -> Iterator[list[str]]:
    """Values that lie next to each other in the lists and mappings of a document, as in the meta of a node."""
    if isinstance(value, (dict, list)):
        inner = list(value.values()) if isinstance(value, dict) else value
        yield [str(each) if isinstance(each, (str, int)) else "" for each in inner]
        for each in inner:
            yield from lists_in(each)


def valid(found: list[str]) -> Iterator[str]:
    for text in dict.fromkeys(found):
        # of whatever script, also of one that has no plainer form
        digits = "".join(str(int(digit)) for digit in text)
        if len(digits) == DIGITS and passes_modulus_11(digits) and digits not in NEVER_ISSUED:
            yield digits


def digits_of_words(text: str) -> str:
    """What words of digits say, as somebody reads a number out."""
    digits, times = "", 1
    for word in re.findall(r"[a-z]+", text.lower()):
        if word in TIMES:
            times = TIMES[word]
        else:
            digits, times = digits + WORDS[word] * times, 1
    return digits


def passes_modulus_11(digits: str) -> bool:
    """Whether the last of ten digits is their check digit, as one in eleven is by chance."""
    return sum(int(digit) * weight for digit, weight in zip(digits, range(10, 0, -1))) % 11 == 0


def plain(text: str) -> str:
    """A text without what only looks different: full-width letters, zero-width characters."""
    if text.isascii():
        return text
    normal = unicodedata.normalize("NFKC", text)
    return "".join(character for character in normal if unicodedata.category(character) != "Cf")
