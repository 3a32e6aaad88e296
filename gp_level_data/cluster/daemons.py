"""A standalone Spark cluster on loopback: a master, two workers and a Thrift server.

Everything that it keeps lies in one folder: settings, logs, event logs, spill, tables. Processes are stopped by
the ids noted there, each only while it is still the process that was started.
"""

import contextlib
import importlib.util
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

from gp_level_data.cluster import table_key
from gp_level_data.project import PROJECT
from gp_level_data.refusal import Refusal

HOST = "127.0.0.1"
WORKERS = 2
DRIVER_MEMORY = "SPARK_DRIVER_MEMORY", "2g"
# The gateway's application and the analyst's run side by side, a core of each worker for either.
CORES = 2
OLDEST_SPARK, NEXT_SPARK = (4, 0, 5), (4, 1)
OLDEST_JAVA = 17
PATIENCE_SECONDS = 300
STATE = "processes.json"
FOLDERS = ("logs", "events", "spill", "work", "warehouse", "loaded")
THRIFT_SERVER = "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"


@dataclass(frozen=True)
class Ports:
    master: int
    master_page: int
    driver_page: int
    thrift: int

    @classmethod
    def chosen(cls) -> "Ports":
        """Where the cluster listens, as the environment says, else Spark's own ports."""
        return cls(
            int(os.environ.get("SPARK_MASTER_PORT", "7077")),
            int(os.environ.get("SPARK_MASTER_PAGE_PORT", "8080")),
            int(os.environ.get("SPARK_DRIVER_PAGE_PORT", "4040")),
            int(os.environ.get("SPARK_THRIFT_PORT", "10015")),
        )


@dataclass(frozen=True)
class Process:
    """A process that was started. A process id is given out again; with its start it is unique."""

    name: str
    pid: int
    started: str

    def is_running(self) -> bool:
        return start_of(self.pid) == self.started


def folder() -> Path:
    """Where the cluster keeps everything: CLUSTER_DIR, else .local/cluster of the project."""
    return Path(os.environ.get("CLUSTER_DIR", PROJECT / ".local" / "cluster")).resolve()


def up(where: Path) -> None:
    """Start the cluster and wait until it takes statements. A Refusal leaves nothing running."""
    spark_home = check_installed()
    if running(where):
        raise Refusal("The cluster is running already: `make cluster-down` stops it.")
    ports = Ports.chosen()
    for port in asdict(ports).values():
        refuse_taken(port)
    prepare(where, ports)
    try:
        start(where, spark_home, "master", "org.apache.spark.deploy.master.Master",
              "--host", HOST, "--port", ports.master, "--webui-port", ports.master_page)  # fmt: skip
        wait_for(where, "master", lambda: listens(ports.master))
        for number in range(1, WORKERS + 1):
            start_worker(where, spark_home, number, ports)
        wait_for(where, f"worker {WORKERS}", lambda: alive_workers(ports) == WORKERS)
        start(where, spark_home, "thrift server", "org.apache.spark.deploy.SparkSubmit",
              "--class", THRIFT_SERVER, "--name", "warehouse", "spark-internal",
              "--hiveconf", f"hive.server2.thrift.port={ports.thrift}",
              "--hiveconf", f"hive.server2.thrift.bind.host={HOST}")  # fmt: skip
        wait_for(where, "thrift server", lambda: listens(ports.thrift))
    except BaseException:
        down(where)
        raise


def start_worker(where: Path, spark_home: Path, number: int, ports: Ports) -> None:
    """Start a worker, which joins the master by itself; also one in the place of a worker that has ended."""
    start(where, spark_home, f"worker {number}", "org.apache.spark.deploy.worker.Worker",
          "--host", HOST, "--webui-port", 0, "--cores", CORES, "--memory", memory("SPARK_WORKER_MEMORY", "1500m"),
          "--work-dir", where / "work" / str(number), f"spark://{HOST}:{ports.master}")  # fmt: skip


def down(where: Path) -> int:
    """Stop what `up` started, the last first; destroy the key of its tables, and all that it kept. How many were running."""
    stopped = 0
    for process in reversed(noted(where)):
        stopped += process.is_running()
        stop(process)
    table_key.destroy(where)
    shutil.rmtree(where, ignore_errors=True)
    return stopped


def running(where: Path) -> list[Process]:
    return [process for process in noted(where) if process.is_running()]


