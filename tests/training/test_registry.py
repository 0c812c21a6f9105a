"""Which version serves, going back, and a retraining from the admin site to a promoted version."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from tests import factories
from tests.training import drawn
from tests.training.test_artifacts import save
from training import artifacts, registry, tasks
from training.charts import CHARTS
from training.models import ModelVersion, TrainingRun

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin_user() -> User:
    return User.objects.create_superuser("ada", password="correct horse")


def serving(settings: Settings) -> Path:
    return artifacts.resolve("gender", Path(settings.MODELS_DIR))


def version(tmp_path: Path, name: str, **groups: float) -> ModelVersion:
    config = {"version": name, "temperature": 1.0, "input": {"size": 32, "channels": 3}}
    by_group = {
        group: {"accuracy": right, "accuracy_interval": [right - 0.02, right + 0.02], "n": 200}
        for group, right in groups.items()
    }
    return registry.register(save(tmp_path / "kept" / name, config=config, metrics={"by_group": by_group}))


@pytest.mark.django_db(transaction=True)
def test_the_shipped_versions_serve_until_another_is_promoted_and_again_after_going_back(
    tmp_path: Path, settings: Settings
) -> None:
    registry.sync_pretrained()
    shipped = ModelVersion.objects.get(task="gender")
    first, second = version(tmp_path, "one"), version(tmp_path, "two")
    assert serving(settings) == Path(shipped.path) and ModelVersion.objects.filter(is_serving=True).count() == 3
    registry.promote(first)
    registry.promote(second)
    assert serving(settings) == Path(second.path)
    assert registry.roll_back("gender") == first and serving(settings) == Path(first.path)
    assert registry.roll_back("gender") == shipped and serving(settings) == Path(shipped.path)
    with pytest.raises(registry.NothingBeforeError, match="No gender model served before"):
        registry.roll_back("gender")


def test_registering_again_changes_nothing_and_a_restart_keeps_what_serves(tmp_path: Path, settings: Settings) -> None:
    registry.sync_pretrained()
    mine = version(tmp_path, "mine")
    registry.promote(mine)
    registry.sync_pretrained()
    assert ModelVersion.objects.filter(task="gender").count() == 2
    assert ModelVersion.objects.get(task="gender", is_serving=True) == mine
    assert serving(settings) == Path(mine.path)


@pytest.mark.django_db(transaction=True)
def test_a_retraining_ends_as_a_version_that_does_not_serve_yet(tmp_path: Path, settings: Settings) -> None:
    registry.sync_pretrained()
    data = drawn.folder(tmp_path / "faces", 40)
    run = TrainingRun.objects.create(recipe="tiny-gender", data_path=str(data), epochs=2)
    name = tasks.retrain(run.pk)
    run.refresh_from_db()
    assert run.status == "done" and (run.epoch, run.epochs_total) == (2, 2) and name in run.message
    made = run.versions.get()
    assert made.version == name and not made.is_serving and made.metrics["n"] > 0
    assert serving(settings) == artifacts.PRETRAINED / "gender"
    assert tasks.retrain(run.pk) == "not to be run"


def test_a_retraining_that_cannot_be_done_says_why(tmp_path: Path) -> None:
    run = TrainingRun.objects.create(recipe="tiny-gender", data_path=str(tmp_path / "nowhere"))
    assert tasks.retrain(run.pk) == "failed"
    run.refresh_from_db()
    assert run.status == "failed" and "neither a folder nor a zip" in run.message


def test_an_admin_starts_a_retraining_and_follows_it(
    client: Client,
    admin_user: User,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    queued: list[int] = []
    monkeypatch.setattr(tasks.retrain, "delay", queued.append)
    client.force_login(admin_user)
    form = {"recipe": "tiny-gender", "data_path": "/data/faces", "epochs": 3}
    with django_capture_on_commit_callbacks(execute=True):
        response = client.post("/admin/training/trainingrun/add/", form, follow=True)
    run = TrainingRun.objects.get()
    assert queued == [run.pk] and run.requested_by == admin_user and run.epochs == 3
    TrainingRun.objects.filter(pk=run.pk).update(status="running", epoch=1, epochs_total=3)
    page = client.get(response.request["PATH_INFO"]).content.decode()
    assert "epoch 1 of 3" in page and "Running" in page


def test_an_admin_compares_promotes_and_goes_back(client: Client, admin_user: User, tmp_path: Path) -> None:
    registry.sync_pretrained()
    mine = version(tmp_path, "mine")
    client.force_login(admin_user)
    page = client.get(f"/admin/training/modelversion/{mine.pk}/change/").content.decode()
    shipped = ModelVersion.objects.get(task="gender", is_serving=True)
    assert f"serving: {shipped.version}" in page and "A card." in page
    client.post(f"/admin/training/modelversion/{mine.pk}/promote")
    assert ModelVersion.objects.get(task="gender", is_serving=True) == mine
    client.post("/admin/training/modelversion/gender/back")
    assert ModelVersion.objects.get(task="gender", is_serving=True) == shipped
    answer = client.post("/admin/training/modelversion/gender/back", follow=True)
    assert "No gender model served before this one." in answer.content.decode()


def test_a_version_that_is_worse_for_some_is_promoted_only_on_purpose(
    client: Client, admin_user: User, tmp_path: Path
) -> None:
    first, second = version(tmp_path, "one", old=0.95, young=0.95), version(tmp_path, "two", old=0.91, young=0.99)
    registry.promote(first)
    client.force_login(admin_user)
    address = f"/admin/training/modelversion/{second.pk}/promote"
    answer = client.post(address, follow=True).content.decode()
    assert "old: 95.0% → 91.0%" in answer and "young:" not in answer
    assert registry.serving_version("gender") == first
    client.post(address, {"override": "1"})
    assert registry.serving_version("gender") == second


def test_a_small_loss_is_no_obstacle(tmp_path: Path) -> None:
    first, second = version(tmp_path, "one", women=0.95), version(tmp_path, "two", women=0.925)
    registry.promote(first)
    registry.promote(second)
    assert registry.serving_version("gender") == second


def test_an_update_of_the_shipped_version_replaces_it_and_keeps_its_figures() -> None:
    registry.sync_pretrained()
    shipped = ModelVersion.objects.get(task="gender")
    ModelVersion.objects.filter(pk=shipped.pk).update(version="of-last-year")
    registry.sync_pretrained()
    assert registry.serving_version("gender") == ModelVersion.objects.get(version=shipped.version)
    old = ModelVersion.objects.get(version="of-last-year")
    assert not old.is_serving and old.promoted_at is None and old.metrics == shipped.metrics


@pytest.mark.parametrize("name", sorted(CHARTS))
def test_a_version_is_drawn_beside_the_serving_one(client: Client, admin_user: User, tmp_path: Path, name: str) -> None:
    registry.sync_pretrained()
    mine = version(tmp_path, "mine", women=0.9, men=0.8)
    client.force_login(admin_user)
    answer = client.get(f"/admin/training/modelversion/{mine.pk}/charts/{name}").json()
    assert answer["figure"]["data"] is not None and answer["description"]
    if name == "groups":
        assert answer["description"] == "The worst group is men, 80.0% right."
    assert client.get(f"/admin/training/modelversion/{mine.pk}/charts/nothing").status_code == 404


@pytest.mark.parametrize("address", ["/admin/training/trainingrun/add/", "/admin/training/modelversion/"])
def test_a_manager_does_not_get_at_models(client: Client, address: str) -> None:
    client.force_login(factories.manager(factories.store()))
    assert client.get(address).status_code == 302


def test_promoting_needs_a_post(client: Client, admin_user: User, tmp_path: Path) -> None:
    mine = version(tmp_path, "mine")
    client.force_login(admin_user)
    assert client.get(f"/admin/training/modelversion/{mine.pk}/promote").status_code == 405
