"""What the macros that differ by engine answer, case by case: the same on every engine (test_engines.py).

A table is a call, the columns that it reads with their types, and rows: what is read, and the answer. A moment is
written in ISO 8601 with its offset, a time on the clock without one, a day as it is; None is NULL.
"""

from dataclasses import dataclass
from typing import Any

from gp_level_data.shapes import Cells

TEXT = {"text": "string"}
NO_BREAK, NARROW, IDEOGRAPHIC = "\u00a0", "\u202f", "\u3000"
LINE_ENDS = ("\n", "\r", "\r\n", "\u0085", "\u2028")
# A number of the test range in pieces, so that no text of this project holds one.
NUMBER = "999" + "000" + "0018"
ARABIC = "".join(chr(0x0660 + int(digit)) for digit in NUMBER)


@dataclass(frozen=True)
class Table:
    call: str
    columns: dict[str, str]
    rows: tuple[Cells, ...]
    # "instant", "clock", "day" where the answer is no text, number or truth
    kind: str = ""


def of_text(call: str, answers: dict[Any, Any], kind: str = "") -> Table:
    return Table(call, TEXT, tuple(answers.items()), kind)


TABLES = (
    # ------------------------------------------------------------------------------------------- text
    of_text(
        "trimmed('text')",
        {
            None: None, "": "", " ": "", " a ": "a", "a b": "a b", "\ta\t": "\ta\t", "a\n": "a\n",
            f"{NO_BREAK}XaZ89{NO_BREAK}": "XaZ89", f"{NARROW} a{IDEOGRAPHIC}": "a", "\u200ba": "\u200ba",
            f"a{NO_BREAK}b": f"a{NO_BREAK}b", NO_BREAK: "", "\u2028a": "\u2028a",
        },
    ),
    of_text(
        "without_last('text', '.')",
        {None: None, "": "", ".": "", "9Nu0.": "9Nu0", "9Nd..": "9Nd", ".a": ".a", "a.b": "a.b", "...": "", "a. ": "a. "},
    ),
    of_text("without_accents('text')", {
        None: None, "": "", "Zoë Björn": "Zoe Bjorn", "ÀÉÎÕÜ Ç ñ": "AEIOU C n", "e\u0301": "e", "Ştefan": "Stefan",
        "Łódź": "Łodz", "ø ß æ": "ø ß æ", "O'Brien-Ng": "O'Brien-Ng", "ậ ỡ": "a o",
    }),
    of_text("plain_name('text')", {
        None: None, "Dr Zoë O’Brien": "Dr Zoe O'Brien", "THE SURGERY (NEW), 2 @ THE PARK": "THE SURGERY (NEW), 2 @ THE PARK",
        "=cmd": None, "a\n": None, "a\u0085": None, "Ωmega": None, "": None, "Smith–Jones`s": "Smith-Jones's",
    }),
    Table("text_literal(\"it's a \\\\ and a 'quote'\")", TEXT, (("", "it's a \\ and a 'quote'"),)),
    Table("text_literal(\"ICO''s\")", TEXT, (("", "ICO''s"),)),
    Table("to_text('number')", {"number": "bigint"}, ((0, "0"), (-7, "-7"), (10**12, "1" + "0" * 12), (None, None))),
    Table("to_text('day')", {"day": "date"}, (("2017-04-02", "2017-04-02"), ("0999-01-02", "0999-01-02"), (None, None))),
    Table("to_text('truth')", {"truth": "boolean"}, ((True, "true"), (False, "false"), (None, None))),
    Table(
        "fraction_text('fraction')",
        {"fraction": "double"},
        (
            (None, None), (0.0, "0.0"), (66.7, "66.7"), (100.0, "100.0"), (0.1, "0.1"), (0.0005, "0.0005"),
            (-0.25, "-0.25"), (12345678.5, "12345678.5"), (20000000.0, "20000000.0"), (0.001, "0.001"),
            (9999999.5, "9999999.5"), (1234.5, "1234.5"),
        ),
    ),
    # ----------------------------------------------------------------------------------------- patterns
    of_text(
        "full_match('text', '[0-9]+')",
        {None: None, "": False, "1": True, "12a": False, "a12": False, "٣": False}
        | {f"12{end}": False for end in LINE_ENDS} | {f"{end}12": False for end in LINE_ENDS},
    ),
    of_text("full_match('text', 'a|ab')", {"a": True, "ab": True, "abc": False, "b": False}),
    of_text(
        "full_match('text', 'a.b')",
        {"a b": True, "a\nb": False, "a\rb": True, "a\u0085b": True, "a\u2028b": True, "a😀b": True},
    ),
    of_text("full_match('text', '[^0-9\\\\p{L}]*')", {"": True, "- ,": True, "é": False, "1": False, "\n": True, NO_BREAK: True}),
    of_text("full_match('text', '-|(?i)n/?a|none')", {"-": True, "N/A": True, "na": True, "NONE": True, "no": False}),
    of_text("full_match('text', '[a-z\\\\x27]+')", {"o'b": True, "o’b": False}),
    of_text("contains_match('text', '[.,]0+[^0-9]*$')", {
        None: None, "1.0": True, "1.0 ": True, "1.0\n": True, "1.05": False, "1.0\n5": False, "1": False,
    }),
    of_text("contains_match('text', '[0-9]$')", {"a1": True, "a1\n": False, "a1\r\n": False, "1a": False}),
    of_text("first_match('text', '(?:^|[^0-9])([0-9]{2})(?:[^0-9]|$)')", {
        None: None, "": "", "12": "12", "a12b34": "12", "123": "", "1 23\n": "23", "a": "",
    }),
    of_text("without_matches('text', '[^0-9]')", {None: None, "": "", "a1b2": "12", "\n3\u2028": "3", "٣": ""}),
    of_text("matched_part('text', '^([0-9]+)[.]0$')", {None: None, "12.0": "12", "12.0\n": "12.0\n", "x12.0": "x12.0", "$1": "$1"}),
    # ------------------------------------------------------------------------------------------ numbers
    Table(
        "integer_divide('a', 'b')",
        {"a": "bigint", "b": "bigint"},
        ((7, 2, 3), (6, 2, 3), (-7, 2, -3), (7, -2, -3), (0, 5, 0), (None, 2, None), (2, None, None), (9999999999, 1000000000, 9)),
    ),
    Table("to_nearest('a', 5)", {"a": "bigint"}, ((0, 0), (2, 0), (3, 5), (7, 5), (8, 10), (12, 10), (13, 15), (None, None))),
    of_text("to_measured_value('text')", {
        None: None, "": None, "1": 1.0, " 1.5 ": 1.5, "-3": -3.0, "5d": None, "5f": None, "1e2": None, "inf": None,
        "NaN": None, "1,5": None, f"{NO_BREAK}7": 7.0, "123456": None, "٣": None,
    }),
    # --------------------------------------------------------------------------------------------- days
    of_text(
        "to_day('text')",
        {
            None: None, "": None, "20170402": "2017-04-02", "20160229": "2016-02-29", "20170229": None, "2017": None,
            "201704": None, "20171301": None, "2017-04-02": None, "2017040": None, "120170402": None, "2017 402": None,
        },
        "day",
    ),
    Table(
        "days_between('a', 'b')",
        {"a": "date", "b": "date"},
        (("2017-03-01", "2017-04-01", 31), ("2016-02-28", "2016-03-01", 2), ("2017-04-02", "2017-04-01", -1), (None, "2017-01-01", None)),
    ),
    Table(
        "months_from('a', 'b')",
        {"a": "date", "b": "int"},
        (
            ("2017-01-31", 1, "2017-02-28"), ("2016-01-31", 1, "2016-02-29"), ("2017-03-31", -1, "2017-02-28"),
            ("2017-02-28", 1, "2017-03-28"), ("2017-02-28", -12, "2016-02-28"), ("2016-02-29", 12, "2017-02-28"), (None, 1, None),
        ),
        "day",
    ),
    Table(
        "years_before('a', 'b')",
        {"a": "date", "b": "int"},
        (("2016-02-29", 1, "2015-02-28"), ("2016-02-29", 4, "2012-02-29"), ("2017-04-01", 10, "2007-04-01"), (None, 1, None)),
        "day",
    ),
    of_text(
        "to_plausible_day('text', day_first=true)",
        {
            None: None, "2016-12-31": "2016-12-31", "2016-12-31T23:59": "2016-12-31", "2016-02-30": None, "31/12/2016": "2016-12-31",
            "12/31/2016": None, "20161231": "2016-12-31", "2016": None, "2016-12": None, "16-12-31": None, "2016-1-1": None,
            "2016-06-30T23:30:00Z": "2016-07-01", "2016-12-31 23:30:00Z": "2016-12-31", "epoch": None, "today": None, "now": None,
            "infinity": None, f"2016-12-31{NO_BREAK}": "2016-12-31", "2016-12-31\n": None, "1800-01-01": None,
            "1752-09-05": None, "31/12/2016 10:00": "2016-12-31", "2016-12-31 24:00": None,
        },
        "day",
    ),
    # ------------------------------------------------------------------------------------------ moments
    of_text(
        "to_moment('text')",
        {
            None: None, "": None, "2017-04-02T09:00:00+01:00": "2017-04-02T09:00:00+01:00",
            "2017-04-02 09:00": "2017-04-02T09:00:00+01:00", "2017-01-02": "2017-01-02T00:00:00+00:00",
            "2017-07-02": "2017-07-02T00:00:00+01:00", "20170702": "2017-07-02T00:00:00+01:00",
            "2017-04-01 02:00:00 BST": "2017-04-01T01:00:00+00:00", "2017-04-01 02:00:00 GMT": "2017-04-01T02:00:00+00:00",
            "2017-04-01T02:00Z": "2017-04-01T02:00:00+00:00", "2017-04-01 02:00:00,5UTC": "2017-04-01T02:00:00.5+00:00",
            "2017-04-01 02:00:00+0530": "2017-03-31T20:30:00+00:00", "2017-04-01 02:00:00+05": "2017-03-31T21:00:00+00:00",
            # left out, and there twice
            "2017-03-26 01:30:00": None, "2017-10-29 01:30:00": None, "2017-03-26 02:00:00": "2017-03-26T01:00:00+00:00",
            "2017-10-29 02:00:00": "2017-10-29T02:00:00+00:00", "2017-10-29 00:59:59": "2017-10-28T23:59:59+00:00",
            "2017-04-01 02:00:00.123456789": "2017-04-01T02:00:00.123456+01:00",
            "2017-04-01 02:00:00.9": "2017-04-01T02:00:00.9+01:00",
            "2017-02-30 10:00": None, "2017-02-30T10:00Z": None, "2017-04-01 25:00": None, "2017": None, "2017-04": None,
            "2017-04-01 02:00:00 EST": None, "2017-04-01 02:00:00 Europe/Paris": None, "now": None, "epoch": None,
            "2017-04-01\n": None, f"2017-04-01{NO_BREAK}": "2017-04-01T00:00:00+01:00",
            # double summer time, and the years when the clocks stayed forward
            "1943-07-01 12:00": "1943-07-01T10:00:00+00:00", "1970-01-01 00:00": "1969-12-31T23:00:00+00:00",
            "2060-07-01 12:00": "2060-07-01T11:00:00+00:00",
        },
        "instant",
    ),
    Table(
        "to_local_time('moment')",
        {"moment": "timestamptz"},
        (
            ("2017-07-01T00:30:00+00:00", "2017-07-01 01:30:00"), ("2017-01-01T00:30:00+00:00", "2017-01-01 00:30:00"),
            ("2017-10-29T00:30:00+00:00", "2017-10-29 01:30:00"), ("2017-10-29T01:30:00+00:00", "2017-10-29 01:30:00"), (None, None),
        ),
        "clock",
    ),
    Table(
        "'cast(moment as date)'",
        {"moment": "timestamptz"},
        (("2017-06-30T23:30:00+00:00", "2017-07-01"), ("2017-01-31T23:30:00+00:00", "2017-01-31"), (None, None)),
        "day",
    ),
    # ------------------------------------------------------------------------------- codes and NHS Numbers
    of_text(
        "read_code('text')",
        {
            None: None, "9Nu0.": "9Nu0.", "9Nu0": "9Nu0.", "9Nu0.00": "9Nu0.", "XaZ89": "XaZ89", "9Nd": "9Nd..", "9Nd..": "9Nd..",
            f"{NO_BREAK}9Nu0.{NO_BREAK}": "9Nu0.", "": ".....", "827241000000103": "827241000000103", "9Nd..11": "9Nd..",
            "1234567": "1234567", "XaZ89.": "XaZ89", "XaZ8A??": "XaZ8A??", "XaZ8A-x": "XaZ8A-x", "XaZ8A1b": "XaZ8A",
        },
    ),
    of_text("to_plain_code('text')", {
        None: None, "": None, "1": "1", "01": "1", "1.0": "1", "a.": "A.", "21.": "21", " x ": "X", "0": "0", "00": "0", "1.5": "1.5",
    }),
    of_text("to_episode_key('text')", {
        None: None, "12": "12", "012.0": "12", "12.00": "12", "+7": "7", "0": None, "n/a": None, "#N/A": None, "-5": None,
        "A1": "A1", "": None, "501000000001": "501000000001",
    }),
    of_text("to_nhs_number('text')", {
        None: None, NUMBER: int(NUMBER), f" {NUMBER}{NO_BREAK}": int(NUMBER), f"{NUMBER[:3]} {NUMBER[3:6]} {NUMBER[6:]}": int(NUMBER),
        f"{NUMBER[:3]}-{NUMBER[3:6]}-{NUMBER[6:]}": int(NUMBER), NUMBER[:9]: None, f"{NUMBER}\n": None, ARABIC: None,
    }),
    of_text("read_nhs_number('text')", {
        None: None, "": None, NUMBER: int(NUMBER), f"NHS no. {NUMBER}": int(NUMBER), f"{NUMBER}.0": None, f"{NUMBER}5": None,
        f"{NUMBER[:5]}\n{NUMBER[5:]}": int(NUMBER), f"{NUMBER}\u2028": int(NUMBER), f"{NUMBER[0]}.{NUMBER[1:]}E+09": int(NUMBER),
        f"{NUMBER[0]},{NUMBER[1:4]},{NUMBER[4:7]},{NUMBER[7:]}": int(NUMBER), f"{NUMBER} {NUMBER}": int(NUMBER), f"{NUMBER} {NUMBER[::-1]}": None, "9.99E+09": None,
        f"{NUMBER[:5]}a{NUMBER[5:]}": None, f"{NUMBER[:5]}é{NUMBER[5:]}": None, f"{NUMBER[:5]}{NO_BREAK}{NUMBER[5:]}": int(NUMBER),
    }),
    of_text("plain_number('text')", {
        None: None, NUMBER: NUMBER, ARABIC: NUMBER, f"{NUMBER}.0": NUMBER, f"{NUMBER}.0\n": NUMBER, f"x {NUMBER}.00 ": f"x {NUMBER}",
        f"{NUMBER}.05": f"{NUMBER}.05", "１２": "12",
    }),
    Table(
        "is_modulus_11('number')",
        {"number": "bigint"},
        ((int(NUMBER), True), (int(NUMBER) + 1, False), (None, None), (0, True)),
    ),
    of_text("is_gp_code('text')", {None: None, "G1455852": True, "G1455853": False, "g1455852": False, "G1455852\n": False}),
)  # fmt: skip
# Whole queries: what is more than one row's answer.
QUERIES = {
    "list_in_order": (
        "select group_name, {{ list_in_order('word', ' ') }} as words from ({rows}) as given group by group_name",
        {"group_name": "string", "word": "string"},
        (("a", "x"), ("a", "B"), ("a", None), ("a", "é"), ("a", "x"), ("b", None)),
        {("a", "B x x é"), ("b", None)},
    ),
    "list_in_order, distinct": (
        "select group_name, {{ list_in_order('word', '|', distinct=true) }} as words from ({rows}) as given group by group_name",
        {"group_name": "string", "word": "string"},
        (("a", "x"), ("a", "B"), ("a", None), ("a", "x"), ("b", None)),
        {("a", "B|x"), ("b", None)},
    ),
    "whole_numbers_below": (
        "select label, {{ whole_numbers_below('ending') }} as number from ({rows}) as given",
        {"label": "string", "ending": "double"},
        (("none", 0.0), ("fewer than none", -3.0), ("three", 3.0), ("rounded down", 2.4), ("rounded up", 1.6), ("null", None)),
        {("three", 0), ("three", 1), ("three", 2), ("rounded down", 0), ("rounded down", 1), ("rounded up", 0), ("rounded up", 1)},
    ),
    "order of nulls": (
        "select word, cast(row_number() over (order by word nulls last) as int) as place from ({rows}) as given",
        {"group_name": "string", "word": "string"},
        (("a", "b"), ("a", None), ("a", "a")),
        {("a", 1), ("b", 2), (None, 3)},
    ),
    "order of nulls, falling": (
        "select word, cast(row_number() over (order by word desc) as int) as place from ({rows}) as given",
        {"group_name": "string", "word": "string"},
        (("a", "b"), ("a", None), ("a", "a")),
        {("b", 1), ("a", 2), (None, 3)},
    ),
    "window of some rows": (
        "select n, max(case when is_met then n end) over (partition by word) as top from ({rows}) as given",
        {"word": "string", "n": "int", "is_met": "boolean"},
        (("a", 1, True), ("a", 3, False), ("b", 5, None)),
        {(1, 1), (3, 1), (5, None)},
    ),
    "division": (
        "select a, floor(1e2 * a / b) as percent from ({rows}) as given",
        {"a": "bigint", "b": "bigint"},
        ((1, 3), (999999999, 1000000000), (1, 2)),
        {(1, 33.0), (999999999, 99.0), (1, 50.0)},
    ),
}  # fmt: skip
