"""A gateway that fails in every way in which an engine or dbt could repeat a value.

What fails does so over the raw files: the number that would be repeated is in no SQL.
"""

from pathlib import Path

from conftest import copy_project, test_number

FOLDER = "models/intermediate/gateway/failing"
RECORDS = "{{ ref('stg_gpes__practice_records') }}"
PICKED = f"(select nhs_number, nhs_number::varchar as written from {RECORDS} where nhs_number is not null)"
FIXTURE = test_number(123_456)

# Statements that stop at a row. `picked` has the number as BIGINT and as text.
STATEMENTS = {
    "cast": "select cast(written || 'x' as bigint) as a from picked",
    "late_cast": """
        select cast(case when nhs_number % 7 = 0 then written || 'x' else '1' end as int) as a
        from picked
    """,
    "narrow": "select nhs_number::integer as a from picked",
    "day": "select written::date as a from picked",
    "parsed": "select strptime(written, '%d') as a from picked",
    "decimal": "select written::decimal(5, 2) as a from picked",
    "uuid": "select written::uuid as a from picked",
    "overflow": f"select nhs_number::hugeint * 1{'0' * 32}::hugeint as a from picked",
    "subtraction": "select nhs_number::uhugeint - 100000000000 as a from picked",
    "told": "select error(written) as a from picked",
    "time_zone": "select timezone(written, timestamp '2020-01-01') as a from picked",
    "list": "select written::integer[] as a from picked",
    "json": "select json_extract(written || 'x', '$.a') as a from picked",
    "too_long": "select repeat('x', nhs_number * 100) as a from picked",
    "own_function": "select pseudonymise(written || 'x') as a from picked",
}
# Constraints of a contract that the rows break.
CONSTRAINTS = {
    "primary_key": "{type: primary_key}",
    "unique": "{type: unique}",
    "check": """{type: check, expression: "regexp_full_match(a, '[a-p]{32}')"}""",
    "not_null": "{type: not_null}",
}
ROWS = {
    "not_null": "select null::varchar as a from picked",
    "check": "select written as a from picked",
}
TWICE = "select written as a from picked union all select written as a from picked"

VIEW = f"""{{{{ config(
    materialized='view', database='memory', access='private', contract={{'enforced': false}}
) }}}}
select nhs_number::varchar as a from {RECORDS}
"""
SINGULAR = """{{ config(group='gateway') }}
select cast(a || 'x' as int) as a from {{ ref('failing_view') }} where cast(a || 'x' as int) > 0
"""


def failing_project(folder: Path) -> Path:
    """A copy of the project with models, data tests and a unit test that fail."""
    project = copy_project(folder)
    models = project / FOLDER
    models.mkdir()
    for name, statement in STATEMENTS.items():
        (models / f"failing_{name}.sql").write_text(model(statement, is_contracted=False))
    lines = ["version: 2", "models:"]
    for name, constraint in CONSTRAINTS.items():
        (models / f"failing_{name}.sql").write_text(model(ROWS.get(name, TWICE), is_contracted=True))
        lines += [
            f"  - name: failing_{name}",
            f"    columns: [{{name: a, data_type: varchar, constraints: [{constraint}]}}]",
        ]
    for name in ("failing_view", "failing_in_unit_test"):
        (models / f"{name}.sql").write_text(VIEW)
    lines += [
        "  - name: failing_view",
        "    columns:",
        "      - name: a",
        "        data_tests:",
        "          - unique",
        "          - not_null",
        "          - accepted_values: {arguments: {values: [nobody]}}",
        "          - relationships: {arguments: {to: ref('metrics'), field: metric_id}}",
        "unit_tests:",
        "  - name: failing_unit_test",
        "    model: failing_in_unit_test",
        "    given:",
        "      - input: ref('stg_gpes__practice_records')",
        f"        rows: [{{nhs_number: {FIXTURE}}}]",
        "    expect: {rows: [{a: somebody else}]}",
    ]
    (models / "_failing.yml").write_text("\n".join(lines) + "\n")
    (project / "tests" / "failing_singular.sql").write_text(SINGULAR)
    return project


def model(statement: str, *, is_contracted: bool) -> str:
    settings = f"materialized='table', contract={{'enforced': {str(is_contracted).lower()}}}"
    return f"{{{{ config({settings}) }}}}\nwith picked as {PICKED}\n{statement}\n"
