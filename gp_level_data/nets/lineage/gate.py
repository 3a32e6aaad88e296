"""The gate in a query: people are left out for objections of their own, which says nothing of those who are left."""

import sqlglot
from sqlglot import exp

UPHELD = "int_opt_outs__upheld"
# What the macro exclude_opted_out gives; its text is reviewed (nets/names.py).
GATE = sqlglot.parse_one(
    "select people.* from people left join opt_outs on people.nhs_number = opt_outs.nhs_number"
    " and opt_outs.collection = '' and opt_outs.lifted_by is null where opt_outs.nhs_number is null",
    dialect="duckdb",
)


def is_the_gate(query: exp.Select) -> bool:
    """Whether a query is the macro's, of any table of people and for any collection.

    Whoever leaves rows out for somebody else's objection, as all of a GP's for one patient's, writes another.
    """
    joins = query.args.get("joins") or []
    if len(joins) != 1 or not query.args.get("from_"):
        return False
    people, opt_outs = query.args["from_"].this, joins[0].this
    if not (isinstance(people, exp.Table) and people.alias == "people"):
        return False
    if not (isinstance(opt_outs, exp.Table) and opt_outs.alias == "opt_outs" and opt_outs.db):
        return False
    return opt_outs.name == UPHELD and form_of(query) == GATE


def form_of(query: exp.Select) -> exp.Select:
    """The query with its tables under their aliases and without the name of the collection."""
    form = query.copy()
    for table in list(form.find_all(exp.Table)):
        table.replace(exp.to_table(table.alias_or_name))
    for text in list(form.find_all(exp.Literal)):
        text.replace(exp.Literal.string(""))
    return form