def refuse_absent(where: Path) -> None:
    """A Refusal unless every process of the cluster runs."""
    missing = WORKERS + 2 - len(running(where))
    if missing:
        what = "No cluster is running" if missing == WORKERS + 2 else f"{missing} processes of the cluster have ended"
        raise Refusal(f"{what}: start it with `make cluster-up`; its logs are in {where / 'logs'}.")


# ---- what must be there -----------------------------------------------------------------------------


def check_installed() -> Path:
    """The folder of Spark, as its package brings it. A Refusal where it or Java is absent, or was not tried."""
    found = importlib.util.find_spec("pyspark")
    if found is None or not found.origin:
        raise Refusal("Spark is not installed: pip install -r requirements-spark.txt")
    version = tuple(int(part) for part in re.findall(r"\d+", metadata.version("pyspark"))[:3])
    if not OLDEST_SPARK <= version < NEXT_SPARK:
        tried = ".".join(map(str, OLDEST_SPARK))
        raise Refusal(
            f"Spark {metadata.version('pyspark')} was not tried: this project knows {tried} and later of 4.0."
        )
    java = java_command()
    if java is None:
        raise Refusal(
            f"Java is not installed: Spark needs Java {OLDEST_JAVA} or newer (JAVA_HOME, or `java` on the PATH)."
        )
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    major = re.search(r'version "(\d+)', said)
    if major is None or int(major[1]) < OLDEST_JAVA:
        raise Refusal(f"Java {major[1] if major else '(unknown)'} is too old: Spark needs {OLDEST_JAVA} or newer.")
    return Path(found.origin).parent


def java_command() -> str | None:
    home = os.environ.get("JAVA_HOME")
    return shutil.which(str(Path(home) / "bin" / "java")) if home else shutil.which("java")


def refuse_taken(port: int) -> None:
    if listens(port):
        raise Refusal(
            f"Port {port} is in use: end what listens there, or choose others (SPARK_..._PORT, models/cluster.md)."
        )


def memory(variable: str, default: str) -> str:
    """A setting of memory as Spark writes it. A Refusal where it is none."""
    value = os.environ.get(variable, default)
    if not re.fullmatch(r"[1-9][0-9]*[mg]", value):
        raise Refusal(f"{variable} is no amount of memory such as 1g or 700m.")
    return value


# ---- settings ---------------------------------------------------------------------------------------


def prepare(where: Path, ports: Ports) -> None:
    """The cluster's folder, its owner's alone, with settings that hold a new secret for what its processes say; a new key
    for its tables beside it."""
    shutil.rmtree(where, ignore_errors=True)
    for name in FOLDERS:
        (where / name).mkdir(parents=True, mode=0o700)
    where.chmod(0o700)
    table_key.make(where)
    table_key.compile_class(where)
    lines = [f"{name} {value}" for name, value in settings(where, ports).items()]
    file = os.open(where / "spark.conf", os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600)
    with os.fdopen(file, "w") as target:
        target.write("\n".join(lines) + "\n")


def settings(where: Path, ports: Ports) -> dict[str, str]:
    """What all of the cluster's processes are told."""
    return {
        "spark.master": f"spark://{HOST}:{ports.master}",
        # Only processes that know the secret are talked to, and nothing crosses or is put down as plain text.
        "spark.authenticate": "true",
        "spark.authenticate.secret": secrets.token_hex(32),
        "spark.network.crypto.enabled": "true",
        "spark.io.encryption.enabled": "true",
        "spark.local.dir": str(where / "spill"),
        "spark.driver.host": HOST,
        "spark.driver.bindAddress": HOST,
        "spark.driver.memory": memory(*DRIVER_MEMORY),
        "spark.executor.memory": memory("SPARK_EXECUTOR_MEMORY", "700m"),
        "spark.executor.cores": "1",
        "spark.cores.max": str(WORKERS),
        # Nested rules are planned by recursion.
        "spark.driver.extraJavaOptions": "-Xss16m",
        "spark.executor.extraJavaOptions": "-Xss8m",
        "spark.ui.port": str(ports.driver_page),
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": (where / "events").as_uri(),
        "spark.eventLog.compress": "false",
        # The meaning of the models depends on these.
        "spark.sql.session.timeZone": "Europe/London",
        "spark.sql.ansi.enabled": "true",
        "spark.sql.ansi.doubleQuotedIdentifiers": "true",
        "spark.sql.sources.default": "parquet",
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
        "spark.sql.shuffle.partitions": os.environ.get("SPARK_SHUFFLE_PARTITIONS", "4"),
        "spark.sql.warehouse.dir": (where / "warehouse").as_uri(),
        "spark.hadoop.javax.jdo.option.ConnectionURL": f"jdbc:derby:;databaseName={where / 'metastore'};create=true",
        "spark.ui.showConsoleProgress": "false",
        # A plan tells those of all tables that it reads from memory: seven megabytes an event, gigabytes of heap.
        "spark.sql.maxPlanStringLength": "20000",
    } | table_key.settings(where)


