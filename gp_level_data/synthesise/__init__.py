"""Invent a raw landing folder: practices, patients, opt-outs and admissions that never existed.

One seed and one scale give the same bytes on any machine and any number of threads. Every row is
a function of the seed and of who it is about (macros.sql), so practices are made block by block
and memory does not grow with the country.

The data are in the SQL files and small CSV tables of this folder:

    practices.sql        practices, GPs                      practice_cases.csv
    nhs_numbers.sql      people, and their numbers of the test range
    patients.sql         sex, age, usual GP
    practice_rows.sql    metrics of each patient             row_cases.csv
    opt_out_rows.sql     histories of objection              opt_out_{stories,steps,codes}.csv
    admissions.sql       who is admitted, with what, when    presentations.csv
    episodes.sql         their stays, episode by episode
    coded_episodes.sql   diagnoses and procedures
    hes_apc.sql          the columns of HES
    journal_rows.sql     coded journals of gpdpr and care_data   journal_{templates,cases}.csv
    social_care.sql      social care of older people
    reference_files.sql  ODS, CQRS, suppliers
"""

import pathlib
import shutil
import tempfile
from types import SimpleNamespace as Namespace

import duckdb

from gp_level_data.raw.synthetic_folder import is_synthetic, write_marker
from gp_level_data.runs.progress import Progress, Stage
from gp_level_data.synthesise.hospital_files import write_hes
from gp_level_data.synthesise.journal_files import write_journal, write_social_care
from gp_level_data.synthesise.practice_files import write_metrics, write_opt_outs
from gp_level_data.synthesise.settings import fill_in, quoted, settings_for
from gp_level_data.synthesise.size import SAMPLE, Size, size_of

HERE = pathlib.Path(__file__).parent
DEFAULT_SEED = 20170401
PATIENTS_PER_BLOCK = 1_000_000
# The wave of seeds/collection_waves.csv, and H81001, which does not belong to it.
CARE_DATA_PRACTICES = ("A81001", "B81001", "C81001", "D81001", "F81001", "H81001")
MEMORY_LIMIT = "3GB"
# What an estimate goes by: the hospital files take as long as the files of this share of all practices.
HOSPITAL_FILES, HOSPITAL_SHARE = "hospital files", 0.3

COLLECTIONS = ("individual_gp_level_data", "gpdpr", "care_data")
FIRST_STEPS = ("macros", "practices", "reference_files", "hospital_tables")
BLOCK_STEPS = (
    "nhs_numbers",
    "patients",
    "practice_rows",
    "opt_out_rows",
    "admissions",
    "episodes",
)
JOURNAL_STEPS = ("journal_rows", "social_care")
LAST_STEPS = ("coded_episodes", "hes_apc")


def synthesise(
    out_dir: pathlib.Path,
    scale: float | str = SAMPLE,
    seed: int = DEFAULT_SEED,
    *,
    collection: str | None = None,
    compress_hes: bool = True,
    threads: int | None = None,
    stage: Stage | None = None,
) -> None:
    """Write a raw landing folder and mark it as synthetic.

    It holds what one collection asks for; where none is named, the sample holds all three, any other
    scale the first.

    A folder that is there already is replaced if it is synthetic, else refused. The new one is
    made beside it and moved in when it is whole.
    """
    out_dir = pathlib.Path(out_dir).absolute()
    refuse_foreign(out_dir)
    out_dir.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".synthesise_", dir=out_dir.parent) as work:
        made = pathlib.Path(work) / "made"
        con = connect(pathlib.Path(work) / "spill", threads)
        size = size_of(scale)
        collections = (collection,) if collection else COLLECTIONS if size.is_sample else COLLECTIONS[:1]
        write_folder(
            con, made, size, seed, collections, stage or Stage("Synthetic patients"), compress_hes=compress_hes
        )
        con.close()
        write_marker(made, scale, seed)
        if out_dir.exists():
            shutil.rmtree(out_dir)
        made.rename(out_dir)


def refuse_foreign(out_dir: pathlib.Path) -> None:
    """Never delete anybody's files, nor mix invented rows with them."""
    if out_dir.exists() and any(out_dir.iterdir()) and not is_synthetic(out_dir):
        raise FileExistsError(f"{out_dir} holds files that are not a synthetic folder's")


def write_folder(
    con: duckdb.DuckDBPyConnection,
    out_dir: pathlib.Path,
    size: Size,
    seed: int,
    collections: tuple[str, ...],
    stage: Stage,
    *,
    compress_hes: bool,
) -> None:
    """Reference first, then practices block by block, then the hospitals that saw them all."""
    settings = settings_for(size, seed)
    load_tables(con, size)
    for name in FIRST_STEPS:
        con.execute(sql(name, settings))
    write_reference(con, out_dir)
    plan(con, stage)
    for first, last in practice_blocks(con):
        block = settings | {"first_practice": first, "last_practice": last}
        journals = [name for name in collections if name != COLLECTIONS[0]]
        for name in BLOCK_STEPS + (JOURNAL_STEPS if journals else ()):
            con.execute(sql(name, block))
        write_practices(con, out_dir, first, last, collections, stage)
    stage.at_work = HOSPITAL_FILES
    for name in LAST_STEPS:
        con.execute(sql(name, settings))
    if set(collections) != {"gpdpr"}:
        write_hes(con, folder(out_dir, "hes"), compress=compress_hes)
    if "care_data" in collections:
        write_social_care(con, folder(out_dir, "social_care"))
    stage.done.add(HOSPITAL_FILES)


