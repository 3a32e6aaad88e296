"""`make bench-peers SCALE=0.01`: the core work of both runs as one script in other engines, with the same answers.

Each engine runs in a process of its own, with two threads; a server is started and stopped by it, and counts as part
of it. An engine that is not installed is left out and named: `.venv/bin/pip install pandas polars pyspark==4.0.5`
brings all that are packages of Python, of which Spark needs Java too; PostgreSQL is the system's. What they do not do,
and the runs do: refuse and count what is unusable, encrypt what is stored, test and document. DuckDB by hand is the
yardstick of `make bench`; a peer whose answers are others than its is an error, not a row of the table.
"""

import argparse
import hashlib
import json
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow

from gp_level_data.custody import keys
from gp_level_data.custody.pseudonym import pseudonymiser
from gp_level_data.synthesise import DEFAULT_SEED

from . import by_hand, by_hand_postgresql, by_hand_spark, machine
from .measured import Measured, measure, waiting_for_all

PROJECT = Path(__file__).parents[3]
FLAGS = ["bowel_cancer_screening", "cervical_screening", "diabetes_hba1c_58", "diabetes_hba1c_75"]
RECORD = ["PRACTICE_CODE", "NHS_NUMBER", "USUAL_GP_CODE", *FLAGS]
EPISODE = [
    "EPIKEY", "NEWNHSNO", "ADMIDATE", "DIAG_4_01", "ADMIMETH", "EPIORDER", "EPISTAT", "SEX", "EPITYPE", "CLASSPAT",
    "ADMISORC",
]  # fmt: skip
DISSENT, WITHDRAWAL = ("9Nu0", "XaZ89", "827241000000103"), ("9Nu1", "XaZ8A", "827261000000102")
EMERGENCY = ("21", "22", "23", "24", "25", "28", "2A", "2B", "2C", "2D")
CATEGORIES = (
    "J45", "I50", "E10", "E11", "E12", "E13", "E14", "J41", "J43", "J44", "I20", "I25", "D51", "D52", "I48", "G40",
    "G41", "F00", "F01", "F02", "F03",
)  # fmt: skip
SUBCATEGORIES = (
    "B180", "B181", "J46X", "I110", "J81X", "I130", "J42X", "J47X", "D501", "D508", "D509", "I10X", "I119",
)  # fmt: skip
# Of modulus 11: what each power of ten counts.
WEIGHTS = ((1, 1), (3, 10), (5, 100), (7, 1000), (9, 10**4), (2, 10**6), (4, 10**7), (6, 10**8), (8, 10**9))

Pseudonymise = Callable[[pyarrow.Array], pyarrow.Array]


def answers(patients: int, repeated: int, admissions: int, by_gp: Iterable[Iterable[Any]]) -> dict[str, Any]:
    """What every engine has to agree on: how many, and a digest of every count of every GP."""
    rows = sorted("|".join(str(value) for value in row) for row in by_gp)
    digest = hashlib.sha256("\n".join(rows).encode()).hexdigest()[:20]
    return {"patients": patients, "repeated": repeated, "admissions": admissions, "gps": len(rows), "counts": digest}


def with_duckdb(raw: Path, work: Path, key: bytes) -> dict[str, Any]:
    with by_hand.done(raw, work, key, keys.read_key(work, keys.STORE_KEY)) as connection:
        by_gp = connection.execute("from by_gp").fetchall()
        patients, repeated = connection.execute("from by_area").fetchall()[0]
        admissions = connection.execute("select count(*) from patient_level.admissions").fetchall()[0][0]
    return answers(patients, repeated, admissions, by_gp)


