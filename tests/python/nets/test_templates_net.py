"""The part of the net by name that reads templates: what may look outside, and what may be chosen by a setting.

Each case is a template that does what it may not; the last ones do what models and macros do every day.
"""

from pathlib import Path

import pytest

from conftest import PROJECT
from gp_level_data.nets import templates

SETTINGS = "model-paths: [models]\nmacro-paths: [macros]\ntest-paths: [tests]\n"
MACROS = """
{% macro plain(text) -%} trim({{ text }}) {%- endmacro %}
{% macro chosen(text) -%} {% if text == 'a' %}1{% else %}2{% endif %} {%- endmacro %}
{% macro of_the_run() -%} '{{ var("collection") }}' {%- endmacro %}
{% macro spelled(text) -%} {{ return(adapter.dispatch('spelled')(text)) }} {%- endmacro %}
{% macro default__spelled(text) -%} lower({{ text }}) {%- endmacro %}
{% macro spark__spelled(text) -%} {% if text == 'a' %}1{% endif %} {%- endmacro %}
{% macro lowered(text) -%} {{ return(adapter.dispatch('lowered')(text)) }} {%- endmacro %}
{% macro default__lowered(text) -%} lower({{ text }}) {%- endmacro %}
{% macro of_given(text) -%} {{ chosen(text ~ 'x') }} {%- endmacro %}
"""

