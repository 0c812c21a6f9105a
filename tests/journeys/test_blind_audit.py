"""An admin agrees to a blind audit, the notice is hung, faces come, are labelled with keys, and are gone."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from inference import intake, pipeline
from inference.models import AuditFace, Camera
from tests import factories, fakes
from tests.journeys.pages import fits, log_in

pytestmark = pytest.mark.django_db(transaction=True)
FACES = 11


def bring(camera: Camera) -> None:
    times = [factories.NOON + timedelta(minutes=k) for k in range(FACES)]
    files = [
        (f"{at:%Y%m%d_%H%M%S}.jpg", io.BytesIO(fakes.picture((40 + k, 60, 48, fakes.MAN), form="JPEG")))
        for k, at in enumerate(times)
    ]
    pipeline.analyse_pending(intake.receive(camera, files).batch, fakes.tools())


def listens(page: Page, looked_at: int) -> None:
    """The page of the next face is there, and its script, which names the keys."""
    expect(page.get_by_text(f"{looked_at} of {FACES} looked at")).to_be_visible()
    expect(page.locator("[data-question=gender] kbd").first).to_have_text("F")


def test_a_blind_audit_from_consent_to_result(page: Page) -> None:
    shop = factories.store(responsible="Corner Ltd", privacy_contact="ask@example.com")
    camera = factories.camera(shop)
    User.objects.create_superuser("mona", password="correct horse")
    log_in(page)
    page.goto(f"/stores/{shop.pk}/accuracy/")
    page.get_by_role("link", name="blind audit").click()
    page.get_by_label("One of how many").fill("1")
    page.get_by_label("I agree").check()
    assert fits(page)
    page.get_by_role("button", name="Agree and begin").click()
    expect(page.get_by_text("visitors must be told first")).to_be_visible()
    page.get_by_role("link", name="Privacy").last.click()
    expect(page.get_by_text("mona agreed on")).to_be_visible()
    page.get_by_role("button", name="Confirm that it hangs").click()
    bring(camera)
    page.goto(f"/stores/{shop.pk}/accuracy/faces")
    page.get_by_role("link", name=f"Look at {FACES} faces").click()
    for number in range(FACES - 1):
        listens(page, number)
        assert page.locator("[data-face] img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 20
        assert fits(page)
        for key in ("6", "m", "u", "Enter"):
            page.keyboard.press(key)
    listens(page, FACES - 1)
    page.keyboard.press("Backspace")
    page.wait_for_url("**?face=*")  # and its script has run
    expect(page.get_by_role("radio", name="46-65")).to_be_checked()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("label$"))
    page.keyboard.press("x")
    expect(page.get_by_text("All that were kept have been looked at.")).to_be_visible()
    page.get_by_role("button", name="End the audit").click()
    expect(page.get_by_text(f"its {FACES} faces are deleted")).to_be_visible()
    expect(page.get_by_role("row", name="Gender 100.0%")).to_be_visible()
    expect(page.get_by_role("row", name="Faces that are faces 90.9%")).to_be_visible()
    page.get_by_text("Gender, group by group").click()
    assert fits(page)
    assert not AuditFace.objects.exists()
