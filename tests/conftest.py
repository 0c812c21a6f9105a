"""Fixtures for every test: the embedded servers run, and nothing is written outside temporary folders."""

from pathlib import Path

import pytest
from pytest_django import Settings

from analytics import servers


def pytest_configure() -> None:
    servers.ensure_running()


@pytest.fixture(autouse=True)
def private_folders(tmp_path: Path, settings: Settings) -> None:
    settings.SPOOL_DIR = tmp_path / "spool"
    settings.MODELS_DIR = tmp_path / "models"
    settings.DATA_DIR = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
