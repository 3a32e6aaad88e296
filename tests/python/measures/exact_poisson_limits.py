"""The exact Poisson limits of the counts 0 to 388, as seeds/exact_poisson_limits.csv has them.

    python tests/python/measures/exact_poisson_limits.py > seeds/exact_poisson_limits.csv

A limit is the mean at which the count is just too high or too low to be chance: half the chi-square quantile with
twice as many degrees of freedom, or with two more. Six decimals leave no ten digits together, which would be taken for
a person's number. From 389 on every definition takes Byar's formula.
"""

from scipy import stats

BELOW = 389
TAILS = {"99_8": 0.001, "95": 0.025}
COLUMNS = ("lower_99_8", "lower_95", "upper_95", "upper_99_8")
PROVENANCE = "domain handbook 9: S4, S79"


def limit(column: str, count: int) -> float:
    side, _, level = column.partition("_")
    if side == "upper":
        return float(stats.chi2.isf(TAILS[level], 2 * count + 2) / 2)
    return float(stats.chi2.ppf(TAILS[level], 2 * count) / 2) if count else 0.0


def table() -> str:
    """The file's text."""
    lines = [",".join(("event_count", *COLUMNS, "provenance"))]
    for count in range(BELOW):
        limits = (f"{limit(column, count):.6f}" for column in COLUMNS)
        lines.append(",".join((str(count), *limits, f'"{PROVENANCE}"')))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(table(), end="")