LOOKS_OUTSIDE = {
    "asks the database": "{% set a = run_query('select 1') %}",
    "by another way": "{% call statement('a', fetch_result=True) %}select 1{% endcall %}",
    "by the context": "{% set a = context['run_' ~ 'query'] %}",
    "by the built-ins": "{% set a = builtins['env' ~ '_var'] %}",
    "by the adapter": "{% set a = adapter.get_columns_in_relation(ref('a')) %}",
    "by a macro that an engine has": "{{ adapter.dispatch('run_query')('select 1') }}",
    "by one of another package": "{{ adapter.dispatch('spelled', 'dbt')('select 1') }}",
    "by one put together": "{{ adapter.dispatch('run_' ~ 'query')('select 1') }}",
    "by a macro of dbt's": "{% set a = get_columns_in_query('select 1') %}",
    "by dbt's namespace": "{% set a = dbt.run_query('select 1') %}",
    "whether it runs": "{% if execute %} 1 {% endif %}",
    "which command": "{% if flags.WHICH in ('build', 'run') %} 1 {% endif %}",
    "which command, by its arguments": "{% if invocation_args_dict.which == 'build' %} 1 {% endif %}",
    "which target": "{% if target.name == 'gateway' %} 1 {% endif %}",
    "the environment": "{{ env_var('RAW_DIR') }}",
    "the graph": "{% for a in graph.nodes %} 1 {% endfor %}",
    "the clock": "{{ run_started_at }}",
    "the run": "{{ invocation_id }}",
    "the machine": "{{ modules.datetime.datetime.now() }}",
    "whether it was built before": "{% if is_incremental() %} 1 {% endif %}",
    "the relation as it is stored": "{% if load_cached_relation(this) %} 1 {% endif %}",
    "its own node": "{{ model.name }}",
    "says something": "{{ log('a', info=True) }}",
    "prints something": "{% do print('a') %}",
    "warns": "{% do exceptions.warn('a') %}",
    "by an attribute that is hidden": "{{ ''.__class__ }}",
    "by a filter": "{{ config | attr('x') }}",
    "by chance": "{{ [1, 2] | random }}",
    "the adapter under another name": "{% set engine = adapter %}{{ engine.execute('select 1') }}",
    "the adapter out of a list": "{% set engine = ['}}', adapter][1] %}{% if engine.location_exists('a') %} 1 {% endif %}",
    "the exceptions under another name": "{% set tell = exceptions %}{% do tell.warn('a') %}",
    "what is behind a reference": "{{ ref.db_wrapper.execute('select 1') }}",
    "what is behind a reference under another name": "{% set of = ref %}{{ of.db_wrapper.execute('select 1') }}",
    "what is behind a macro": "{{ plain.context['run_query']('select 1') }}",
    "what is behind a macro that is handed on": "{{ lowered(plain) }}",
    "what is behind a dispatched macro": "{{ adapter.dispatch('spelled').context['run_query']('select 1') }}",
    "what is behind the configuration": "{{ config.model.name }}",
    "takes in another file": "{% include 'a.sql' %}",
    "gives it another name first": "{% set look = run_query %}{{ look('select 1') }}",
    "takes the name where it is not set": "{% if false %}{% set run_query = 1 %}{% endif %}{{ run_query }}",
    "in the other branch of a loop": "{% for run_query in [] %}{% else %}{{ run_query }}{% endfor %}",
    "by a macro of the model's own that is called like a trusted one": (
        "{% macro columns_of(a) %}{% if execute %}{% set f = run_query %}{% endif %}{% endmacro %}{{ columns_of(1) }}"
    ),
    "by that macro, its name taken before": (
        "{% set dbt_macro__columns_of = 1 %}{% macro columns_of(a) %}{{ run_query('select 1') }}{% endmacro %}"
    ),
    "by a macro within another": "{% macro a() %}{% macro columns_of() %}{{ execute }}{% endmacro %}{% endmacro %}",
    "within a macro": "{% macro a() %}{{ env_var('HOME') }}{% endmacro %}",
    "within a default": "{% macro a(b=target.name) %}{{ b }}{% endmacro %}",
    "in a text that is no template": "{% if %}",
}
CHOOSES = {
    "a condition": "gp_code{% if var('period_start') != '2016-04-01' %} || right(number, 5){% endif %} as gp_code",
    "whether it is there": "{% if var('exception_id') %} 1 {% endif %}",
    "a value in one line": "{{ 'a' if var('a') == 'b' else 'c' }}",
    "one or the other": "{{ var('a', '') or 'number' }}",
    "by an index": "{{ ['a', 'number'][var('a') | length > 3] }}",
    "by a key": "{{ {'2016-04-01': 'a'}.get(var('a'), 'number') }}",
    "by a method": "{{ var('a').replace('2', 'number') }}",
    "by a filter": "{{ var('a') | replace('2', 'number') }}",
    "by how often": "{% for a in range(var('a')) %} 1 {% endfor %}",
    "by a name": "{% set a = var('a') %}{% if a %} 1 {% endif %}",
    "by a part of a text": "{% set a %}{{ var('a') }}{% endset %}{% if 'x' in a %} 1 {% endif %}",
    "by a namespace": "{% set a = namespace(b=1) %}{% set a.b = var('a') %}{% if a.b %} 1 {% endif %}",
    "in a macro that is given it": "{{ chosen(var('a')) }}",
    "through two macros": "{{ of_given(text=var('a')) }}",
    "in the macro of another engine": "{{ spelled(var('a')) }}",
    "by what a macro gives back": "{% if 'gpdpr' in of_the_run() %} 1 {% endif %}",
    "which table": "{{ ref('a' ~ var('a')) }}",
    "in a loop over it": "{% for a in [var('a')] if a == 'x' %} 1 {% endfor %}",
}
HARMLESS = {
    "a setting as it is": "where a = '{{ var(\"collection\") }}' and b = {{ var('limit', 1) }}",
    "a part of a text": "{{ plain(\"'\" ~ var('a') ~ \"'\") }}",
    "by a name that only is written": "{% set a = plain(var('a')) %} {{ a }}",
    "a condition on what is written here": "{% set a = ['x'] %}{% for b in a if loop.first %}{{ chosen(b) }}{% endfor %}",
    "a macro of each engine": "{{ lowered(\"'\" ~ var('a') ~ \"'\") }}",
    "a reference": "select * from {{ ref('a') }} join {{ source('b', 'c') }} using (d)",
    "its own settings": "{{ config(tags=['a']) }} select 1",
    "an error": "{% do exceptions.raise_compiler_error('no ' ~ 'way') %}",
}


