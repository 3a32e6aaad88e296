"""The functions and operators that are known: pure ones, whose result depends on their arguments
alone.

What is not named here is refused, whatever it does.
"""

import functools
import re

import duckdb
from sqlglot import exp

# Nodes that are neither a value nor a query, beside a function's arguments.
LEAVES = (exp.Literal, exp.Boolean, exp.DataType, exp.DataTypeParam, exp.Var)

OPERATORS = {
    exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Neg, exp.Pow,
    exp.And, exp.Or, exp.Not, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.Like, exp.ILike,
    exp.DPipe, exp.Cast, exp.TryCast, exp.Interval,
}  # fmt: skip

SCALAR = {
    exp.Abs, exp.Ceil, exp.Floor, exp.Round, exp.Sign, exp.Sqrt, exp.Exp, exp.Ln, exp.Log,
    exp.Greatest, exp.Least, exp.Nullif,
    exp.Concat, exp.ConcatWs, exp.Contains, exp.EndsWith, exp.Left, exp.Length, exp.Lower, exp.Pad,
    exp.RegexpExtract, exp.RegexpFullMatch, exp.RegexpLike, exp.RegexpReplace, exp.Replace,
    exp.Right, exp.SplitPart, exp.StartsWith, exp.StrPosition, exp.Substring, exp.Translate, exp.Trim, exp.Upper,
    exp.DateAdd, exp.DateDiff, exp.DateSub, exp.DateTrunc, exp.Day, exp.DayOfWeek, exp.Extract,
    exp.Month, exp.Quarter, exp.TimestampTrunc, exp.TimeToStr, exp.Week, exp.Year,
}  # fmt: skip

AGGREGATES = {
    exp.Avg, exp.Corr, exp.CountIf, exp.LogicalAnd, exp.LogicalOr, exp.Median, exp.Quantile,
    exp.Stddev, exp.StddevPop, exp.Sum, exp.Variance, exp.VariancePop,
}  # fmt: skip

# Safe arguments are not enough: which row they take depends on the order of the rows.
RANKS = {exp.RowNumber, exp.Rank, exp.DenseRank, exp.PercentRank, exp.CumeDist, exp.Ntile}
OF_A_ROW = {
    exp.ArgMax, exp.ArgMin, exp.AnyValue, exp.ArrayAgg, exp.First, exp.FirstValue, exp.GroupConcat,
    exp.IgnoreNulls, exp.Lag, exp.Last, exp.LastValue, exp.Lead, exp.NthValue,
}  # fmt: skip
BY_ORDER = RANKS | OF_A_ROW
# These give the same to rows that are alike in the order asked for.
SAME_WHERE_TIED = {exp.Rank, exp.DenseRank, exp.PercentRank, exp.CumeDist}

# Scalar functions by the engine's own account that look at more than their arguments.
READS = re.compile(
    r"read|file|glob|query|getenv|variable|setting|current|catalog|nextval|currval|error|write|random|uuid|pg_|has_"
)

# Functions that the parser has no type for.
BY_NAME = {"date_part", "divide", "strip_accents", "try_strptime"}

# What puts values of a row together or takes one out, and functions with names of their own for those.
CONTAINERS = (
    exp.Array, exp.Bracket, exp.Struct, exp.PropertyEQ, exp.Dot, exp.Lambda, exp.Slice, exp.Tuple, exp.List, exp.Map,
)  # fmt: skip


@functools.cache
def of_a_row() -> frozenset[str]:
    """The engine's functions of the values of one row, which give the same for the same values.

    What is an aggregate as well, or reads a file, a setting or a clock, is none.
    """
    with duckdb.connect() as connection:
        rows = connection.execute(
            """
            select function_name from duckdb_functions() group by all
            having bool_and(
                function_type = 'scalar' and stability = 'CONSISTENT' and not coalesce(has_side_effects, false)
            )
            """
        ).fetchall()
    return frozenset(name for (name,) in rows if not READS.search(name))


# Results of aggregates: a query that has one of them without GROUP BY gives one row.
AGGREGATING = AGGREGATES | {exp.Count, exp.Min, exp.Max} | (OF_A_ROW - {exp.IgnoreNulls})

ORDINARY = OPERATORS | SCALAR | AGGREGATES | BY_ORDER
