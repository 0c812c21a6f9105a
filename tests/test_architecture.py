"""The shape of the project, held by tests."""

import re
import subprocess
import sys
from pathlib import Path

from django.core.management import get_commands

from analytics.charts import CHARTS

ROOT = Path(__file__).resolve().parent.parent


def test_the_web_process_has_not_loaded_tensorflow() -> None:
    code = (
        "import sys, analytics.wsgi, analytics.urls\n"
        "loaded = {'tensorflow', 'keras', 'mtcnn'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {loaded}' if loaded else 0)"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_imports_run_one_way() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout


def test_every_command_that_others_rely_on_is_there() -> None:
    relied_on = (
        "predict evaluate train create_store import_snapshots watch import_visits export_visits import_sales "
        "undo_import match_purchases report simulate"
    )
    assert set(relied_on.split()) <= get_commands().keys()


def test_the_readme_names_every_chart_and_only_files_that_exist() -> None:
    text = (ROOT / "README.md").read_text()
    assert not [name for name in CHARTS if f"`{name}`" not in text]
    pictures = re.findall(r'(?:\]\(|src=")(tests/[^)"]+)', text)
    assert len(pictures) == 3 and not [path for path in pictures if not (ROOT / path).exists()]
    modules = {path.name for path in ROOT.rglob("*.py") if ".venv" not in path.parts}
    assert not [name for name in re.findall(r"`(\w+\.py)`", text) if name not in modules]


def test_only_the_settled_folders_lie_at_the_top() -> None:
    command = ["git", "ls-files"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout.splitlines()
    folders = {name.split("/")[0] for name in listed if "/" in name}
    assert folders <= {"analytics", "inference", "training", "templates", "static", "tests", ".ci"}
