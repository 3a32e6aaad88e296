"""Which SQL a dbt run may send to the engine: one statement, of a kind that dbt needs, on the run's own databases.

A model, a hook, a constraint and a macro are all text that ends up in a statement. Whatever they hold, the
engine gets nothing but queries, and tables and views made in the places that belong to the run: no file is
written, no database attached, no function replaced, no setting changed, and nothing follows behind a semicolon.
Statements are told apart by DuckDB's own parser and lexer.
"""

import functools
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb

from gp_level_data.nets.names import ZONES

# Kinds of words, as the lexer numbers them.
COMMENT, OPERATOR = duckdb.token_type.comment.value, duckdb.token_type.operator.value
NAMES = {duckdb.token_type.keyword.value, duckdb.token_type.identifier.value}
# The lexer counts bytes, and takes whatever lies beyond ASCII for letters.
WORD = re.compile(rb'"(?:[^"]|"")*"|[A-Za-z_\x80-\xff][\w$\x80-\xff]*')
QUERIES = {"select", "with", "from", "values", "describe", "("}
TRANSACTIONS = {"begin", "commit", "rollback"}
CHANGES = {"create", "insert", "update", "delete", "drop", "alter", "comment"}
# How a run begins to say that what it has built is undone.
NOT_PROVED = "What was built is not proved: "
ABOVE_THE_BORDER = "what is above the border"
# What dbt does to a table or view beside making it; to a schema it does no more than to make it.
MAKES = re.compile(
    r"create (?:or replace )?(?P<temporary>temp |temporary )?(?:table|view) (?:if not exists )?"
    r"|insert into |update |delete from |drop (?:table|view) (?:if exists )?"
    r"|alter (?:table|view) (?:if exists )?"
)
# How dbt writes a description beside what it describes: a text that stands in the project's YAML word for word.
DESCRIBES = re.compile(r"comment on (?P<what>table|view|column) ")
TEXT = re.compile(rb"\$(\w*)\$(?P<text>.*?)\$\1\$", re.DOTALL)
MAKES_SCHEMA = re.compile(r"create schema (?:if not exists )?")
# The only alterations: another name, and a column that a snapshot or a memory of former runs has gained.
ALTERS = re.compile(r"(?:rename to|add column) ")
DROPS = {" ", "cascade "}
# Parts of one act for dbt, which it sends together: what makes or changes a table, and what fills it.
FILLED_AFTER = re.compile(r"(?:create (?:temp |temporary )?table|update) ")
KINDS = {
    duckdb.StatementType.SELECT, duckdb.StatementType.CREATE, duckdb.StatementType.INSERT,
    duckdb.StatementType.UPDATE, duckdb.StatementType.DELETE, duckdb.StatementType.DROP,
    duckdb.StatementType.ALTER, duckdb.StatementType.TRANSACTION,
}  # fmt: skip
# Functions with effects of their own, and those whose text is SQL that nobody has read.
FUNCTIONS = {
    "checkpoint", "currval", "disable_logging", "disable_profiling", "enable_logging", "enable_profiling",
    "force_checkpoint", "json_execute_serialized_sql", "nextval", "query", "query_table", "setseed", "sleep_ms",
    "truncate_duckdb_logs", "write_log",
}  # fmt: skip
SEEDS = {
    "gateway": {("marts", "seeds")},
    "warehouse": {("marts", "seeds"), ("marts", "snapshots"), ("assurance", "snapshots")},
}

# One for all of dbt's threads.
_parser: duckdb.DuckDBPyConnection | None = None
_parsing = threading.Lock()


@dataclass(frozen=True)
class Run:
    """What a run may change.

    name          gateway or warehouse
    reads         whether its command only reads, and so makes temporary tables at most
    keeps         whether what it makes outlives it
    descriptions  of the project's relations and columns: what may be written beside them
    """

    name: str
    reads: bool = False
    keeps: bool = True
    descriptions: frozenset[str] = frozenset()

    @property
    def places(self) -> set[tuple[str, str]]:
        """Database and schema of everything that the run makes."""
        of_models = {place for zone in ZONES if zone.group == self.name for place in zone.places}
        return of_models | SEEDS[self.name]


