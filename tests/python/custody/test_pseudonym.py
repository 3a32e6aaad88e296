"""The pseudonym is HMAC-SHA-256 exactly, and nothing but ten ASCII digits gets one."""

import hashlib
import hmac
import importlib
import string
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from types import ModuleType

import duckdb
import numpy
import pyarrow
import pytest
from duckdb import func, sqltypes
from hypothesis import example, given
from hypothesis import strategies as st

from conftest import COLLECTION, test_number
from gp_level_data import custody
from gp_level_data.custody.pseudonym import pseudonymiser, register, release_pseudonymiser

KEY = bytes(range(32))
# Computed once with `openssl dgst -sha256 -mac HMAC`: two programs that share a mistake would agree.
VECTORS = {
    "9990000018": "anlfmaekmoagacfkppmpgnoblaikhdam",
    "9990000026": "ocoagkjgbmeeclnpdlcbdbiiclndogmk",
    "9999999999": "jeilkdoeeofpcmbeimmdggpjioahhdkg",
}
TEN_DIGITS = st.integers(0, 999_999).map(test_number)


def by_the_book(number: str, key: bytes = KEY, collection: str = COLLECTION, prefix: bytes | None = None) -> str:
    """The promise, written with the standard library."""
    message = (f"{collection}/patient".encode() + b"\0" if prefix is None else prefix) + number.encode()
    first_half = hmac.new(key, message, hashlib.sha256).hexdigest()[:32]
    return "".join("abcdefghijklmnop"[int(half_byte, 16)] for half_byte in first_half)


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    """Where numba is installed: its work is done before a test is timed."""
    pseudonymiser(KEY, COLLECTION)


@pytest.fixture
def engine() -> duckdb.DuckDBPyConnection:
    """A database with the function, registered as the gateway does."""
    connection = duckdb.connect()
    connection.create_function(
        "pseudonymise",
        pseudonymiser(KEY, COLLECTION),
        [sqltypes.VARCHAR],
        sqltypes.VARCHAR,
        type=func.PythonUDFType.ARROW,
    )
    return connection


@pytest.mark.parametrize("number", VECTORS)
def test_known_answers(number: str) -> None:
    """Flags a change of key use, message, length or alphabet: old pseudonyms would link no more."""
    is_known_answer = pseudonymiser(KEY, COLLECTION)(pyarrow.array([number])).to_pylist() == [VECTORS[number]]
    assert is_known_answer


@given(st.lists(TEN_DIGITS), st.binary(min_size=32, max_size=32), st.sampled_from(["gpdpr", COLLECTION]))
@example([], KEY, COLLECTION)
def test_agrees_with_the_standard_library(numbers: list[str], key: bytes, collection: str) -> None:
    """Flags any difference from textbook HMAC, for any key, collection and number of rows."""
    found = pseudonymiser(key, collection)(pyarrow.array(numbers, pyarrow.string())).to_pylist()
    is_same = found == [by_the_book(number, key, collection) for number in numbers]
    assert is_same


@given(st.lists(TEN_DIGITS, min_size=1, max_size=40), st.data())
def test_slices_and_chunks(numbers: list[str], data: st.DataObject) -> None:
    """Flags offsets that are ignored: the engine may hand over a part of a longer array."""
    start = data.draw(st.integers(0, len(numbers)))
    length = data.draw(st.integers(0, len(numbers) - start))
    wanted = [by_the_book(number) for number in numbers[start : start + length]]
    whole = pyarrow.array(["not read"] + numbers).slice(1)
    chunked = pyarrow.chunked_array([numbers[:start], numbers[start:]], pyarrow.string())
    pseudonymise = pseudonymiser(KEY, COLLECTION)
    for array in (
        whole.slice(start, length),
        whole.cast(pyarrow.large_string()).slice(start, length),
        chunked.slice(start, length),
    ):
        is_same = pseudonymise(array).to_pylist() == wanted
        assert is_same


def test_in_the_engine_over_many_vectors(engine: duckdb.DuckDBPyConnection) -> None:
    """Flags rows that are shifted or lost where the engine cuts a column into vectors and filters it."""
    numbers = sorted({test_number(stem) for stem in range(5_000)})
    engine.execute("create table people as select unnest(?) as number", [numbers])
    rows = engine.execute("select number, pseudonymise(number) from people where right(number, 1) <> '0'").fetchall()
    is_same = all(pseudonym == by_the_book(number) for number, pseudonym in rows)
    assert is_same
    assert len(rows) == sum(not number.endswith("0") for number in numbers)
    none = engine.execute("select pseudonymise(number) from people where number = ''").fetchall()
    assert not none


