"""The only way to get what a user may see; who looked at what is written down here."""

from __future__ import annotations

from typing import Any, TypeVar

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.db.models import QuerySet
from django.http import Http404, HttpRequest

from analytics.models import AccessLog, PurchaseImport
from inference.models import Audit, AuditFace, Camera, CameraToken, FaceAudit, SnapshotBatch, Store

AnyUser = AbstractBaseUser | AnonymousUser
Row = TypeVar("Row")


def stores_for(user: AnyUser) -> QuerySet[Store]:
    """All stores for an admin, a manager's own for everybody else."""
    if not isinstance(user, User) or not user.is_active:
        return Store.objects.none()
    if user.is_superuser:
        return Store.objects.all()
    return Store.objects.filter(managers__user=user)


def store_for(user: AnyUser, store_id: int, *, what: str = "") -> Store:
    """The store, if the user may see it; 404 otherwise, so that nobody learns what exists. `what` is logged."""
    store = stores_for(user).filter(pk=store_id).first()
    if store is None:
        raise Http404("There is no such store among yours.")
    if what and isinstance(user, User):
        AccessLog.objects.create(user=user, store=store, what=what)
    return store


def batch_for(user: AnyUser, batch_id: int) -> SnapshotBatch:
    batches = SnapshotBatch.objects.select_related("camera__store", "uploaded_by")
    batch = batches.filter(pk=batch_id, camera__store__in=stores_for(user)).first()
    if batch is None:
        raise Http404("There is no such batch among yours.")
    return batch


def camera_for(user: AnyUser, camera_id: int, *, what: str = "camera") -> Camera:
    camera = Camera.objects.select_related("store").filter(pk=camera_id, store__in=stores_for(user)).first()
    if camera is None:
        raise Http404("There is no such camera among yours.")
    if isinstance(user, User):
        AccessLog.objects.create(user=user, store=camera.store, what=what)
    return camera


def token_for(user: AnyUser, token_id: int) -> CameraToken:
    token = CameraToken.objects.filter(pk=token_id, camera__store__in=stores_for(user)).first()
    if token is None:
        raise Http404("There is no such token among yours.")
    return token


def import_for(user: AnyUser, import_id: int) -> PurchaseImport:
    imports = PurchaseImport.objects.select_related("store", "created_by")
    row = imports.filter(pk=import_id, store__in=stores_for(user)).first()
    if row is None:
        raise Http404("There is no such import among yours.")
    return row


def sees_whole(user: User, row: PurchaseImport) -> bool:
    """Whether the user may see every row of an import's file, as who brought it may.

    A file whose branches are not known yet may hold any store of whoever brought it.
    """
    if user.is_superuser or row.created_by_id == user.pk:
        return True
    mine = set(stores_for(user).values_list("pk", flat=True))
    if row.created_by is not None and "reaches" not in row.mapping:
        return set(stores_for(row.created_by).values_list("pk", flat=True)) <= mine
    return row.is_within(mine)


def whole_import_for(user: AnyUser, import_id: int) -> PurchaseImport:
    """An import whose every row the user may see; 404 otherwise."""
    row = import_for(user, import_id)
    if not isinstance(user, User) or not sees_whole(user, row):
        raise Http404("This file holds sales of stores that are not yours.")
    return row


def all_stores_of(user: AnyUser, row: PurchaseImport) -> None:
    """404 unless all stores that an import's rows went to are the user's: undoing it touches every one of them."""
    touched = {int(pk) for pk in row.mapping.get("stores", {})} | {row.store_id}
    if stores_for(user).filter(pk__in=touched).count() < len(touched):
        raise Http404("This import brought sales to stores that are not yours; ask an admin to undo it.")


def audit_for(user: AnyUser, audit_id: int, *, what: str = "") -> Audit:
    rows = Audit.objects.select_related("store", "camera", "counted_by")
    row = rows.filter(pk=audit_id, store__in=stores_for(user)).first()
    if row is None:
        raise Http404("There is no such count among yours.")
    if what and isinstance(user, User):
        AccessLog.objects.create(user=user, store=row.store, what=what)
    return row


def face_audit_for(user: AnyUser, audit_id: int, *, what: str) -> FaceAudit:
    row = FaceAudit.objects.select_related("store").filter(pk=audit_id, store__in=stores_for(user)).first()
    if row is None:
        raise Http404("There is no such audit among yours.")
    return _logged(user, row.store, what, row)


def audit_face_for(user: AnyUser, face_id: int, *, what: str) -> AuditFace:
    faces = AuditFace.objects.select_related("audit__store").filter(audit__store__in=stores_for(user))
    row = faces.filter(pk=face_id, audit__ended_at=None).first()
    if row is None:
        raise Http404("There is no such face among yours; when an audit ends, its faces are deleted.")
    return _logged(user, row.audit.store, f"{what} {row.pk}", row)


def _logged(user: AnyUser, store: Store, what: str, row: Row) -> Row:
    if isinstance(user, User):
        AccessLog.objects.create(user=user, store=store, what=what)
    return row


def navigation(request: HttpRequest) -> dict[str, Any]:
    """For every page: the stores to choose from, and the tab it belongs to, which is its view's module."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    view = request.resolver_match.func if request.resolver_match else None
    return {"my_stores": stores_for(user), "tab": getattr(view, "__module__", "").rpartition(".")[2]}