@dataclass(frozen=True)
class Statement:
    """One statement as the lexer gives it: its words in lower case, without comments; and its texts in dollars."""

    words: tuple[str, ...]
    texts: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return " ".join(self.words) + " "

    def named(self, from_word: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """A name that begins at a word, as its parts, and the words behind it."""
        parts, at = [], from_word
        while at < len(self.words):
            parts.append(unquoted(self.words[at]))
            at += 1
            if self.words[at : at + 1] != (".",):
                break
            at += 1
        return tuple(parts), self.words[at:]


def refusal(sql: str, run: Run) -> str | None:
    """Why dbt may not send this text, in words that repeat nothing of it but a keyword; None where it may."""
    found = split(sql)
    # Before it is parsed: the parser itself opens the file of an IMPORT, and runs what is behind a PRAGMA.
    for statement in found:
        if statement.words[0] not in QUERIES | TRANSACTIONS | CHANGES:
            return statement.words[0].upper()
    parsed = parse(sql)
    if len(parsed) != len(found):
        # PIVOT without its values becomes several statements, one of which makes a type of what is in the rows.
        return "a statement that stands for several: PIVOT names its values with `in (...)`"
    for statement, kind in zip(found, parsed):
        if kind.type not in KINDS:
            return statement.words[0].upper()
        if statement.words[0] in QUERIES and kind.type != duckdb.StatementType.SELECT:
            return "a statement that begins like a query and is none"
        reason = refused_kind(statement, run) or refused_function(statement)
        if reason:
            return reason
    if len(found) > 1 and not is_one_act(found):
        return "a second statement behind the first"
    return None


def makes(sql: str) -> tuple[str, ...] | None:
    """The relation that a text makes first, if it makes one in a place of a run; what dbt may not send is refused before."""
    first = next(iter(split(sql)), None)
    made = MAKES.match(first.text) if first else None
    if not first or not made or not first.text.startswith("create ") or made["temporary"]:
        return None
    name, _ = first.named(made[0].count(" "))
    return name if len(name) == 3 else None


def parse(sql: str) -> list[duckdb.Statement]:
    """The statements as the engine understands them, by a connection that has no data and reaches no file."""
    global _parser
    with _parsing:
        _parser = _parser or duckdb.connect(config={"enable_external_access": False, "lock_configuration": True})
        return _parser.extract_statements(sql)


def refused_kind(statement: Statement, run: Run) -> str | None:
    """Why a statement is not of those that dbt needs."""
    text, first = statement.text, statement.words[0]
    if first in QUERIES or (first in TRANSACTIONS and len(statement.words) <= 2):
        return None
    if made := MAKES_SCHEMA.match(text):
        name, rest = statement.named(made[0].count(" "))
        if rest or run.reads:
            return "CREATE SCHEMA"
        return None if name in run.places else elsewhere(name, run)
    if described := DESCRIBES.match(text):
        return refused_description(statement, described, run)
    made = MAKES.match(text)
    if not made:
        return " ".join(words_of_kind(statement)).upper()
    name, rest = statement.named(made[0].count(" "))
    if len(name) == 1 and (made["temporary"] or text.startswith("drop ")):
        return None
    if run.reads:
        return f"{first.upper()}, since its command only reads"
    if len(name) != 3 or name[:2] not in run.places:
        return elsewhere(name[:2], run) if len(name) == 3 else f"{first.upper()} of something without its place"
    behind = " ".join(rest) + " "
    if (first == "alter" and not ALTERS.match(behind)) or (first == "drop" and behind not in DROPS):
        return f"{first.upper()} {behind.partition(' ')[0].upper()}".rstrip()
    return None


def refused_description(statement: Statement, described: re.Match[str], run: Run) -> str | None:
    """Why a comment is none of the project's descriptions of what the run makes."""
    name, rest = statement.named(described[0].count(" "))
    if run.reads or name[:2] not in run.places or len(name) != 3 + (described["what"] == "column"):
        return "COMMENT"
    is_described = len(statement.texts) == 1 and statement.texts[0] in run.descriptions
    return None if is_described and rest == ("is", "$") else "COMMENT of something else than a description"


def elsewhere(place: tuple[str, ...], run: Run) -> str:
    """What to say of a place that is not the run's own."""
    if run.name == "warehouse" and place in Run("gateway").places:
        return ABOVE_THE_BORDER
    named = ".".join(place)
    # a name may say anything, and this one is about to be printed
    is_plain = re.fullmatch(r"[a-z_]+\.[a-z_]+", named)
    return f"what changes {named if is_plain else 'a database or schema'}, which does not belong to this run"


def refused_function(statement: Statement) -> str | None:
    """The function by which a statement would do more than it says."""
    for word, behind in zip(statement.words, statement.words[1:]):
        if behind == "(" and unquoted(word) in FUNCTIONS:
            return f"the function {unquoted(word)}"
    return None


def is_one_act(statements: Sequence[Statement]) -> bool:
    """Whether a table is made or changed and then filled, or one is described, and nothing else happens."""
    described = [(one, found) for one in statements if (found := DESCRIBES.match(one.text))]
    if len(described) == len(statements):
        return len({one.named(found[0].count(" "))[0][:3] for one, found in described}) == 1
    if len(statements) != 2 or not FILLED_AFTER.match(statements[0].text):
        return False
    made, filled = (MAKES.match(statement.text) for statement in statements)
    if not made or not filled or not filled[0].startswith("insert "):
        return False
    return statements[0].named(made[0].count(" "))[0] == statements[1].named(filled[0].count(" "))[0]


def words_of_kind(statement: Statement) -> Iterator[str]:
    """The keywords with which a statement begins, which say what it is."""
    for word in statement.words[:4]:
        if word in ("or", "replace", "if", "not", "exists", "temp", "temporary"):
            continue
        yield word
        if word not in ("create", "drop", "alter"):
            return


@functools.lru_cache(maxsize=8)
def split(sql: str) -> tuple[Statement, ...]:
    """The statements of a text that say something; whoever asks for the same text again has them at once."""
    return tuple(statement for statement in lexed(sql) if statement.words)


def lexed(sql: str) -> Iterator[Statement]:
    """The statements of a text, each as its words and signs in lower case."""
    raw = sql.encode()
    words: list[str] = []
    texts: list[str] = []
    for at, token in duckdb.tokenize(sql):
        # a run asks this of some 200,000 words, and numbers are compared much faster than the engine's own kinds
        kind = token.value
        if kind == COMMENT:
            continue
        sign = raw[at : at + 1].decode(errors="replace")
        if sign == ";" and kind == OPERATOR:
            yield Statement(tuple(words), tuple(texts))
            words, texts = [], []
        elif kind in NAMES:
            word = WORD.match(raw, at)
            words.append((word[0].decode(errors="replace") if word else sign).lower())
        else:
            words.append(sign)
            if sign == "$" and (text := TEXT.match(raw, at)):
                texts.append(text["text"].decode(errors="replace"))
    yield Statement(tuple(words), tuple(texts))


def unquoted(word: str) -> str:
    """A name without its quotation marks, as the engine compares it: whatever the case."""
    return word[1:-1].replace('""', '"') if word.startswith('"') else word
