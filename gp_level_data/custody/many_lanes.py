"""HMAC-SHA-256 of many ten-digit numbers at a time, without the interpreter's lock. Needs numba (extra `fast`).

The same steps are taken for sixteen numbers side by side, which the compiler turns into the machine's
widest instructions: a tenth of a microsecond a number, where hashlib takes one, and on all cores. What is
compiled and kept for the next process knows no key: what follows from the key are arguments.

Whoever uses it compares it with hashlib first, at every start (pseudonym.py).

Source of the steps: FIPS 180-4, sections 5 and 6.2 (SHA-256), and RFC 2104 (HMAC). Written there with
eight words that move on in each round; here a and e of all rounds stand in a row, since b, c, d are what a
was, and f, g, h what e was, one, two and three rounds ago.
"""

from collections.abc import Callable
from typing import Any

import numba
import numpy
from numpy.typing import NDArray

Words = NDArray[numpy.uint32]
Characters = NDArray[numpy.uint8]

LANES = 16
ROUNDS = 64
WORDS = 16
BLOCK = 64
# Rows of the working space, of LANES words each: the message's schedule, then a and e with what they start from.
A = ROUNDS
E = A + ROUNDS + 4
SPACE = (E + ROUNDS + 4) * LANES


def fractions(root: int, count: int) -> Words:
    """The first 32 bits behind the point of the square (2) or cube (3) roots of the first primes."""
    primes = [n for n in range(2, 312) if all(n % divisor for divisor in range(2, n))][:count]
    words = []
    for prime in primes:
        # the largest whole number whose power is not above prime * 2^(32 root)
        low, high = 0, 1 << 36
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if middle**root <= prime << 32 * root else (low, middle - 1)
        words.append(low & 0xFFFFFFFF)
    return numpy.array(words, numpy.uint32)


START = fractions(2, 8)
CONSTANTS = fractions(3, ROUNDS)


@numba.njit(inline="always")
def turned(word: Any, by: int) -> Any:
    return numpy.uint32(word >> numpy.uint32(by)) | numpy.uint32(word << numpy.uint32(32 - by))


@numba.njit(nogil=True, cache=True)
def compress(state: Words, space: Words) -> None:
    """Take one block into a state that all lanes share: the sums of each lane end where its message stood.

    state  eight words
    space  the working space, whose first sixteen rows are the block
    """
    for at in range(WORDS * LANES, ROUNDS * LANES):
        early, late = space[at - 15 * LANES], space[at - 2 * LANES]
        space[at] = numpy.uint32(
            space[at - 16 * LANES]
            + (turned(early, 7) ^ turned(early, 18) ^ (early >> numpy.uint32(3)))
            + space[at - 7 * LANES]
            + (turned(late, 17) ^ turned(late, 19) ^ (late >> numpy.uint32(10)))
        )
    for back in range(4):
        for lane in range(LANES):
            space[(A + 3 - back) * LANES + lane] = state[back]
            space[(E + 3 - back) * LANES + lane] = state[4 + back]
    for at_round in range(ROUNDS):
        constant = CONSTANTS[at_round]
        for lane in range(LANES):
            at = at_round * LANES + lane
            a, b, c, d = (
                space[A * LANES + at + 3 * LANES], space[A * LANES + at + 2 * LANES],
                space[A * LANES + at + LANES], space[A * LANES + at],
            )  # fmt: skip
            e, f, g, h = (
                space[E * LANES + at + 3 * LANES], space[E * LANES + at + 2 * LANES],
                space[E * LANES + at + LANES], space[E * LANES + at],
            )  # fmt: skip
            first = numpy.uint32(
                h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + (g ^ (e & (f ^ g))) + constant + space[at]
            )
            second = (turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + ((a & b) | (c & (a | b)))
            space[E * LANES + at + 4 * LANES] = numpy.uint32(d + first)
            space[A * LANES + at + 4 * LANES] = numpy.uint32(first + second)
    for back in range(4):
        for lane in range(LANES):
            space[back * LANES + lane] = numpy.uint32(space[(A + ROUNDS + 3 - back) * LANES + lane] + state[back])
            space[(4 + back) * LANES + lane] = numpy.uint32(
                space[(E + ROUNDS + 3 - back) * LANES + lane] + state[4 + back]
            )


@numba.njit(nogil=True, cache=True)
def letters_of(digits: Characters, inner: Words, outer: Words, block: Words, place: int, letters: Characters) -> None:
    """Fill in the pseudonyms of numbers that stand end to end.

    digits        ASCII, ten a number
    inner, outer  the states of HMAC's two hashes before the block that holds the number, before the inner sum
    block         that block, sixteen words, with nothing where the number goes
    place         byte of the block at which it begins
    letters       32 bytes a number
    """
    space = numpy.empty(SPACE, numpy.uint32)
    count = len(digits) // 10
    for start in range(0, count, LANES):
        lanes = min(LANES, count - start)
        for word in range(WORDS):
            for lane in range(LANES):
                space[word * LANES + lane] = block[word]
        for digit in range(10):
            word, shift = (place + digit) // 4, numpy.uint32(24 - 8 * ((place + digit) % 4))
            for lane in range(lanes):
                space[word * LANES + lane] |= numpy.uint32(digits[(start + lane) * 10 + digit]) << shift
        compress(inner, space)
        for lane in range(LANES):
            space[8 * LANES + lane] = numpy.uint32(1 << 31)
            for word in range(9, WORDS - 1):
                space[word * LANES + lane] = numpy.uint32(0)
            space[(WORDS - 1) * LANES + lane] = numpy.uint32((BLOCK + 32) * 8)
        compress(outer, space)
        for word in range(4):
            for lane in range(lanes):
                value = space[word * LANES + lane]
                for half_byte in range(8):
                    shift = numpy.uint32(28 - 4 * half_byte)
                    letters[(start + lane) * 32 + word * 8 + half_byte] = numpy.uint8(97 + ((value >> shift) & 15))


def after(state: Words, block: bytes) -> Words:
    """The eight words of a state after one more block."""
    space = numpy.zeros(SPACE, numpy.uint32)
    space[: WORDS * LANES] = numpy.repeat(words_of(block), LANES)
    compress(state, space)
    return space[: 8 * LANES : LANES].copy()


def words_of(block: bytes) -> Words:
    return numpy.frombuffer(block, ">u4").astype(numpy.uint32)


def hasher(padded: bytes, prefix: bytes) -> Callable[[Characters], Characters] | None:
    """A function from ten-digit numbers end to end to the letters of their pseudonyms; None for a prefix too long.

    padded  the key, filled up with zeros to a block
    prefix  what stands before a number in the message
    """
    inner = after(START, bytes(byte ^ 0x36 for byte in padded))
    outer = after(START, bytes(byte ^ 0x5C for byte in padded))
    bits = (BLOCK + len(prefix) + 10) * 8
    while len(prefix) >= BLOCK:
        inner, prefix = after(inner, prefix[:BLOCK]), prefix[BLOCK:]
    last = prefix + bytes(10) + b"\x80"
    if len(last) > BLOCK - 8:
        return None
    block, place = words_of(last.ljust(BLOCK - 8, b"\0") + bits.to_bytes(8, "big")), len(prefix)

    def letters(digits: Characters) -> Characters:
        made = numpy.empty(len(digits) // 10 * 32, numpy.uint8)
        letters_of(digits, inner, outer, block, place, made)
        return made

    return letters
