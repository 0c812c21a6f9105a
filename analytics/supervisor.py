"""`make run`: bring the servers up, prepare the database, and keep the processes running until told to stop.

supervisord keeps the children; around it stand the few things it cannot know: which leftovers of a killed run to end
first, the embedded servers, migrations, and the demo of a first start.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import psutil

from analytics import servers

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
# Carried by every process of a run; how they are found again after a `kill -9`.
MARK = "FOYER_RUN"
READY_TIMEOUT = 120.0  # seconds
STOP_TIMEOUT = 20.0
# The web process needs no TensorFlow; threads are enough for pages that wait for the database.
WEB_THREADS = 8


def main(argv: list[str]) -> int:
    if argv[1:] == ["stop"]:
        return stop()
    if argv[1:] == ["remove"]:
        return remove()
    return run()


def run() -> int:
    """Start everything; returns when told to stop. 2 when the port is taken or Foyer runs already."""
    port = int(os.environ.get("PORT") or 8000)
    if (running := _running_supervisor()) is not None:
        print(f"Foyer is running already (process {running}); `make stop` ends it.")  # noqa: T201  # a person reads this
        return 2
    end_leftovers()
    if _port_is_taken(port):
        print(f"Port {port} is taken by another program; try `make run PORT={port + 1}`.")  # noqa: T201
        return 2
    os.environ[MARK] = str(servers.data_dir())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "analytics.settings")
    _step("servers", servers.ensure_running)
    first_start = _step("database", _prepare_database)
    return _keep(port, first_start)


Result = TypeVar("Result")


def _step(name: str, work: Callable[[], Result]) -> Result:
    began = time.monotonic()
    result = work()
    print(f"  {name} ready after {time.monotonic() - began:.1f} s", flush=True)  # noqa: T201
    return result


def _prepare_database() -> bool:
    """Bring the database up to date and create the demo; whether this was the first start."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("prepare")
    from analytics import demo

    return demo.create_if_empty()


# Keeping -------------------------------------------------------------------------------------------------------------


def _keep(port: int, first_start: bool) -> int:
    config = _write_config(port)
    child = subprocess.Popen([BIN / "supervisord", "--nodaemon", "-c", config], start_new_session=True, cwd=ROOT)
    pid_file().write_text(str(os.getpid()))
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stopping.set())
    _announce_when_ready(port, first_start, stopping)
    parent = os.getppid()
    while child.poll() is None and not stopping.wait(1.0):
        # Whoever started us (make, a terminal) may be killed without a word; then nobody could stop us.
        if os.getppid() != parent:
            break
    print("Stopping …", flush=True)  # noqa: T201
    _end_child(child)
    stop()
    return 0


def _announce_when_ready(port: int, first_start: bool, stopping: threading.Event) -> None:
    began = time.monotonic()
    while not stopping.is_set() and time.monotonic() - began < READY_TIMEOUT:
        if _is_healthy(port):
            _announce(port, first_start)
            return
        time.sleep(0.2)
    if not stopping.is_set():
        print(f"The web server does not answer; see {log_folder()}.", flush=True)  # noqa: T201


def _announce(port: int, first_start: bool) -> None:
    from analytics import demo

    lines = [f"\nFoyer is ready: http://127.0.0.1:{port}"]
    lines += [f"  {role}: {name} / {password}" for role, name, password in demo.accounts()]
    if first_start:
        lines.append("  The demo's snapshots are being analysed; they appear within a few minutes.")
    lines.append("Ctrl-C stops everything.\n")
    print("\n".join(lines), flush=True)  # noqa: T201


def _is_healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _port_is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def pid_file() -> Path:
    return servers.data_dir() / "supervisor.pid"


def log_folder() -> Path:
    return servers.data_dir() / "logs"