def project(folder: Path, template: str) -> Path:
    """A project with one model and some macros."""
    for name, text in {"dbt_project.yml": SETTINGS, "models/a.sql": template, "macros/b.sql": MACROS}.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def found(folder: Path, template: str) -> list[str]:
    return [finding.what for finding in templates.findings(project(folder, template))]


def test_the_project_passes() -> None:
    """Flags a template of the project that looks outside, or chooses by a setting: mend the template."""
    assert templates.findings(PROJECT) == []


@pytest.mark.parametrize("name", LOOKS_OUTSIDE)
def test_what_looks_outside_is_found(tmp_path: Path, name: str) -> None:
    """Flags a way for a template to be another one in the run than in the proof."""
    assert found(tmp_path, LOOKS_OUTSIDE[name])


@pytest.mark.parametrize("name", templates.TRUSTED)
def test_what_may_look_further_is_the_text_that_was_read(tmp_path: Path, name: str) -> None:
    """Flags a macro with the rights of one that was read, in its place and under its name, that says something else."""
    trusted = templates.TRUSTED[name]
    text = (PROJECT / trusted.file).read_text(encoding="utf-8")
    where = project(tmp_path, "select 1") / trusted.file
    where.parent.mkdir(parents=True, exist_ok=True)
    for changed, is_told in ((text, False), (f"{text}\n-- and more", True)):
        where.write_text(changed, encoding="utf-8")
        told = [finding.what for finding in templates.findings(tmp_path)]
        assert any("than the one that was read" in what for what in told) == is_told
    where.rename(where.with_name("elsewhere.sql"))
    assert any("which stands in" in finding.what for finding in templates.findings(tmp_path))


@pytest.mark.parametrize("where", ["models/a.sql", "tests/a.sql", "snapshots/a.sql"])
def test_a_name_means_the_macro_that_was_read(tmp_path: Path, where: str) -> None:
    """Flags a macro in the file that calls it, in the place of the project's of that name, which the nets see."""
    folder = project(tmp_path, "select 1")
    (folder / where).parent.mkdir(exist_ok=True)
    (folder / where).write_text("{% macro plain(a) %}1{% endmacro %} select {{ plain('a') }}", encoding="utf-8")
    assert [finding.where for finding in templates.findings(folder)] == [where]


@pytest.mark.parametrize("name", CHOOSES)
def test_what_chooses_by_a_setting_is_found(tmp_path: Path, name: str) -> None:
    """Flags SQL that is compiled with some settings only, and so was read by no net."""
    assert any("makes more of a setting than text" in what for what in found(tmp_path, CHOOSES[name]))


@pytest.mark.parametrize("name", HARMLESS)
def test_everyday_templates_pass(tmp_path: Path, name: str) -> None:
    """Flags a false alarm."""
    assert found(tmp_path, HARMLESS[name]) == []


@pytest.mark.parametrize(
    "setting",
    ["seed-paths: [.local/seeds]", "macro-paths: [/tmp/a]", "model-paths: [../b]", "seed-paths: [tests/a]", "model-paths: [.]",
     "packages-install-path: .local/packages"],
)  # fmt: skip
def test_dbt_reads_nothing_that_the_proof_passes_over(tmp_path: Path, setting: str) -> None:
    """Flags files that may change after the proof, though dbt builds from them."""
    folder = project(tmp_path, "select 1")
    (folder / "dbt_project.yml").write_text(f"{SETTINGS}\n{setting}\n", encoding="utf-8")
    assert any("no proof covers" in finding.what for finding in templates.findings(folder))


