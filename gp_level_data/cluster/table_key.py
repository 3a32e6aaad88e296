"""The key under which every table of the cluster is encrypted: made with the cluster, destroyed with it, never beside it.

It is Parquet's own encryption (AES-GCM, footer and columns under one key). Spark asks TableKey.java for the key, which reads
it where it is mounted; Arrow reads the same files for the embedded engine. What is personal there ends with the key:
whatever copy of a file is left anywhere opens for nobody.
"""

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pyarrow import RecordBatchReader, dataset, parquet
from pyarrow.parquet import encryption

from gp_level_data.custody import keys
from gp_level_data.refusal import Refusal

NAME = "cluster"
CLASS = "TableKey"
SOURCE = Path(__file__).with_name(f"{CLASS}.java")
CLASSES = "classes"


def folder(where: Path) -> Path:
    """Where the key of a cluster lies: CLUSTER_KEY_DIR, else a folder beside the cluster's own."""
    return Path(os.environ.get("CLUSTER_KEY_DIR") or where.with_name(f"{where.name}-keys")).resolve()


def make(where: Path) -> None:
    """A new key for a new cluster; that of one before, which left it behind, is destroyed."""
    destroy(where)
    keys.new_key(folder(where), NAME)


def read(where: Path) -> bytes:
    """The key; a Refusal where it is gone."""
    if not keys.key_file(folder(where), NAME).exists():
        raise Refusal(
            f"The key of the cluster's tables is not in {folder(where)}, and without it they do not open:"
            " `make cluster-down`, `make cluster-up` and a build make others."
        )
    return keys.read_key(folder(where), NAME)


def destroy(where: Path) -> None:
    """Destroy the key, where there is one: from now on no table of the cluster opens."""
    if keys.key_file(folder(where), NAME).exists():
        keys.destroy_key(folder(where), NAME)


# ---- Spark ------------------------------------------------------------------------------------------


def settings(where: Path) -> dict[str, str]:
    """What Spark is told: who knows the key, and where it is mounted."""
    classes = str(where / CLASSES)
    return {
        "spark.driver.extraClassPath": classes,
        "spark.executor.extraClassPath": classes,
        "spark.hadoop.parquet.crypto.factory.class": CLASS,
        "spark.hadoop.gp.level.data.table.key": str(keys.key_file(folder(where), NAME)),
    }


def compile_class(where: Path) -> None:
    """Compile TableKey.java with the compiler that Spark brings for its own: a runtime of Java has none."""
    from pyspark.java_gateway import launch_gateway

    (where / CLASSES).mkdir(mode=0o700)
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    gateway: Any = launch_gateway(popen_kwargs=silent)
    try:
        files = gateway.new_array(gateway.jvm.java.io.File, 1)
        files[0] = gateway.jvm.java.io.File(str(SOURCE))
        compiler = gateway.jvm.org.codehaus.janino.Compiler()
        compiler.setDestinationDirectory(gateway.jvm.java.io.File(str(where / CLASSES)), False)
        compiler.compile(files)
    finally:
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait()


# ---- one machine ------------------------------------------------------------------------------------


def opened(files: Iterable[Path], key: bytes) -> dataset.Dataset:
    """Rows of files that are one table, read as they are asked for. A Refusal where the key is another one's.

    Not by the embedded engine's own reader (1.5.5), which opens such a file only where each column has one page.
    """
    under = dataset.ParquetFragmentScanOptions(decryption_properties=encryption.create_decryption_properties(key))
    named = [str(file) for file in files]
    try:
        return dataset.dataset(named, format=dataset.ParquetFileFormat(default_fragment_scan_options=under))
    except OSError:
        raise Refusal(
            f"What lies in {Path(named[0]).parent} does not open with the key of the cluster's tables."
        ) from None


def write(rows: RecordBatchReader, file: Path, key: bytes) -> None:
    """Rows as a file that Spark reads like its own."""
    under = encryption.create_encryption_properties(key)
    with parquet.ParquetWriter(file, rows.schema, encryption_properties=under) as target:
        for batch in rows:
            target.write_batch(batch)
