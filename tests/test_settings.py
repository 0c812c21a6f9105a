"""Settings fail loudly, are documented, and are safe in production."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_django import Settings

from analytics import checks as server_checks
from analytics import servers
from inference import checks as picture_checks

ROOT = Path(__file__).resolve().parent.parent
PRODUCTION = {
    "SECRET_KEY": "k3Jd82hfKq0zXv5mPw7Rt1Yb6Ng4Lc9sHaEuTiOoQxWjMdVfZp",
    "DATABASE_URL": "postgres://foyer:secret@db.example.com/foyer",
    "REDIS_URL": "redis://redis.example.com:6379/0",
    "ALLOWED_HOSTS": "foyer.example.com",
    "HTTPS": "1",
}


def check_deploy(**changes: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    environment = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "FOYER_DATA")} | PRODUCTION | changes
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


def test_production_settings_pass_the_deployment_check_in_silence() -> None:
    result = check_deploy()
    assert result.returncode == 0, result.stderr
    assert "no issues (0 silenced)" in result.stdout + result.stderr


def test_the_deployment_check_is_not_silent_about_a_site_without_https() -> None:
    assert "security.W008" in check_deploy(HTTPS="0").stderr


def test_a_deployment_without_a_secret_key_does_not_start() -> None:
    result = check_deploy(SECRET_KEY="")
    assert result.returncode != 0 and "SECRET_KEY" in result.stderr


def test_commands_that_come_first_at_once_share_one_secret_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("FOYER_DATA", str(tmp_path))
    monkeypatch.setattr(Path, "exists", lambda path: False)  # both have looked before either wrote
    first, second = servers.local_secret_key(), servers.local_secret_key()
    assert first == second and len(first) > 50
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


def read_variables() -> set[str]:
    """The environment variables that the code reads."""
    pattern = re.compile(r"""(?:environ\.get\(|environ\[|env\.\w+\(|getenv\()\s*"([A-Z_]+)\"""")
    files = [path for folder in ("analytics", "inference", "training") for path in (ROOT / folder).rglob("*.py")]
    return {name for path in files for name in pattern.findall(path.read_text())}


def test_every_variable_is_in_the_example_and_no_other() -> None:
    example = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert len(read_variables()) > 10
    # Compose alone reads the password of its own Postgres.
    assert example - {"POSTGRES_PASSWORD"} == read_variables()


def test_a_missing_yunet_file_is_said_with_a_hint(settings: Settings) -> None:
    settings.YUNET_PATH = "/nowhere/yunet.onnx"
    (message,) = picture_checks.yunet_is_there(None)
    assert "/nowhere/yunet.onnx" in message.msg and message.hint


def test_a_serving_model_that_is_gone_is_said_with_its_task(settings: Settings, tmp_path: Path) -> None:
    settings.MODELS_DIR = tmp_path
    assert picture_checks.models_can_serve(None) == []
    (tmp_path / "age").mkdir()
    (tmp_path / "age" / "serving").write_text(str(tmp_path / "age" / "gone"))
    (message,) = picture_checks.models_can_serve(None)
    assert "age" in message.msg and message.hint


def test_a_spool_that_others_may_read_is_said(settings: Settings, tmp_path: Path) -> None:
    settings.SPOOL_DIR = tmp_path / "spool"
    settings.SPOOL_DIR.mkdir(mode=0o755)
    assert picture_checks.spool_is_private(None)
    settings.SPOOL_DIR.chmod(0o700)
    assert picture_checks.spool_is_private(None) == []


@pytest.mark.parametrize("engine", ["sqlite3", "mysql"])
def test_another_database_than_postgres_is_refused(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", f"django.db.backends.{engine}")
    assert server_checks.database_is_postgres(None)


def test_another_broker_than_redis_is_refused(settings: Settings) -> None:
    settings.REDIS_URL = "amqp://rabbit"
    assert server_checks.broker_is_redis(None)