def _write_config(port: int) -> Path:
    log_folder().mkdir(exist_ok=True)
    commands = {
        # Started first and stopped last: brings the embedded servers back when they die.
        "servers": f"{sys.executable} -m analytics.supervisor_keeper",
        "web": f"{BIN}/gunicorn analytics.wsgi --bind 127.0.0.1:{port} --worker-class gthread --threads {WEB_THREADS} "
        "--timeout 120 --access-logfile -",
        "vision": _worker("vision", "solo"),
        "default": _worker("default", "solo"),
        # Loads models only once a camera is marked to be followed.
        "streams": f"{sys.executable} manage.py follow_streams",
        "training": _worker("training", "solo"),
        "beat": f"{BIN}/celery -A analytics beat -s {servers.data_dir()}/beat-schedule --pidfile= -l warning",
    }
    path = servers.data_dir() / "supervisord.conf"
    sections = [_program(name, command, priority) for priority, (name, command) in enumerate(commands.items(), start=1)]
    path.write_text(_daemon_section() + "".join(sections))
    return path


def _worker(queue: str, pool: str) -> str:
    # One process per queue, each with its own models: a Keras model that crosses a fork can hang.
    alone = "--without-mingle --without-gossip"
    return f"{BIN}/celery -A analytics worker -Q {queue} -n {queue}@%%h --pool {pool} {alone} -l info"


def _daemon_section() -> str:
    user = "user=root\n" if os.getuid() == 0 else ""
    files = f"logfile={log_folder()}/supervisord.log\npidfile={servers.data_dir()}/supervisord.pid\n"
    return f"[supervisord]\nsilent=true\n{user}{files}"


def _program(name: str, command: str, priority: int) -> str:
    return (
        f"\n[program:{name}]\ncommand={command}\ndirectory={ROOT}\npriority={priority}\nautorestart=true\n"
        f"startretries=1000\nstopasgroup=true\nkillasgroup=true\nstopwaitsecs=8\nredirect_stderr=true\n"
        f"stdout_logfile={log_folder()}/{name}.log\nstdout_logfile_maxbytes=5MB\nstdout_logfile_backups=1\n"
    )


# Stopping ------------------------------------------------------------------------------------------------------------


def _end_child(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            child.kill()


def stop() -> int:
    """End every process of this data folder's run, then its embedded servers."""
    running = _running_supervisor()
    if running is not None and running != os.getpid():
        os.kill(running, signal.SIGTERM)
        psutil.wait_procs([psutil.Process(running)], timeout=STOP_TIMEOUT)
    end_leftovers()
    servers.stop()
    pid_file().unlink(missing_ok=True)
    return 0


def remove() -> int:
    """Stop, and delete the data folder with everything in it."""
    stop()
    servers.remove()
    shutil.rmtree(servers.data_dir(), ignore_errors=True)
    return 0


def _running_supervisor() -> int | None:
    """The process number of this data folder's living supervisor."""
    try:
        number = int(pid_file().read_text())
        process = psutil.Process(number)
        mine = "analytics.supervisor" in " ".join(process.cmdline())
    except (FileNotFoundError, ValueError, psutil.Error):
        return None
    return number if mine and number != os.getpid() else None


def end_leftovers() -> int:
    """End processes that a killed run left behind; how many. Our own ancestors are spared."""
    mine = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found = [process for process in psutil.process_iter() if process.pid not in mine and _is_of_this_run(process)]
    for process in found:
        _quietly(process.terminate)
    _, alive = psutil.wait_procs(found, timeout=5)
    for process in alive:
        _quietly(process.kill)
    psutil.wait_procs(alive, timeout=5)
    return len(found)


def _is_of_this_run(process: psutil.Process) -> bool:
    try:
        if process.environ().get(MARK) != str(servers.data_dir()):
            return False
        # The embedded servers are stopped in their own way.
        return process.name() not in ("postgres", "redis-server")
    except psutil.Error:
        return False


def _quietly(end: Callable[[], None]) -> None:
    with suppress(psutil.NoSuchProcess):
        end()


if __name__ == "__main__":
    sys.exit(main(sys.argv))