def with_pandas(raw: Path, work: Path, key: bytes) -> dict[str, Any]:
    import pandas

    def read(pattern: str, **how: Any) -> Any:
        texts = {"dtype": str, "keep_default_na": False, "na_values": [""]}
        return pandas.concat([pandas.read_csv(file, **texts, **how) for file in sorted(raw.glob(pattern))])

    def keyed(numbers: Any) -> Any:
        make: Pseudonymise = pseudonymiser(key, by_hand.COLLECTION)
        return make(pyarrow.array(numbers, pyarrow.string())).to_pylist()

    records = read("gpes/individual_gp_level_data/*.csv*", usecols=RECORD)
    records = records[records.NHS_NUMBER.str.fullmatch("[0-9]{10}", na=False)]
    records["number"] = records.NHS_NUMBER.astype("int64")
    records = records[sum(weight * (records.number // power) for weight, power in WEIGHTS) % 11 == 0]

    sent = read("gpes/opt_outs/*.csv*", usecols=["NHS_NUMBER", "CODE", "EFFECTIVE_DATE"])
    sent["NHS_NUMBER"] = sent.NHS_NUMBER.str.replace(r"\.0$", "", regex=True)
    sent = sent[sent.NHS_NUMBER.str.fullmatch("[0-9]{1,18}", na=False)]
    sent["number"], sent["code"] = sent.NHS_NUMBER.astype("int64"), sent.CODE.str.rstrip(".")
    dissent = sent[sent.code.isin(DISSENT)].groupby("number").EFFECTIVE_DATE.max().dropna()
    withdrawal = sent[sent.code.isin(WITHDRAWAL)].groupby("number").EFFECTIVE_DATE.max()
    opted_out = dissent[dissent >= withdrawal.reindex(dissent.index).fillna("0001-01-01")].index

    practices = read("ods/epraccur.csv", header=None)
    practices = practices[(practices[25] == "4") & (practices[12] == "A")][0]
    said = read("cqrs/participation.csv")
    is_of_it = (said.SERVICE.str.upper() == by_hand.COLLECTION.upper()) & (said.STATUS_DATE <= "2017-04-02")
    latest = said[is_of_it].sort_values("STATUS_DATE", kind="stable").groupby("PRACTICE_CODE").STATUS.last()
    agreed = latest[latest.str.lower() == "agreed"].index
    gps = read("ods/egpcur.csv", header=None)
    gps = gps[gps[12] == "A"][[0, 14]].set_axis(["gp_code", "PRACTICE_CODE"], axis=1)

    people = records[~records.duplicated(["number", "PRACTICE_CODE"], keep=False)]
    people = people[~people.number.isin(opted_out) & people.PRACTICE_CODE.isin(set(practices) & set(agreed))].copy()
    people["patient_key"] = keyed(people.NHS_NUMBER)
    people = people.merge(
        gps, how="left", left_on=["USUAL_GP_CODE", "PRACTICE_CODE"], right_on=["gp_code", "PRACTICE_CODE"]
    ).sort_values(["patient_key", "PRACTICE_CODE"])
    people["gp_code"] = people.gp_code.fillna("UNASSIGNED")

    episodes = read("hes/*.csv*", usecols=EPISODE)
    episodes = episodes[
        episodes.ADMIMETH.isin(EMERGENCY) & episodes.ADMIDATE.between("2016-04-01", "2017-03-31")
        & (episodes.EPIORDER == "1") & episodes.EPISTAT.isin(["1", "3"]) & episodes.SEX.isin(["1", "2"])
        & (episodes.EPITYPE == "1") & (episodes.CLASSPAT == "1")
        & (episodes.ADMISORC.notna() & ~episodes.ADMISORC.isin(["51", "52", "53"]))
        & episodes.NEWNHSNO.str.fullmatch("[0-9]{10}", na=False)
    ].drop_duplicates("EPIKEY")  # fmt: skip
    episodes["patient_key"] = keyed(episodes.NEWNHSNO)
    episodes = episodes[episodes.patient_key.isin(people.patient_key)]
    is_one = episodes.DIAG_4_01.str[:3].isin(CATEGORIES) | episodes.DIAG_4_01.isin(SUBCATEGORIES)
    people["admitted"] = people.patient_key.isin(episodes[is_one].patient_key)

    columns = {"patients": ("patient_key", "size"), "admitted": ("admitted", "sum")}
    for flag in FLAGS:
        people[f"{flag}_met"] = people[flag] == "1"
        columns |= {f"{flag}_met": (f"{flag}_met", "sum"), f"{flag}_of": (flag, "count")}
    by_gp = people.groupby(["PRACTICE_CODE", "gp_code"]).agg(**columns).reset_index()
    appearances = people.groupby("patient_key").size()
    return answers(
        len(appearances), int((appearances > 1).sum()), len(episodes), by_gp.itertuples(index=False, name=None)
    )


def with_polars(raw: Path, work: Path, key: bytes) -> dict[str, Any]:
    import polars
    from polars import col

    def scan(pattern: str, **how: Any) -> Any:
        return polars.scan_csv(raw / pattern, infer_schema=False, truncate_ragged_lines=True, **how)

    def organisations(name: str) -> Any:
        # versions number the columns from 0 or from 1
        return scan(
            f"ods/{name}.csv", has_header=False, with_column_names=lambda names: list(map(str, range(len(names))))
        )

    def keyed(numbers: Any) -> Any:
        make: Pseudonymise = pseudonymiser(key, by_hand.COLLECTION)
        return polars.Series(make(numbers.to_arrow()))

    def all_of(lazy: Any) -> Any:
        return lazy.collect(engine="streaming")

    records = (
        scan("gpes/individual_gp_level_data/*.csv*")
        .select(RECORD)
        .filter(col("NHS_NUMBER").str.contains("^[0-9]{10}$"))
        .with_columns(col("NHS_NUMBER").cast(polars.Int64).alias("number"))
        .filter(polars.sum_horizontal([weight * (col("number") // power) for weight, power in WEIGHTS]) % 11 == 0)
    )
    opted_out = (
        scan("gpes/opt_outs/*.csv*")
        .select(col("NHS_NUMBER").str.replace(r"\.0$", "").cast(polars.Int64, strict=False).alias("number"),
                "EFFECTIVE_DATE", col("CODE").str.strip_chars_end(".").alias("code"))
        .filter(col("number").is_not_null())
        .group_by("number")
        .agg(col("EFFECTIVE_DATE").filter(col("code").is_in(DISSENT)).max().alias("dissent"),
             col("EFFECTIVE_DATE").filter(col("code").is_in(WITHDRAWAL)).max().alias("withdrawal"))
        .filter(col("dissent") >= col("withdrawal").fill_null("0001-01-01"))
    )  # fmt: skip
    agreed = (
        scan("cqrs/participation.csv")
        .filter(
            (col("SERVICE").str.to_uppercase() == by_hand.COLLECTION.upper()) & (col("STATUS_DATE") <= "2017-04-02")
        )
        .group_by("PRACTICE_CODE")
        .agg(col("STATUS").sort_by("STATUS_DATE", maintain_order=True).last())
        .filter(col("STATUS").str.to_lowercase() == "agreed")
    )
    practices = organisations("epraccur").filter((col("25") == "4") & (col("12") == "A")).select(PRACTICE_CODE="0")
    gps = organisations("egpcur").filter(col("12") == "A").select(USUAL_GP_CODE="0", PRACTICE_CODE="14", gp_code="0")
    repeated = records.group_by("number", "PRACTICE_CODE").len().filter(col("len") > 1)
    people = all_of(
        records.join(repeated, on=["number", "PRACTICE_CODE"], how="anti")
        .join(opted_out, on="number", how="anti")
        .join(practices.join(agreed, on="PRACTICE_CODE", how="semi"), on="PRACTICE_CODE", how="semi")
        .join(gps, on=["USUAL_GP_CODE", "PRACTICE_CODE"], how="left")
        .with_columns(col("gp_code").fill_null("UNASSIGNED"))
    )
    people = people.with_columns(keyed(people["NHS_NUMBER"]).alias("patient_key")).sort("patient_key", "PRACTICE_CODE")
    episodes = all_of(
        scan("hes/*.csv*").select(EPISODE).filter(
            col("ADMIMETH").is_in(EMERGENCY) & col("ADMIDATE").is_between(polars.lit("2016-04-01"), polars.lit("2017-03-31"))
            & (col("EPIORDER") == "1") & col("EPISTAT").is_in(["1", "3"]) & col("SEX").is_in(["1", "2"])
            & (col("EPITYPE") == "1") & (col("CLASSPAT") == "1") & ~col("ADMISORC").is_in(["51", "52", "53"])
            & col("NEWNHSNO").str.contains("^[0-9]{10}$")
        )
    ).unique("EPIKEY", keep="first", maintain_order=True)  # fmt: skip
    episodes = episodes.with_columns(keyed(episodes["NEWNHSNO"]).alias("patient_key"))
    episodes = episodes.join(people, on="patient_key", how="semi")
    is_one = col("DIAG_4_01").str.slice(0, 3).is_in(CATEGORIES) | col("DIAG_4_01").is_in(SUBCATEGORIES)
    admitted = episodes.filter(is_one).select("patient_key", is_admitted=True).unique()
    counts = [
        part
        for flag in FLAGS
        for part in ((col(flag) == "1").sum().alias(f"{flag}_met"), col(flag).count().alias(f"{flag}_of"))
    ]
    by_gp = people.join(admitted, on="patient_key", how="left").group_by("PRACTICE_CODE", "gp_code").agg(
        polars.len(), col("is_admitted").count(), *counts
    )  # fmt: skip
    appearances = people.group_by("patient_key").len()
    return answers(len(appearances), len(appearances.filter(col("len") > 1)), len(episodes), by_gp.rows())


def with_postgresql(raw: Path, work: Path, key: bytes) -> dict[str, Any]:
    return answers(*by_hand_postgresql.done(raw, key))


def with_spark(raw: Path, work: Path, key: bytes) -> dict[str, Any]:
    return answers(*by_hand_spark.done(raw, work))


@dataclass(frozen=True)
class Peer:
    """An engine.

    named    as the docs have it, `{}` for its version
    version  of what is installed; nothing where it is not
    work     from the raw folder, a folder for its files and its key, and the key, to its answers
    """

    named: str
    version: Callable[[], str | None]
    work: Callable[[Path, Path, bytes], dict[str, Any]]


PEERS = {
    "duckdb": Peer("DuckDB {}", partial(machine.version, "duckdb"), with_duckdb),
    "polars": Peer("polars {}, streaming", partial(machine.version, "polars"), with_polars),
    "pandas": Peer("pandas {}", partial(machine.version, "pandas"), with_pandas),
    "postgresql": Peer("PostgreSQL {}", by_hand_postgresql.version, with_postgresql),
    "spark": Peer("Spark {}, local", by_hand_spark.version, with_spark),
}


def one(engine: str, raw: Path, work: Path) -> None:
    """The work in this process; its answers lie in `work`."""
    with waiting_for_all():
        told = PEERS[engine].work(raw, work, keys.read_key(work, by_hand.COLLECTION))
    (work / f"{engine}.json").write_text(json.dumps(told))


def measured(raw: Path, work: Path) -> dict[str, Measured]:
    """Each engine that is installed; a stop where its answers are others than DuckDB's."""
    for name in (by_hand.COLLECTION, keys.STORE_KEY):
        keys.new_key(work, name)
    took, told = {}, {}
    for engine, peer in PEERS.items():
        if peer.version() is None:
            print(f"{engine} is not installed and left out.")
            continue
        command = [sys.executable, "-m", __spec__.name, "--one", engine, "--raw", raw, "--work", work]
        limits = {"DUCKDB_MEMORY_LIMIT": "4GB", "POLARS_MAX_THREADS": 2}
        took[engine] = measure(command, PROJECT, limits, work)
        told[engine] = json.loads((work / f"{engine}.json").read_text())
        if told[engine] != told["duckdb"]:
            sys.exit(f"{engine} answers {told[engine]}, and DuckDB {told['duckdb']}.")
    print(f"The same answers from all: {told['duckdb']}")
    return took


def table(took: dict[str, Measured]) -> str:
    """What each took, as the docs have it."""
    lines = ["| engine | CPU s | peak GB | CPU against DuckDB |", "| --- | --- | --- | --- |"]
    for engine, stage in took.items():
        ratio = stage.cpu_seconds / took["duckdb"].cpu_seconds
        named = PEERS[engine].named.format(PEERS[engine].version())
        lines.append(f"| {named} | {stage.cpu_seconds:.1f} | {stage.peak_bytes / 1e9:.2f} | {ratio:.2f} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-peers", description=__doc__)
    parser.add_argument("--scale", type=float, default=0.01, help="share of England")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    parser.add_argument("--raw", type=Path, help="a synthetic folder that is there already")
    parser.add_argument("--one", choices=PEERS, help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        return one(chosen.one, chosen.raw, chosen.work)
    with tempfile.TemporaryDirectory(prefix="bench-peers-") as scratch:
        raw = chosen.raw or Path(scratch) / "raw"
        if not chosen.raw:
            command = [
                sys.executable, "-m", "gp_level_data", "synthesise", "--out", raw, "--scale", str(chosen.scale),
                "--seed", str(chosen.seed),
            ]  # fmt: skip
            measure(command, PROJECT, {}, Path(scratch))
        work = Path(scratch) / "work"
        work.mkdir()
        print(table(measured(raw, work)))


if __name__ == "__main__":
    main()
