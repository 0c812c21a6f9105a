"""An admin looks at a new model version beside the serving one, lets it serve, and goes back."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from tests.journeys.pages import fits, log_in
from tests.training.test_artifacts import save
from training import artifacts, registry
from training.charts import CHARTS
from training.models import ModelVersion

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def candidate(tmp_path: Path) -> ModelVersion:
    registry.sync_pretrained()
    User.objects.create_superuser("mona", password="correct horse")
    config = {"version": "candidate", "temperature": 1.0, "input": {"size": 32, "channels": 3}}
    metrics = artifacts.load(artifacts.PRETRAINED / "gender").metrics
    return registry.register(save(tmp_path / "kept" / "candidate", config=config, metrics=metrics))


def test_compare_promote_and_go_back(page: Page, candidate: ModelVersion) -> None:
    log_in(page)
    page.goto(f"/admin/training/modelversion/{candidate.pk}/change/")
    charts = page.locator("section[data-chart]")
    expect(charts).to_have_count(len(CHARTS))
    for number in range(len(CHARTS)):
        charts.nth(number).scroll_into_view_if_needed()
        expect(charts.nth(number).locator(".main-svg").first).to_be_visible()
    expect(page.get_by_text("The worst group is")).to_be_visible()
    assert fits(page)
    page.get_by_role("button", name="Promote: let this version serve").click()
    expect(page.get_by_text("serves now; workers take it up")).to_be_visible()
    page.goto(f"/admin/training/modelversion/{candidate.pk}/change/")
    page.get_by_role("button", name="Go back to the version before").click()
    expect(page.get_by_text("serves again.")).to_be_visible()
    assert not ModelVersion.objects.get(pk=candidate.pk).is_serving
