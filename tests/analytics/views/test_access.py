"""Whoever may not see a store's page gets 404, page by page; who looked is written down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.urls import URLPattern, get_resolver
from django.utils.timezone import now

from analytics.models import AccessLog, PurchaseImport
from analytics.sales import files
from inference import sealing, tokens
from inference.models import Audit, AuditFace, Camera, FaceAudit, SnapshotBatch, Store
from tests import factories

pytestmark = pytest.mark.django_db

OPEN = {"home", "how-we-know", "healthz", "login", "logout"}
READ = {
    "dashboard": "/stores/{store}/",
    "segments": "/stores/{store}/segments",
    "fits": "/stores/{store}/fits",
    "report-csv": "/stores/{store}/report.csv",
    "chart": "/stores/{store}/charts/visits_by_day.json",
    "snapshots": "/stores/{store}/snapshots/",
    "upload-snapshots": "/stores/{store}/snapshots/upload",
    "batch": "/batches/{batch}/",
    "batch-files": "/batches/{batch}/files.csv",
    "sales": "/stores/{store}/sales/",
    "upload-sales": "/stores/{store}/sales/upload",
    "import": "/imports/{sales}/",
    "accuracy": "/stores/{store}/accuracy/",
    "count-at-door": "/stores/{store}/accuracy/count",
    "count": "/counts/{count}/",
    "figures": "/stores/{store}/figures",
    "marks": "/stores/{store}/accuracy/marks",
    "planning": "/stores/{store}/accuracy/planning",
    "how-we-know-here": "/stores/{store}/how-we-know",
    "cameras": "/stores/{store}/cameras/",
    "camera": "/cameras/{camera}/",
    "privacy": "/stores/{store}/privacy/",
    "notice": "/stores/{store}/notice",
    "refused-rows": "/imports/{sales}/refused.csv",
    "blind-audit": "/stores/{store}/accuracy/faces",
    "label-faces": "/face-audits/{audit}/label",
    "audit-face": "/audit-faces/{face}.jpg",
}
# Shown and answered at one address, which leads to the import once nothing is asked any more.
ASKED = {"import-columns": "/imports/{sales}/columns"}
WRITE = {
    "batch-times": "/batches/{batch}/times",
    "import-columns-preview": "/imports/{sales}/columns/preview",
    "cancel-import": "/imports/{sales}/cancel",
    "confirm-import": "/imports/{sales}/confirm",
    "discard-import": "/imports/{sales}/discard",
    "typed-shares": "/stores/{store}/accuracy/shares",
    "stop-figures": "/stores/{store}/figures/stop",
    "go-on-figures": "/stores/{store}/figures/go-on",
    "undo-mark": "/stores/{store}/accuracy/marks/undo",
    "withdraw-count": "/counts/{count}/withdraw",
    "create-token": "/cameras/{camera}/tokens",
    "revoke-token": "/tokens/{token}/revoke",
    "confirm-notice": "/stores/{store}/notice/confirm",
    "undo-import": "/imports/{sales}/undo",
    "agree-to-audit": "/stores/{store}/accuracy/faces/agree",
    "end-audit": "/face-audits/{audit}/end",
}


@pytest.fixture
def shop() -> Store:
    return factories.store()


@pytest.fixture
def address(shop: Store) -> Callable[[str], str]:
    """The address of a page about the shop."""
    camera: Camera = factories.camera(shop)
    batch = SnapshotBatch.objects.create(camera=camera)
    sales = PurchaseImport.objects.create(store=shop, file_name="till.csv", status="done", mapping={})
    files.refused(sales.pk).parent.mkdir(parents=True, exist_ok=True)
    files.refused(sales.pk).write_text("receipt,reason\n")
    ends = factories.NOON + timedelta(hours=1)
    count = Audit.objects.create(store=shop, start=factories.NOON, end=ends, entered=40, staff=1)
    token, _ = tokens.create(camera, "door box")
    audit = FaceAudit.objects.create(store=shop, wanted=50, one_in=1, keep_until=now() + timedelta(days=1))
    face = AuditFace.objects.create(audit=audit, sealed=sealing.seal(b"face"), predicted={"gender": "male"})
    ids = {"store": shop, "batch": batch, "sales": sales, "count": count, "camera": camera, "token": token}
    ids |= {"audit": audit, "face": face}
    return lambda pattern: pattern.format(**{name: row.pk for name, row in ids.items()})


def test_every_page_is_in_this_files_lists() -> None:
    names = {pattern.name for pattern in get_resolver().url_patterns if isinstance(pattern, URLPattern)}
    assert names == OPEN | READ.keys() | ASKED.keys() | WRITE.keys()


@pytest.mark.parametrize("page", [*READ, *ASKED, *WRITE])
def test_another_stores_manager_gets_404(client: Client, address: Callable[[str], str], page: str) -> None:
    client.force_login(factories.manager(factories.store("Elsewhere")))
    where = address((READ | ASKED | WRITE)[page])
    answer = client.post(where) if page in WRITE else client.get(where)
    assert answer.status_code == 404
    assert not AccessLog.objects.exists()


@pytest.mark.parametrize("page", READ)
def test_the_stores_manager_and_an_admin_see_it(
    client: Client, address: Callable[[str], str], shop: Store, page: str
) -> None:
    for user in (factories.manager(shop), User.objects.create_superuser("ada")):
        client.force_login(user)
        assert client.get(address(READ[page])).status_code == 200


@pytest.mark.parametrize("page", [*READ, *ASKED, *WRITE])
def test_a_stranger_is_sent_to_log_in(client: Client, address: Callable[[str], str], page: str) -> None:
    where = address((READ | ASKED | WRITE)[page])
    answer = client.post(where) if page in WRITE else client.get(where)
    assert answer.status_code == 302 and answer.headers["Location"].startswith("/login?next=/")


@pytest.mark.parametrize("page", WRITE)
def test_what_changes_something_needs_a_post(
    client: Client, address: Callable[[str], str], shop: Store, page: str
) -> None:
    client.force_login(factories.manager(shop))
    assert client.get(address(WRITE[page])).status_code == 405


def test_somebody_who_left_sees_nothing(client: Client, shop: Store) -> None:
    user = factories.manager(shop)
    client.force_login(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert client.get(f"/stores/{shop.pk}/").status_code == 302


def test_who_looked_at_what_is_written_down(client: Client, address: Callable[[str], str], shop: Store) -> None:
    client.force_login(factories.manager(shop, "mona"))
    for page in ("dashboard", "report-csv", "sales"):
        client.get(address(READ[page]))
    log = AccessLog.objects.order_by("at").values_list("user__username", "store", "what")
    assert list(log) == [("mona", shop.pk, what) for what in ("dashboard", "report download", "sales imports")]


def test_a_manager_of_one_store_lands_on_it_and_one_of_none_is_told(client: Client, shop: Store) -> None:
    client.force_login(factories.manager(shop))
    assert client.get("/").headers["Location"] == f"/stores/{shop.pk}/"
    client.force_login(factories.manager(name="newcomer"))
    assert "No store has been opened to you yet" in client.get("/").content.decode()


def test_an_admin_sees_all_stores_and_is_led_to_the_first(client: Client) -> None:
    client.force_login(User.objects.create_superuser("ada"))
    assert "There are no stores yet" in client.get("/").content.decode()
    for name in ("One", "Two"):
        factories.store(name)
    page = client.get("/").content.decode()
    assert "One" in page and "Two" in page


def test_logging_in_leads_where_one_wanted_to_go(client: Client, shop: Store) -> None:
    factories.manager(shop, "mona")
    where = f"/login?next=/stores/{shop.pk}/sales/"
    wrong = client.post(where, {"username": "mona", "password": "guess"})
    assert "do not belong together" in wrong.content.decode()
    form = {"username": "mona", "password": "correct horse", "next": f"/stores/{shop.pk}/sales/"}
    assert client.post(where, form).headers["Location"] == f"/stores/{shop.pk}/sales/"
    assert client.post("/logout").status_code == 302
    assert client.get(f"/stores/{shop.pk}/sales/").status_code == 302


def test_health_says_which_server_does_not_answer(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get("/healthz").status_code == 200

    def refuse(*_: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(cache, "get", refuse)
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (503, b"Redis does not answer\n")


def test_pages_forbid_scripts_from_elsewhere_and_frames(client: Client, shop: Store) -> None:
    client.force_login(factories.manager(shop))
    headers = client.get(f"/stores/{shop.pk}/").headers
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe-eval" not in headers["Content-Security-Policy"] and headers["X-Frame-Options"] == "DENY"
