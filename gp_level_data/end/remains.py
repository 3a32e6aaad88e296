"""What may remain of people when their data are destroyed: numbers and pseudonyms in what is kept."""

import random
import re
from collections.abc import Collection, Iterable
from itertools import chain
from pathlib import Path

import duckdb

from gp_level_data.custody import store
from gp_level_data.nets import Finding, raw_numbers, values
from gp_level_data.nets.disguises import Tokens
from gp_level_data.project import PROJECT

NET = "remains"
# Numbers that are looked for in files. Among the digits of clocks one of so few is found by chance once
# in some thousand searches; of a whole country's, always.
SAMPLED = 1000
# Thirty-two letters a to p in a row. A checksum is written in groups, so that it is none.
PSEUDONYM = re.compile(rb"[a-p]{32}")


def sampled_numbers(raw_dir: Path, how_many: int) -> list[str]:
    """Numbers of a raw folder drawn by lot, each row with the same chance; read once, never all held.

    Those that the project itself quotes, for its unit tests, are left out.
    """
    quoted = raw_numbers.numbers_quoted(*(PROJECT / name for name in ("models", "macros", "seeds", "tests")))
    paths = (path for path in sorted(raw_dir.rglob("*")) if path.is_file())
    texts = chain.from_iterable(map(raw_numbers.identifiers, paths))
    lot, seen = random.SystemRandom(), 0
    drawn: list[str] = []
    for text in texts:
        number = raw_numbers.SEPARATORS.sub("", text or "")
        if raw_numbers.TEN_DIGITS.fullmatch(number) and number not in quoted:
            seen += 1
            # Twice as many, since somebody with two rows may be drawn twice.
            if len(drawn) < 2 * how_many:
                drawn.append(number)
            elif (at := lot.randrange(seen)) < 2 * how_many:
                drawn[at] = number
    people = sorted(set(drawn))
    return sorted(lot.sample(people, min(how_many, len(people))))


def files_kept(folders: Iterable[Path]) -> list[Path]:
    """The files that are searched, each once."""
    return sorted({path.resolve() for path in values.files_below(folders)})


def numbers_left(folders: Iterable[Path], numbers: Collection[str], keys: Iterable[bytes] = ()) -> list[Finding]:
    """Files and tables below the folders that hold one of the numbers in any of their bytes.

    keys  those of the encrypted databases that are kept
    """
    return values.findings_in_files(files_kept(folders), numbers, keys)


def numbers_in_texts(texts: dict[str, bytes], numbers: Iterable[str]) -> list[Finding]:
    """The same for texts that are not written yet."""
    tokens = Tokens()
    for name, content in texts.items():
        tokens.add(name, content)
    return tokens.findings(numbers)


def pseudonyms_left(folders: Iterable[Path], keys: Iterable[bytes] = ()) -> list[Finding]:
    """Files and tables below the folders that hold what could be a pseudonym."""
    found = []
    for path in files_kept(folders):
        content = path.read_bytes()
        where = values.masked(str(path))
        count = len(PSEUDONYM.findall(content))
        if content[8:12] == b"DUCK":
            # What is compressed in a database shows in its tables only.
            count += pseudonyms_in_tables(path, keys)
        if count:
            found.append(Finding(NET, where, f"what could be a pseudonym, {count} times"))
    return found


def pseudonyms_in_tables(path: Path, keys: Iterable[bytes]) -> int:
    """How many values of a database could be a pseudonym; none where no key opens it, or from where it is damaged.

    That there is such a one is what the search for numbers says.
    """
    count = 0
    with values.opened_file(path, keys) as connection:
        if connection is None:
            return 0
        for column in values.stored_columns(connection):
            relation = values.macros().relation_of(column)
            name = values.macros().quoted(column[3])
            try:
                [(held,)] = connection.execute(
                    f"select count(*) from {relation} where regexp_matches(cast({name} as varchar), '[a-p]{{32}}')"
                ).fetchall()
            except duckdb.Error as error:
                if not store.is_of_a_file(error):
                    raise
                return count
            count += held
    return count