def plan(con: duckdb.DuckDBPyConnection, stage: Stage) -> None:
    """Tell a stage its steps: each practice is one, and the hospital files are the last."""
    codes = [code for (code,) in con.execute("select practice_code from practices").fetchall()]
    stage.weights = dict.fromkeys(codes, 1.0) | {HOSPITAL_FILES: HOSPITAL_SHARE * len(codes)}
    stage.has_steps(len(stage.weights))


def connect(spill: pathlib.Path, threads: int | None) -> duckdb.DuckDBPyConnection:
    """A database in memory that spills what does not fit."""
    con = duckdb.connect()
    con.execute(f"set memory_limit = '{MEMORY_LIMIT}'")
    con.execute(f"set temp_directory = {quoted(spill)}")
    if threads is not None:
        con.execute(f"set threads = {int(threads)}")
    return con


def sql(name: str, settings: dict[str, object]) -> str:
    """A SQL file of this folder, filled in."""
    return fill_in((HERE / f"{name}.sql").read_text(encoding="utf-8"), settings)


def load_tables(con: duckdb.DuckDBPyConnection, size: Size) -> None:
    """The small tables that say which cases occur, and how often."""
    for name in ("presentations", "opt_out_steps"):
        con.execute(f"create table {name} as from read_csv({here(name)}, hive_partitioning = false)")
    con.execute(f"""
        create table journal_templates as
        from read_csv(
            {here("journal_templates")}, hive_partitioning = false,
            types = {{'code': 'varchar', 'needs': 'varchar'}}
        )
    """)
    con.execute(f"""
        create table practice_cases as
        from read_csv({here("practice_cases")}, hive_partitioning = false)
        where scope = 'every_scale' or {size.is_sample}
    """)
    con.execute(f"""
        create table opt_out_codes as
        from (unpivot read_csv({here("opt_out_codes")}, hive_partitioning = false, all_varchar = true)
            on "READ2", "CTV3", "SNOMED" into name code_scheme value code)
    """)
    for key, source in (
        ("row_case", "row_cases"),
        ("story", "opt_out_stories"),
        ("journal_case", "journal_cases"),
    ):
        con.execute(f"""
            create table {key}_slots as
            select {key}, unnest(range(below - per_10000, below)) as slot
            from (
                select
                    {key},
                    per_10000,
                    sum(per_10000) over (order by {key} rows unbounded preceding)::bigint as below,
                from read_csv({here(source)}, hive_partitioning = false)
            )
        """)


def here(name: str) -> str:
    """A CSV table of this folder, as SQL names it."""
    return quoted(HERE / f"{name}.csv")


def practice_blocks(con: duckdb.DuckDBPyConnection) -> list[tuple[int, int]]:
    """First and last practice of each block: so many that their patients fit into memory."""
    return con.execute(f"""
        select min(practice_number), max(practice_number)
        from practices
        group by first_patient // {PATIENTS_PER_BLOCK}
        order by 1
    """).fetchall()


def write_reference(con: duckdb.DuckDBPyConnection, out_dir: pathlib.Path) -> None:
    """ODS without header, as it comes; CQRS and the lists about practices with one."""
    for view, path, order, header in (
        ("epraccur", folder(out_dir, "ods") / "epraccur.csv", "c01", False),
        ("egpcur", folder(out_dir, "ods") / "egpcur.csv", "c01", False),
        ("participation", folder(out_dir, "cqrs") / "participation.csv", "all", True),
        ("suppliers", folder(out_dir, "gpes") / "suppliers.csv", "all", True),
        (
            "opt_out_extractions",
            folder(out_dir, "gpes") / "opt_out_extractions.csv",
            "all",
            True,
        ),
    ):
        con.execute(f"""
            copy (from {view} order by {order}) to {quoted(path)} (format csv, header {header})
        """)


def write_practices(
    con: duckdb.DuckDBPyConnection,
    out_dir: pathlib.Path,
    first: int,
    last: int,
    collections: tuple[str, ...],
    stage: Stage,
) -> None:
    """The files of each practice of a block: its patients as each collection asks, and its opt-outs."""
    opt_outs = folder(out_dir, "gpes/opt_outs")
    practices = con.execute(f"""
        select practice_number, practice_code, hard_case from practices
        where practice_number between {first} and {last}
        order by practice_number
    """).fetchall()
    for number, code, hard_case in practices:
        stage.at_work = code
        write_opt_outs(con, opt_outs, number, code, hard_case)
        for collection in collections:
            sent = folder(out_dir, f"gpes/{collection}")
            if collection == COLLECTIONS[0]:
                write_metrics(con, sent, number, code, hard_case)
            # of the third only the practices that were asked first, and one more
            elif collection == "gpdpr" or code in CARE_DATA_PRACTICES:
                write_journal(con, sent, (number, code, hard_case), collection, compress=True)
        stage.done.add(code)


def folder(out_dir: pathlib.Path, name: str) -> pathlib.Path:
    path = out_dir / name
    path.mkdir(parents=True, exist_ok=True)
    return path


def run(args: Namespace) -> int:
    """The command."""
    with Progress().stage("Synthetic patients") as stage:
        synthesise(
            args.out,
            args.scale,
            args.seed,
            collection=args.collection,
            compress_hes=not args.plain_hes,
            stage=stage,
        )
    print(f"synthetic raw landing folder, scale {args.scale}, seed {args.seed}: {args.out}")
    return 0
