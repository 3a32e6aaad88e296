"""The pseudonym: HMAC-SHA-256 of an NHS Number under the key of one collection, or of one release.

message     <collection or release>/patient NUL <ten digits>
pseudonym   the first 128 bits, each half byte written as one of the letters a to p

It holds no digit, so a run of ten digits downstream of the gateway is a leak, without false alarms.
"""

import hashlib
import importlib.util
import sys
import threading
from collections.abc import Callable

import duckdb
import numpy
import pyarrow
import pyarrow.compute
from duckdb import func, sqltypes
from numpy.typing import NDArray

DIGITS = 10
BITS = 128
LETTERS = bytes.maketrans(b"0123456789abcdef", b"abcdefghijklmnop")
SHA256_BLOCK = 64


def pseudonymiser(key: bytes, collection: str) -> Callable[[pyarrow.Array], pyarrow.Array]:
    """A function from an Arrow array of ten-digit strings to one of 32-letter pseudonyms.

    The key lives in this closure and nowhere else.
    """
    padded, prefix = key.ljust(SHA256_BLOCK, b"\0"), f"{collection}/patient".encode() + b"\0"
    by_the_book = hashed_by_hashlib(padded, prefix)
    letters_of = hashed_in_lanes(padded, prefix, by_the_book) or by_the_book

    def pseudonymise(numbers: pyarrow.Array) -> pyarrow.Array:
        letters = letters_of(ten_digits(numbers))
        width = BITS // 4
        offsets = numpy.arange(0, len(letters) + 1, width, dtype=numpy.int32)
        return pyarrow.StringArray.from_buffers(
            len(offsets) - 1, pyarrow.py_buffer(offsets), pyarrow.py_buffer(letters)
        )

    return pseudonymise


def hashed_by_hashlib(padded: bytes, prefix: bytes) -> Callable[[NDArray[numpy.uint8]], bytes]:
    """Letters of numbers that stand end to end, by the standard library: about a microsecond a number.

    Both HMAC pads are hashed once and copied for each number.
    """
    # Two batches at once would only take turns at the interpreter, at a third more CPU.
    one_batch_at_a_time = threading.Lock()
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded))
    inner.update(prefix)
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in padded))

    def pseudonym(digits: bytes) -> bytes:
        first, second = inner.copy(), outer.copy()
        first.update(digits)
        second.update(first.digest())
        return second.digest()[: BITS // 8]

    def letters(digits: NDArray[numpy.uint8]) -> bytes:
        text = digits.tobytes()
        with one_batch_at_a_time:
            joined = b"".join([pseudonym(text[at : at + DIGITS]) for at in range(0, len(text), DIGITS)])
        return joined.hex().encode().translate(LETTERS)

    return letters


def hashed_in_lanes(
    padded: bytes, prefix: bytes, by_the_book: Callable[[NDArray[numpy.uint8]], bytes]
) -> Callable[[NDArray[numpy.uint8]], NDArray[numpy.uint8]] | None:
    """The same a tenth as dear and without the interpreter's lock, where numba is installed (extra `fast`).

    Used only after it has agreed with the standard library, under this key and on this machine.
    """
    if importlib.util.find_spec("numba") is None:
        return None
    try:
        from gp_level_data.custody import many_lanes

        letters_of = many_lanes.hasher(padded, prefix)
        if letters_of is None:
            return None
        # Every digit at every place; three full turns and a part of one.
        asked = [b"%d" % digit * DIGITS for digit in range(10)]
        asked += [b"%010d" % (step * 1234567891 % 10**DIGITS) for step in range(43)]
        digits = numpy.frombuffer(b"".join(asked), numpy.uint8)
        if bytes(letters_of(digits)) == by_the_book(digits):
            return letters_of
        why = "disagrees with the standard library"
    except Exception as error:  # whatever a compiler may run into
        why = f"stopped with {type(error).__name__}"
    print(f"The fast way to pseudonyms {why} and is not used.", file=sys.stderr)
    return None


def release_pseudonymiser(
    keys: dict[str, bytes],
) -> Callable[[pyarrow.Array, pyarrow.Array], pyarrow.Array]:
    """The same for releases: from two arrays, ids of releases and ten-digit strings.

    Each release has a key and a domain of its own. SQL names a release, never a key; of one that is not
    among those of the run, nothing is made.
    """
    functions = {release_id: pseudonymiser(key, release_id) for release_id, key in keys.items()}

    def release_pseudonym(releases: pyarrow.Array, numbers: pyarrow.Array) -> pyarrow.Array:
        made = []
        asked = pyarrow.compute.unique(releases).to_pylist()
        if set(asked) - functions.keys():
            raise ValueError("release_pseudonym takes the releases of this run; another one was refused")
        for release_id in asked:
            places = pyarrow.compute.indices_nonzero(pyarrow.compute.equal(releases, release_id))
            made.append((places, functions[release_id](numbers.take(places))))
        places = pyarrow.concat_arrays([where for where, _ in made]) if made else pyarrow.array([])
        values = pyarrow.concat_arrays([what for _, what in made]) if made else numbers
        return values.take(pyarrow.compute.sort_indices(places)) if made else values

    return release_pseudonym


def register(connection: duckdb.DuckDBPyConnection, key: bytes, collection: str, releases: dict[str, bytes]) -> None:
    """Give a connection the two functions: for the collection's key, and for those of its releases."""
    text = sqltypes.VARCHAR
    connection.create_function(
        "pseudonymise", pseudonymiser(key, collection), [text], text, type=func.PythonUDFType.ARROW
    )
    release_pseudonym = release_pseudonymiser(releases)
    connection.create_function(
        "release_pseudonym", release_pseudonym, [text, text], text, type=func.PythonUDFType.ARROW
    )


def ten_digits(numbers: pyarrow.Array) -> NDArray[numpy.uint8]:
    """The array's characters end to end; an error, which repeats no value, unless each is ten digits."""
    if isinstance(numbers, pyarrow.ChunkedArray):
        numbers = numbers.combine_chunks()
    numbers = numbers.cast(pyarrow.large_string())
    _, offsets_buffer, data = numbers.buffers()
    offsets = numpy.frombuffer(offsets_buffer, numpy.int64)
    offsets = offsets[numbers.offset : numbers.offset + len(numbers) + 1]
    characters = numpy.frombuffer(data or b"", numpy.uint8)[offsets[0] : offsets[-1]]
    # What is below "0" turns over to far above nine.
    is_digit = characters - numpy.uint8(ord("0")) <= 9
    if numbers.null_count or (numpy.diff(offsets) != DIGITS).any() or not is_digit.all():
        raise ValueError("pseudonymise takes exactly ten digits; a value that is not was refused")
    return characters
