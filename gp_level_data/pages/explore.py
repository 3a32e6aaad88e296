"""A look at the results: any metric by practice, CCG and England. `make explore`.

Needs the extra `explore`. STORE_DIR names the store, as for every command; without it, the sample's.
"""

import marimo

app = marimo.App(width="medium", app_title="GP metrics")


@app.cell
def results():
    import os
    from pathlib import Path

    import marimo as mo

    from gp_level_data.pages import explored
    from gp_level_data.project import PROJECT

    store_dir = Path(os.environ.get("STORE_DIR", PROJECT / ".local" / "store"))
    metrics = {row["title"]: row for row in explored.rows(store_dir, explored.METRICS)}
    practices = {
        f"{row['practice_code']} {row['practice_name']}": row for row in explored.rows(store_dir, explored.PRACTICES)
    }
    return explored, metrics, mo, practices, store_dir


@app.cell
def choice(metrics, mo, practices):
    metric = mo.ui.dropdown(options=metrics, value=next(iter(metrics), None), label="Metric")
    practice = mo.ui.dropdown(options=practices, value=next(iter(practices), None), label="Practice", searchable=True)
    mo.vstack([mo.md("# GP metrics"), mo.hstack([metric, practice], justify="start")])
    return metric, practice


@app.cell
def picture(explored, metric, mo, practice, store_dir):
    mo.stop(not (metric.value and practice.value), mo.md("There is nothing to show: no practice was collected."))
    found = explored.places(store_dir, metric.value, practice.value)
    chart = explored.drawn(metric.value, found)
    told = mo.md(
        f"**Counted:** {metric.value['numerator']}, of: {metric.value['denominator']}.\n\n"
        "Lines are 95 % intervals. A star: withheld, as small numbers or what tells of one are. Counts are rounded to"
        " the nearest 5, so do not add them up: each level has a row of its own."
    )
    mo.vstack([chart, told, mo.ui.table(found, selection=None)])
    return chart, found


if __name__ == "__main__":
    app.run()