@pytest.mark.parametrize(
    "text",
    [
        "models: [{name: a, description: \"{{ env_var('HOME') }}\"}]",
        "models: [{name: a, config: {enabled: \"{{ var('a') == 'b' }}\"}}]",
        "models: [{name: a, columns: [{name: b, constraints: [{type: check, expression: \"'{{ env_var('RAW_DIR') }}' = b\"}]}]}]",
        'sources: [{name: a, database: "{{ target.database }}"}]',
        # what dbt takes for a template though no brace says so, and braces that an escape hides
        "models: [{name: a, data_tests: [{accepted_values: {values: [\"var('a') ~ log(run_query('select 1'))\"]}}]}]",
        "models: [{name: a, data_tests: [{relationships: {to: \"ref('a') ~ ref.db_wrapper.execute('a')\"}}]}]",
        'models: [{name: a, description: "{\\x7b run_query(1) }}"}]',
    ],
)
def test_yaml_looks_nowhere(tmp_path: Path, text: str) -> None:
    """Flags YAML that says something else in the run: of dbt's names it needs the blocks of the docs alone."""
    folder = project(tmp_path, "select 1")
    (folder / "models" / "_a.yml").write_text(text, encoding="utf-8")
    assert templates.findings(folder)
    (folder / "models" / "_a.yml").rename(folder / "models" / "_a.YAML")
    assert templates.findings(folder)
    (folder / "models" / "_a.YAML").write_text(
        "models: [{name: a, description: \"{{ doc('a') }}\", data_tests: [{relationships: {to: \"ref('a')\"}}]}]"
    )
    assert templates.findings(folder) == []


def test_an_ending_in_capitals_is_an_ending(tmp_path: Path) -> None:
    """Flags a template that dbt reads and no net does."""
    folder = project(tmp_path, "select 1")
    (folder / "macros" / "c.SQL").write_text("{% macro c() %}{{ run_query('select 1') }}{% endmacro %}")
    assert [finding.where for finding in templates.findings(folder)] == ["macros/c.SQL"]


def test_a_package_put_there_by_hand_is_found(tmp_path: Path) -> None:
    """Flags macros of another package: a test of the project may call them, and no net has read them."""
    folder = project(tmp_path, "select 1")
    (folder / "dbt_packages" / "other" / "macros").mkdir(parents=True)
    assert templates.findings(folder) == []
    (folder / "dbt_packages" / "other" / "macros" / "a.sql").write_text("{% macro test_told(model) %}{% endmacro %}")
    assert [finding.where for finding in templates.findings(folder)] == ["dbt_packages"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('path: ":memory:"', "path: out/memory.duckdb"),
        ("temp_file_encryption: true", "temp_file_encryption: false"),
        ("- module: gp_level_data.runs.gateway", "- module: elsewhere"),
        ('module_paths: ["."]', "module_paths: [/tmp]"),
        ("threads: 1", "threads: 1\n      attach: [{path: out/a.duckdb}]"),
        ("    gateway:\n", "    other: &other {type: duckdb, path: out/memory.duckdb}\n    gateway:\n"),
    ],
)
def test_the_profile_is_the_one_that_was_read(tmp_path: Path, before: str, after: str) -> None:
    """Flags what spills to the disk as it is, a file in the place of memory, and code that no proof covers."""
    folder = project(tmp_path, "select 1")
    text = (PROJECT / "profiles.yml").read_text(encoding="utf-8")
    assert before in text
    (folder / "profiles.yml").write_text(text.replace("threads: 2", "threads: 16"), encoding="utf-8")
    assert templates.findings(folder) == []
    (folder / "profiles.yml").write_text(text.replace(before, after), encoding="utf-8")
    assert [finding.where for finding in templates.findings(folder)] == ["profiles.yml"]


def test_nothing_is_copied_beside_the_documentation(tmp_path: Path) -> None:
    """Flags a folder of assets: `dbt docs generate` copies it whole, and it may be the raw folder or a link there."""
    folder = project(tmp_path, "select 1")
    (folder / "dbt_project.yml").write_text(f"{SETTINGS}\nasset-paths: [sample]\n", encoding="utf-8")
    assert [finding.where for finding in templates.findings(folder)] == ["dbt_project.yml"]
