"""Writes macros/measures/exact_poisson_coefficients.sql, from nothing but the definition.

The exact limits of a count O are the means at which O is just too high or too low to be chance:

    lower:  P(X >= O | lower) = tail          upper:  P(X <= O | upper) = tail

which are the chi-square quantiles with 2 O and 2 O + 2 degrees of freedom, halved. Byar's formula for
them is three terms of a series in r = 1 / sqrt(n), where n is O for the lower and O + 1 for the upper limit:

    n (1 -+ r z/3 - r^2/9)^3

The coefficients written here are the next sixteen terms. They make the formula exact at sixteen counts
(COUNTS) and, because the limit is a smooth function of r, right to 12 digits at all others.

    python -m gp_level_data.exact_poisson macros/measures/exact_poisson_coefficients.sql
"""

import math
import sys
from decimal import Decimal, localcontext
from pathlib import Path

COUNTS = (1, 2, 3, 4, 5, 7, 10, 14, 22, 36, 65, 130, 300, 850, 2800, 8300)
LEVELS = (("95", Decimal("0.025")), ("99.8", Decimal("0.001")))
SIDES = ("lower", "upper")
DIGITS = 60

HEAD = """\
{#- Written by gp_level_data/exact_poisson.py; do not edit. -#}
{% macro exact_poisson_coefficients(side, confidence) -%}
"""
TAIL = """\
{%- else -%}
{{ exceptions.raise_compiler_error("No exact Poisson limit " ~ side ~ " at " ~ confidence ~ " %") }}
{%- endif %}
{%- endmacro %}
"""


def normal_quantile(tail: Decimal) -> Decimal:
    """z with P(Z > z) = tail, by Newton's method."""
    with localcontext(prec=DIGITS):
        # pi from Machin's formula: decimal has none.
        def arctan_inverse(x):
            return sum(Decimal((-1) ** k) / ((2 * k + 1) * Decimal(x) ** (2 * k + 1)) for k in range(DIGITS))

        pi = 4 * (4 * arctan_inverse(5) - arctan_inverse(239))
        z = Decimal(2)
        for _ in range(12):
            density = (-z * z / 2).exp() / (2 * pi).sqrt()
            # P(0 < Z < z) = density * (z + z^3/3 + z^5/(3*5) + ...)
            term, total, k = z, Decimal(0), 1
            while term > Decimal(10) ** -DIGITS:
                total += term
                k += 2
                term *= z * z / k
            z += (Decimal("0.5") - tail - density * total) / density
        return +z


def exact_limit(side: str, n: int, tail: Decimal) -> Decimal:
    """The mean at which P(X >= n) (lower) or P(X < n) (upper) equals the tail.

    Newton's method on the logarithms, which are concave: it converges from anywhere.
    """
    with localcontext(prec=DIGITS):
        mean = Decimal(n)
        log_factorial = Decimal(math.factorial(n - 1)).ln()
        for _ in range(200):
            # The probability of the tail relative to P(X = n - 1): terms fall away from there.
            term, total, k = Decimal(1), Decimal(0), n - 1
            while term > Decimal(10) ** -DIGITS:
                if side == "lower":
                    k += 1
                    term *= mean / k
                    total += term
                else:
                    total += term
                    term *= k / mean
                    k -= 1
            log_probability = (n - 1) * mean.ln() - mean - log_factorial + total.ln()
            step = (tail.ln() - log_probability) * total / mean
            if side == "upper":
                step = -step
            mean *= step.exp()
            if abs(step) < Decimal(10) ** (10 - DIGITS):
                return +mean
    raise ArithmeticError(f"No {side} limit for {n}")


def coefficients(side: str, tail: Decimal) -> list[float]:
    """The terms after Byar's: the polynomial through the exact limits at COUNTS."""
    with localcontext(prec=DIGITS):
        z = normal_quantile(tail) * (-1 if side == "lower" else 1)
        roots = [1 / Decimal(n).sqrt() for n in COUNTS]
        rests = [
            ((exact_limit(side, n, tail) / n) ** (Decimal(1) / 3) - 1 - r * z / 3 + r * r / 9) / r**3
            for n, r in zip(COUNTS, roots, strict=True)
        ]
        # Newton's divided differences, then multiplied out.
        for order in range(1, len(roots)):
            for i in range(len(roots) - 1, order - 1, -1):
                rests[i] = (rests[i] - rests[i - 1]) / (roots[i] - roots[i - order])
        powers = [Decimal(0)] * len(roots)
        for difference, root in zip(reversed(rests), reversed(roots), strict=True):
            powers = [
                difference - root * powers[0],
                *(lower - root * power for lower, power in zip(powers, powers[1:], strict=False)),
            ]
        return [float(power) for power in powers]


def macro() -> str:
    """The file's text."""
    cases = []
    for level, tail in LEVELS:
        for side in SIDES:
            word = "elif" if cases else "if"
            numbers = "\n".join(f"{c:.16e}" for c in coefficients(side, tail))
            cases.append(f"{{%- {word} side == '{side}' and confidence == {level} -%}}\n{numbers}\n")
    return HEAD + "".join(cases) + TAIL


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(macro())
