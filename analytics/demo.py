"""The demo of a first start: accounts, two stores with a simulated history that says so, and one whose visits the real
pipeline makes from composed entrance scenes."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, time, timedelta

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils.timezone import now

from analytics import demo_scenes, rollups, servers, simulated, tasks
from analytics.join.simulate import Shop, TillCamera
from analytics.models import StoreManager
from analytics.sales import imports
from inference import intake
from inference.models import Camera, Store

MANAGER = ("manager", "manager-demo")
ADMIN = ("admin", "admin-demo")
WEEKS = 8
STUDIO_PEOPLE = 24
STUDIO_OPENS = time(10, 5)
HOLIDAY, QUIET = frozenset({20}), frozenset({19, 21, 41})


def accounts() -> list[tuple[str, str, str]]:
    """(role, name, password) of the demo accounts; none where a real database is used."""
    if not servers.is_embedded() or not get_user_model().objects.filter(username=MANAGER[0]).exists():
        return []
    return [("store manager", *MANAGER), ("admin", *ADMIN)]


def create_if_empty() -> bool:
    """Create the demo in an empty, embedded database; whether it did."""
    if not servers.is_embedded() or Store.objects.exists() or get_user_model().objects.exists():
        return False
    create()
    return True


def create() -> None:
    """Accounts; simulated stores whose receipts name their visits, name nothing, and have a camera at the till; and the
    studio."""
    first = now().date() - timedelta(weeks=WEEKS)
    linked = Shop(14, 7 * WEEKS, 1.0, HOLIDAY, QUIET, trend=0.25, first_weekday=first.weekday())
    busy = Shop(60, 7 * WEEKS, 0.0, HOLIDAY, QUIET, trend=-0.1, first_weekday=first.weekday())
    watched = Shop(
        25, 7 * WEEKS, 0.0, HOLIDAY, QUIET, first_weekday=first.weekday(), till_camera=TillCamera(0.7, tills=1)
    )
    with transaction.atomic():
        stores = [
            simulated.create_store("Demo: Lantern Books", first, linked, seed=7)[0],
            simulated.create_store("Demo: Harbour Market", first, busy, seed=8)[0],
            simulated.create_store("Demo: Corner Pharmacy", first, watched, seed=9)[0],
        ]
        studio = Store.objects.create(name="Demo: Studio", timezone=simulated.TIMEZONE, is_simulated=True)
        _accounts([*stores, studio])
    for store in stores:
        rollups.refresh(store)
    tasks.join_usual.delay()
    _open_studio(studio)


def _open_studio(store: Store) -> None:
    """Yesterday's scenes and receipts come in as a manager would bring them; the vision worker does the rest."""
    camera = Camera.objects.create(store=store, name="Entrance")
    yesterday = now().astimezone(store.zone).date() - timedelta(days=1)
    first = datetime.combine(yesterday, STUDIO_OPENS, store.zone)
    scenes = list(demo_scenes.script(first, STUDIO_PEOPLE))
    intake.receive(camera, demo_scenes.files(iter(scenes)))
    entered = sorted({scene.taken_at for scene in scenes if scene.step == 0})
    preview = imports.preview(store, "studio-till.csv", _receipts(entered[::3]))
    imports.confirm(preview.pk)


def _receipts(entered: list[datetime]) -> bytes:
    """A till's CSV in which somebody pays eleven minutes after each of these entries."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["receipt", "paid_at", "amount", "category"])
    for number, when in enumerate(entered, start=1):
        paid_at = (when + timedelta(minutes=11)).astimezone(UTC)
        writer.writerow([f"D{number:04d}", paid_at.isoformat(), f"{9.9 + 3.7 * number:.2f}", "Paper goods"])
    return file.getvalue().encode()


def _accounts(stores: list[Store]) -> None:
    users = get_user_model().objects
    manager = users.create_user(*_with_mail(MANAGER))
    users.create_superuser(*_with_mail(ADMIN))
    StoreManager.objects.bulk_create([StoreManager(user=manager, store=store) for store in stores])


def _with_mail(account: tuple[str, str]) -> tuple[str, str, str]:
    return account[0], f"{account[0]}@example.com", account[1]
