"""The check digit of SNOMED CT identifiers by Verhoeff's scheme, a second time: plain Python, from the group's rules."""

# What is done to a digit before it is added, once more for each place to the left.
TURNS = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def added(left: int, right: int) -> int:
    """Two elements of the dihedral group of ten: rotations 0 to 4, reflections 5 to 9."""
    turned = left + right if left < 5 else left - right
    return turned % 5 + 5 * ((left < 5) != (right < 5))


def has_check_digit(code: str) -> bool:
    total = 0
    for place, digit in enumerate(map(int, reversed(code))):
        for _ in range(place % 8):
            digit = TURNS[digit]
        total = added(total, digit)
    return total == 0