# ---- processes --------------------------------------------------------------------------------------


def start(where: Path, spark_home: Path, name: str, class_name: str, *arguments: object) -> None:
    """Start one process, and note it before anything else can go wrong."""
    submits = class_name.endswith("SparkSubmit")
    options = [*map(str, arguments)]
    conf = ["--properties-file", str(where / "spark.conf")]
    command = [
        str(spark_home / "bin" / "spark-class"),
        class_name,
        *(conf + options if submits else options[:-1] + conf + options[-1:]),
    ]
    if name == "master":
        command = [str(spark_home / "bin" / "spark-class"), class_name, *options, *conf]
    environment = {
        # Whatever the caller's environment says of keys and folders is nothing to the cluster.
        **{key: os.environ[key] for key in ("PATH", "HOME", "JAVA_HOME", "LANG") if key in os.environ},
        "SPARK_HOME": str(spark_home),
        "SPARK_LOCAL_IP": HOST,
        # A Thrift server takes its memory as a daemon, though it is a driver.
        "SPARK_DAEMON_MEMORY": memory(*DRIVER_MEMORY) if submits else "300m",
        "SPARK_CONF_DIR": str(where),
        "PYSPARK_PYTHON": os.path.realpath(os.environ.get("PYSPARK_PYTHON", shutil.which("python3") or "python3")),
    }
    log = where / "logs" / f"{name.replace(' ', '-')}.log"
    with log.open("wb") as output:
        started = subprocess.Popen(
            command, cwd=where, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            start_new_session=True, preexec_fn=lambda: os.nice(int(os.environ.get("SPARK_NICE", "0"))),
        )  # fmt: skip
    processes = [*noted(where), Process(name, started.pid, start_of(started.pid))]
    (where / STATE).write_text(json.dumps([asdict(process) for process in processes]))


def noted(where: Path) -> list[Process]:
    """The processes that were started, in their order."""
    file = where / STATE
    return [Process(**each) for each in json.loads(file.read_text())] if file.exists() else []


def start_of(pid: int) -> str:
    """When a process started, in the system's ticks; empty where there is none, or only its remains."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]


def stop(process: Process, seconds: float = 20) -> None:
    """Ask a process to end, and end it; of a worker, its executors are in its group."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        if process.is_running():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, how)
        for _ in waiting(seconds):
            if not process.is_running():
                return


def wait_for(where: Path, name: str, is_ready: Callable[[], bool]) -> None:
    """Wait for a process. A Refusal with the last line of its log where it ended, or takes too long."""
    log = where / "logs" / f"{name.replace(' ', '-')}.log"
    for _ in waiting(PATIENCE_SECONDS):
        if is_ready():
            return
        if not any(process.name == name for process in running(where)):
            raise Refusal(f"The {name} ended while it started. {last_words(log)}")
    raise Refusal(f"The {name} was not ready within {PATIENCE_SECONDS} seconds. {last_words(log)}")


def last_words(log: Path) -> str:
    """The last error that a log names, without what follows it."""
    lines = [
        line for line in log.read_text(errors="replace").splitlines() if re.search(r"ERROR|Exception|Error:", line)
    ]
    return f"Its log ends with: {lines[-1][:200]}" if lines else "Its log says nothing of errors."


def waiting(seconds: float) -> Iterator[None]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.2)


def listens(port: int) -> bool:
    with socket.socket() as tried:
        tried.settimeout(1)
        return tried.connect_ex((HOST, port)) == 0


def alive_workers(ports: Ports) -> int:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{ports.master_page}/json/", timeout=5) as page:
            return int(json.load(page)["aliveworkers"])
    except OSError:
        return 0