def test_no_row_is_a_row_too_few(engine: duckdb.DuckDBPyConnection) -> None:
    """Flags a function that fails on the empty array, which an empty practice file brings."""
    assert len(pseudonymiser(KEY, COLLECTION)(pyarrow.array([], pyarrow.string()))) == 0


# ---- many at a time -----------------------------------------------------------------------------


@pytest.fixture
def without_compiler(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The steps in lanes as plain Python, whether or not numba is installed."""
    stand_in = ModuleType("numba")
    stand_in.__spec__ = ModuleSpec("numba", None)
    vars(stand_in)["njit"] = lambda *given, **_: given[0] if given else lambda function: function
    monkeypatch.setitem(sys.modules, "numba", stand_in)
    name = "gp_level_data.custody.many_lanes"
    monkeypatch.delitem(sys.modules, name, raising=False)
    # Whoever imports it from its package finds it as an attribute.
    monkeypatch.delattr(custody, "many_lanes", raising=False)
    yield importlib.import_module(name)
    del sys.modules[name], custody.many_lanes


@pytest.mark.parametrize("length", [0, 24, 35, 36, 45, 46, 54, 64, 109, 110, 118, 140])
def test_the_steps_in_lanes_are_hmac(without_compiler: ModuleType, length: int) -> None:
    """Flags a slip in the steps, and a message cut where a block is full or next to full."""
    prefix, numbers = b"p" * length, [NUMBER, "0" * 10, "9" * 10]
    with numpy.errstate(over="ignore"):
        letters_of = without_compiler.hasher(KEY.ljust(64, b"\0"), prefix)
        assert (letters_of is None) == (length % 64 + 10 + 9 > 64)
        if letters_of:
            letters = bytes(letters_of(numpy.frombuffer("".join(numbers).encode(), numpy.uint8)))
            is_same = letters.decode() == "".join(by_the_book(number, prefix=prefix) for number in numbers)
            assert is_same


@pytest.mark.parametrize("kind", ["wrong", "stops"])
def test_a_kernel_that_errs_is_not_used(
    without_compiler: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    """Flags a machine or a compiler whose pseudonyms would be others, taken without a look."""

    def erring(digits: numpy.ndarray) -> bytes:
        if kind == "stops":
            raise OSError
        return b"a" * (len(digits) // 10 * 32)

    monkeypatch.setattr(without_compiler, "hasher", lambda *_: erring)
    made = pseudonymiser(KEY, COLLECTION)(pyarrow.array([NUMBER])).to_pylist()
    assert "is not used" in capsys.readouterr().err
    is_same = made == [by_the_book(NUMBER)]
    assert is_same


def test_the_kernel_as_it_is_compiled() -> None:
    """Flags what a compiler makes of the steps, where numba is installed; 16 lanes, the last not full."""
    pytest.importorskip("numba")
    from gp_level_data.custody import many_lanes

    prefix = f"{COLLECTION}/patient".encode() + b"\0"
    numbers = [test_number(stem) for stem in range(5_001)]
    hasher = many_lanes.hasher(KEY.ljust(64, b"\0"), prefix)
    assert hasher is not None
    letters = hasher(numpy.frombuffer("".join(numbers).encode(), numpy.uint8))
    is_same = bytes(letters).decode() == "".join(map(by_the_book, numbers))
    assert is_same


NUMBER = test_number(1)
REFUSED = {
    "nine digits": NUMBER[:9],
    "eleven digits": NUMBER + "0",
    "letter": NUMBER[:9] + "A",
    "full-width digits": NUMBER.translate({ord("0") + n: 0xFF10 + n for n in range(10)}),
    "one full-width digit": NUMBER[:7] + "９",  # ten bytes, eight characters
    "Arabic digits": NUMBER.translate({ord("0") + n: 0x0660 + n for n in range(10)}),
    "sign": "+" + NUMBER[:9],
    "minus": "-" + NUMBER[:9],
    "leading space": " " + NUMBER[:9],
    "displayed 3-3-4": f"{NUMBER[:3]} {NUMBER[3:6]} {NUMBER[6:]}",
    "line end": NUMBER[:9] + "\n",
    "empty": "",
    "nothing": None,
}


@pytest.mark.parametrize("kind", REFUSED)
def test_refuses_without_repeating_the_value(kind: str) -> None:
    """Flags a value that is hashed although it is no number, and one that an error message repeats."""
    value = REFUSED[kind]
    for column in ([value], [NUMBER, value, NUMBER], [NUMBER, NUMBER, value]):
        array = pyarrow.array(column, pyarrow.string())
        with pytest.raises(ValueError) as caught:
            pseudonymiser(KEY, COLLECTION)(array.slice(0))
        message = str(caught.value)
        repeats = any(part and part in message for part in (value, NUMBER, NUMBER[:9]))
        assert not repeats


@pytest.mark.parametrize("kind", REFUSED)
def test_the_engine_refuses_without_repeating_the_value(engine: duckdb.DuckDBPyConnection, kind: str) -> None:
    """Flags an engine that adds the value to the function's error, or fills NULL in by itself."""
    value = REFUSED[kind]
    try:
        rows = engine.execute("select pseudonymise(?)", [value]).fetchall()
    except duckdb.Error as error:
        message = str(error)
        repeats = any(part and part in message for part in (value, NUMBER, NUMBER[:9]))
        assert not repeats
    else:
        # NULL in, NULL out is the engine's own doing; the NOT NULL of patient_key stops it.
        assert value is None and rows == [(None,)]


@given(st.integers(0, 10), st.integers(0, 2), st.text(max_size=3))
def test_any_change_of_a_number_is_ten_digits_or_refused(at: int, length: int, text: str) -> None:
    """Flags any other text that passes: pieces of a number replaced by whatever can be typed."""
    changed = NUMBER[:at] + text + NUMBER[at + length :]
    is_ten_digits = len(changed) == 10 and set(changed) <= set(string.digits)
    try:
        pseudonymiser(KEY, COLLECTION)(pyarrow.array([changed], pyarrow.string()))
    except ValueError:
        is_accepted = False
    else:
        is_accepted = True
    assert is_accepted == is_ten_digits


# ---- of releases --------------------------------------------------------------------------------

RELEASES = {name: name.encode().ljust(32, b"-") for name in ("first_release", "second_release")}


@given(st.lists(st.tuples(st.sampled_from(sorted(RELEASES)), TEN_DIGITS), max_size=30))
def test_a_release_has_a_key_and_a_domain_of_its_own(rows: list[tuple[str, str]]) -> None:
    """Flags a pseudonym of another release, or one that came to another row."""
    releases = pyarrow.array([release for release, _ in rows], pyarrow.string())
    numbers = pyarrow.array([number for _, number in rows], pyarrow.string())
    made = release_pseudonymiser(RELEASES)(releases, numbers).to_pylist()
    is_alike = made == [by_the_book(number, RELEASES[release], release) for release, number in rows]
    assert is_alike


@pytest.mark.parametrize("release", ["third_release", "", None, COLLECTION])
def test_no_other_release_has_pseudonyms(release: str | None) -> None:
    """Flags a key that SQL could choose: a release that this run does not make gets nothing."""
    with pytest.raises(ValueError, match="takes the releases of this run") as caught:
        arrays = pyarrow.array(["first_release", release]), pyarrow.array([NUMBER, NUMBER])
        release_pseudonymiser(RELEASES)(*arrays)
    repeats = NUMBER[:9] in str(caught.value)
    assert not repeats


def test_the_engine_makes_them_row_by_row() -> None:
    """Flags batches that are put together in another order."""
    connection = duckdb.connect()
    register(connection, KEY, COLLECTION, RELEASES)
    rows = connection.execute(
        """
        select release_id, number, release_pseudonym(release_id, number)
        from (select unnest(range(5000)) as at)
        cross join (select unnest(['first_release', 'second_release']) as release_id)
        cross join (select ? as number)
        """,
        [NUMBER],
    ).fetchall()
    wanted = {release: by_the_book(NUMBER, key, release) for release, key in RELEASES.items()}
    assert len(rows) == 10_000 and all(made == wanted[release] for release, _, made in rows)
