"""Days and moments as senders write them, read a second time: plain Python, from the contract's words.

What cannot be read for certain is None: a day that no calendar has, a year that stands for "none" or "for ever",
a zone's name other than GMT, UTC and BST, a time without zone in an hour that the clocks skip or repeat.
"""

from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

UK = ZoneInfo("Europe/London")
YEARS = range(1880, 2065)
NAMED = {"Z": 0, "UTC": 0, "GMT": 0, "BST": 60}


def number(digits: str, width: int) -> int:
    """A number of so many digits; a ValueError for anything else."""
    if len(digits) != width or not set(digits) <= set("0123456789"):
        raise ValueError
    return int(digits)


def a_day(text: str, is_day_first: bool) -> date:
    """A day alone."""
    if len(text) == 8:
        year, month, day = text[:4], text[4:6], text[6:]
    elif is_day_first and "/" in text:
        day, month, year = text.split("/")
    else:
        year, month, day = text.split("-")
    found = date(number(year, 4), number(month, 2), number(day, 2))
    if found.year not in YEARS:
        raise ValueError
    return found


def a_time(text: str) -> time:
    """Hours and minutes, perhaps seconds and a fraction of up to nine digits."""
    whole, *fraction = text.replace(",", ".").split(".")
    parts = [number(part, 2) for part in whole.split(":")]
    if len(parts) not in (2, 3) or len(fraction) > 1 or (fraction and len(parts) == 2):
        raise ValueError
    billionths = number(fraction[0], len(fraction[0])) if fraction else 0
    if fraction and not 1 <= len(fraction[0]) <= 9:
        raise ValueError
    micro = billionths * 10**6 // 10 ** len(fraction[0]) if fraction else 0
    hour, minute, second, *_ = [*parts, 0]
    return time(hour, minute, second, micro)


def a_zone(text: str) -> timezone:
    """An offset from UTC of at most 14 hours and 59 minutes, or one of four names."""
    if text in NAMED:
        return timezone(timedelta(minutes=NAMED[text]))
    sign, rest = {"+": 1, "-": -1}[text[0]], text[1:].replace(":", "", 1 if text[3:4] == ":" else 0)
    hours, minutes = number(rest[:2], 2), number(rest[2:], 2) if rest[2:] else 0
    if (text[3:4] == ":" and not rest[2:]) or hours > 14 or minutes > 59:
        raise ValueError
    return timezone(sign * timedelta(hours=hours, minutes=minutes))


def taken_apart(text: str, is_day_first: bool = False) -> tuple[date, time | None, timezone | None]:
    """Day, time and zone of a text, as far as it gives them; a ValueError where it cannot be read."""
    text = text.strip(" ")
    gap = next((at for at, sign in enumerate(text) if sign in " T"), None)
    if gap is None:
        return a_day(text, is_day_first), None, None
    day, clock = a_day(text[:gap], is_day_first), text[gap + 1 :]
    is_iso = text[4:5] == "-"
    if not is_iso and (len(text[:gap]) == 8 or text[gap] == "T"):
        raise ValueError  # a time only stands behind a day with separators
    at = next((at for at, sign in enumerate(clock) if sign not in "0123456789:.,"), len(clock))
    zone = clock[at:].removeprefix(" ")
    if zone and not is_iso:
        raise ValueError
    if clock[at:] == " ":
        raise ValueError
    return day, a_time(clock[:at]), a_zone(zone) if zone else None


def moment(text: str | None) -> datetime | None:
    """The moment that a text names; a day is its first moment, and what has no zone is the United Kingdom's."""
    try:
        day, clock, zone = taken_apart(text or "")
        at = datetime.combine(day, clock or time(), zone)
        if zone:
            return at.astimezone(UTC)
    except (ValueError, KeyError, IndexError, OverflowError):
        return None
    meant = {at.replace(tzinfo=UK, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return meant.pop() if len(meant) == 1 else None


def day(text: str | None, is_day_first: bool = False) -> date | None:
    """The day that a text names: of a moment with a zone, its day in the United Kingdom."""
    try:
        written, _, zone = taken_apart(text or "", is_day_first)
    except (ValueError, KeyError, IndexError, OverflowError):
        return None
    at = moment(text) if zone else None
    return at.astimezone(UK).date() if at else written


def known_day(text: str) -> date:
    """The day of a setting or a seed, which is one."""
    found = day(text)
    assert found, "a day of the project's own cannot be read"
    return found


def is_unreadable(text: str | None, read: object) -> bool:
    """Whether something is given that was not read: it is never the same as nothing."""
    return bool((text or "").strip(" ")) and read is None
