"""`make lint`: SQL and Python keep the style that pyproject.toml sets, and Python its types.

sqlfluff compiles each file with dbt, which costs seconds for all of them, and then parses and checks it,
which costs a second for each. So a clean verdict is kept, in target/lint, by a digest of all that it
depends on: the file, what dbt compiled it to and how the two correspond, the settings, and the version
of sqlfluff. A changed macro or seed shows in what is compiled. Only files without a verdict are checked,
by as many processes as there are cores; one with a complaint is checked again each time.

    python tests/lint.py            files changed since they were last found clean
    python tests/lint.py --anew     all of them

Neither raw files, nor keys, nor a store are needed. Exit code 1 where there is a complaint.
"""

import gc
import hashlib
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from sqlfluff.core import FluffConfig, Linter
from sqlfluff.core.linter import RenderedFile

PROJECT = Path(__file__).resolve().parents[1]
# Not tests/generic nor macros: sqlfluff passes over what is a macro.
LINTED = ("models",)
FOLDER = PROJECT / "target" / "lint"
VERDICTS = FOLDER / "clean.json"
# Objects among the settings, which say nothing that other settings do not.
OBJECTS = ("templater_obj", "dialect_obj")

_rendered: dict[str, RenderedFile] = {}


def main(options: list[str]) -> int:
    os.chdir(PROJECT)
    # It looks at all files that changed, with what depends on them, while sqlfluff compiles the models.
    types = subprocess.Popen([sys.executable, "-m", "mypy", "--no-error-summary"])
    python_is_clean = all([is_clean("ruff", "check", "--quiet"), is_clean("ruff", "format", "--check", "--quiet")])
    sys.path.insert(0, str(PROJECT))
    prepare()
    linter = Linter(config=FluffConfig.from_path("."))
    files = sorted(str(path) for folder in LINTED for path in Path(folder).rglob("*.sql"))
    for name in linter.templater.sequence_files(files, config=linter.config, formatter=None):
        _rendered[name] = linter.render_file(name, linter.config)
    digests = {name: digest(rendered) for name, rendered in _rendered.items()}
    clean = set() if "--anew" in options or not VERDICTS.exists() else set(json.loads(VERDICTS.read_text()))
    to_check = [name for name in digests if digests[name] not in clean]
    # The longest first: at the end, one process would wait for the other.
    to_check.sort(key=lambda name: -len(str(_rendered[name].source_str)))
    # What is here stays to the end: no use in looking for what can go, file after file.
    gc.disable()
    with multiprocessing.get_context("fork").Pool(os.cpu_count()) as pool:
        complaints = dict(zip(to_check, pool.map(complaints_about, to_check, chunksize=1)))
    VERDICTS.write_text(json.dumps(sorted(digests[name] for name in digests if not complaints.get(name))))
    for name in sorted(complaints):
        print(*complaints[name], sep="\n", end="\n" if complaints[name] else "")
    bad_count = sum(map(bool, complaints.values()))
    unchanged_count = len(files) - len(to_check)
    print(f"Style of {len(files)} SQL files: {bad_count} with complaints, {unchanged_count} clean and unchanged since.")
    types_hold = types.wait() == 0
    return int(bad_count > 0 or not python_is_clean or not types_hold)


def is_clean(*command: str) -> bool:
    """Whether a tool has nothing to say of the Python files; it says it itself."""
    return subprocess.run([sys.executable, "-m", *command, "gp_level_data", "tests"], check=False).returncode == 0


def prepare() -> None:
    """A store without a table, as dbt wants to open one; in the same place each time, or dbt would parse all again."""
    import duckdb

    from gp_level_data.custody import keys, store

    scratch = FOLDER / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    folders = {"RAW_DIR": "raw", "KEY_DIR": "keys", "STORE_DIR": "store"}
    os.environ.update({name: str(scratch / folder) for name, folder in folders.items()})
    os.environ.update(DBT_TARGET_PATH=str(FOLDER), DBT_LOG_PATH=str(FOLDER / "logs"), DO_NOT_TRACK="1")
    (scratch / "store").mkdir()
    for name in keys.OF_DATABASES:
        keys.new_key(scratch / "keys", name)
    with duckdb.connect() as connection:
        of_store = keys.of_store(scratch / "keys")
        for name, key in ((store.PATIENT_LEVEL, of_store.patient_level), (store.ASSURANCE, of_store.assurance)):
            store.attach_encrypted(connection, scratch / "store", name, key, may_create=True)


def digest(rendered: RenderedFile) -> str:
    """One checksum of all that the verdict on a file depends on."""
    settings = dict(rendered.config._configs.items())
    settings["core"] = {name: value for name, value in settings["core"].items() if name not in OBJECTS}
    variants = [(each.templated_str, each.sliced_file) for each in rendered.templated_variants]
    depends_on = (metadata.version("sqlfluff"), settings, rendered.source_str, variants)
    return hashlib.sha256(repr(depends_on).encode()).hexdigest()


def complaints_about(name: str) -> list[str]:
    """What is wrong with a file that was compiled before the processes parted, each with its place."""
    rendered = _rendered[name]
    if not rendered.templated_variants:
        return [f"{name}: was not compiled, so not checked"]
    rules = Linter(config=rendered.config).get_rulepack(config=rendered.config)
    linted = Linter.lint_rendered(rendered, rules, fix=False, formatter=None)
    return [
        f"{name}:{error.line_no}:{error.line_pos}: {error.rule_code()} {error.desc()}"
        for error in linted.get_violations(filter_warning=True)
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
