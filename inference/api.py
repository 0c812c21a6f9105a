"""The door for cameras: pictures in, receipts out. Described at /api/v1/openapi.json, readable at /api/v1/docs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Literal

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFilesSent
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.utils.timezone import now
from ninja import Header, NinjaAPI, Path, Query, Schema, Status
from ninja.errors import HttpError
from ninja.security import HttpBearer

from inference import push, tokens
from inference.models import Camera, CameraHour, CameraToken, Snapshot

MULTIPART = "multipart/form-data"
BUSY_SECONDS = 5
LONGEST_LOOK_BACK = timedelta(days=31)


class Token(HttpBearer):
    """The camera's token, as `Authorization: Bearer foyer_…`."""

    def authenticate(self, request: HttpRequest, token: str) -> CameraToken | None:
        return tokens.find(token)


api = NinjaAPI(
    title="Foyer: snapshots from cameras",
    version="1",
    description="Cameras push pictures; each is analysed once and deleted. Times are ISO 8601 with an offset.",
    auth=Token(),
    urls_namespace="api",
)


class Receipt(Schema):
    """What became of one picture. Ask for its analysis with its checksum."""

    file: str
    checksum: str
    state: Literal["accepted", "duplicate", "refused"]
    captured_at: datetime | None = None
    time_source: str = ""
    reason: str = ""


class Receipts(Schema):
    receipts: list[Receipt]


class Analysis(Schema):
    checksum: str
    state: Literal["waiting", "pending", "analysed", "refused"]
    captured_at: datetime | None
    time_source: str
    received_at: datetime
    analysed_at: datetime | None
    reason: str


class Hour(Schema):
    """What the camera brought in an hour of its store; `coverage` is classified / faces, null where there are none."""

    hour: datetime
    pictures: int
    refused: int
    faces: int
    classified: int
    coverage: float | None


class Problem(Schema):
    detail: str


BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            **{f"image/{kind}": BINARY for kind in ("jpeg", "png", "webp", "bmp")},
            MULTIPART: {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "array", "minItems": 1, "items": {"type": "string", "format": "binary"}}
                    },
                }
            },
        },
    }
}


@api.post(
    "/cameras/{camera_id}/snapshots",
    response={202: Receipts, 401: Problem, 404: Problem, 413: Problem, 415: Problem, 422: Receipts | Any, 429: Problem},
    openapi_extra=BODY,
    summary="Push one picture, or several",
)
def push_snapshots(
    request: HttpRequest,
    camera_id: Path[int],
    captured_at: Query[datetime | None] = None,
    x_camera_time: Header[datetime | None] = None,
) -> Status[dict[str, Any]] | HttpResponse:
    """The picture is the body, or the parts of a multipart body are the pictures.

    `captured_at` says when a single picture was taken; left out, EXIF data and the file's name are asked, then the
    arrival counts. `X-Camera-Time` is what the camera's clock shows now: Foyer corrects all times by the difference
    to its own. Sending a picture again changes nothing and answers `duplicate`. 422 when all pictures are refused.
    """
    token = _token_of(request, camera_id)
    if wait := tokens.wait_seconds(token):
        return _later(wait, 429, f"This token may bring {settings.PUSHES_PER_SECOND} pictures a second.")
    pictures = _pictures(request, captured_at)
    if len(pictures) > 1 and (wait := tokens.wait_seconds(token, len(pictures) - 1)):
        return _later(wait, 429, f"This token may bring {settings.PUSHES_PER_SECOND} pictures a second.")
    fates = push.take(token.camera, pictures, _aware(x_camera_time, token.camera))
    accepted = any(fate.state != "refused" for fate in fates)
    return Status(202 if accepted else 422, {"receipts": [vars(fate) for fate in fates]})


@api.get(
    "/cameras/{camera_id}/snapshots/{checksum}",
    response={200: Analysis, 401: Problem, 404: Problem},
    summary="What became of a picture",
)
def read_receipt(request: HttpRequest, camera_id: Path[int], checksum: Path[str]) -> dict[str, Any]:
    """By the SHA-256 of its bytes, in hexadecimal, as the receipt has it."""
    token = _token_of(request, camera_id)
    rows = Snapshot.objects.filter(camera=token.camera, checksum=checksum.replace("\0", ""))
    row = rows.order_by("-pk").first()
    if row is None:
        raise HttpError(404, "This camera has brought no such picture, or so long ago that it is forgotten.")
    return {
        "checksum": row.checksum,
        "state": row.status,
        "captured_at": row.captured_at,
        "time_source": row.time_source,
        "received_at": row.created_at,
        "analysed_at": row.analysed_at,
        "reason": row.reason,
    }


@api.get(
    "/cameras/{camera_id}/hours",
    response={200: list[Hour], 401: Problem, 404: Problem, 415: Problem},
    summary="How many faces were seen and classified, hour by hour",
)
def read_hours(
    request: HttpRequest, camera_id: Path[int], since: Query[datetime | None] = None
) -> list[dict[str, Any]]:
    """From `since` on, by default the last day; at most 31 days."""
    token = _token_of(request, camera_id)
    start = max(_aware(since, token.camera) or now() - timedelta(days=1), now() - LONGEST_LOOK_BACK)
    rows = CameraHour.objects.filter(camera=token.camera, hour__gte=start)
    return [
        {
            "hour": row.hour,
            "pictures": row.frames,
            "refused": row.refused,
            "faces": row.faces,
            "classified": row.classified,
            "coverage": row.classified / row.faces if row.faces and token.camera.store.tasks else None,
        }
        for row in rows
    ]


def _token_of(request: HttpRequest, camera_id: int) -> CameraToken:
    """The token, if it is this camera's; 404 otherwise, so that nobody learns which cameras there are."""
    token: CameraToken = request.auth  # type: ignore[attr-defined]  # set by ninja
    if token.camera_id != camera_id:
        raise HttpError(404, "There is no such camera for this token.")
    return token


def _pictures(request: HttpRequest, captured_at: datetime | None) -> list[push.Pushed]:
    """The pictures of a request; as an HttpError, why there are none."""
    camera: Camera = request.auth.camera  # type: ignore[attr-defined]
    when = _aware(captured_at, camera)
    if request.content_type == MULTIPART:
        files = [file for key in request.FILES for file in request.FILES.getlist(key)]
        if not files:
            raise HttpError(415, "The multipart body holds no file.")
        if when is not None and len(files) > 1:
            raise HttpError(415, "captured_at is for a single picture; put times into the files' names or EXIF data.")
        return [push.Pushed(file.name or "", _within_limit(file.read), when) for file in files]
    kind = request.content_type or ""
    if not kind.startswith("image/") and kind != "application/octet-stream":
        raise HttpError(
            415, "Send a picture as the body (Content-Type: image/jpeg), or several as multipart/form-data."
        )
    return [push.Pushed("", _within_limit(request.read), when)]


def _within_limit(read: Callable[[int], bytes]) -> bytes:
    limit: int = settings.MAX_PICTURE_BYTES
    data = read(limit + 1)
    if len(data) > limit:
        raise HttpError(413, f"The picture is larger than {limit / 1e6:.0f} MB.")
    return data


def _aware(when: datetime | None, camera: Camera) -> datetime | None:
    """Times without an offset are on the store's clock; those near the ends of the calendar are no camera's."""
    if when is None:
        return None
    if not 1970 < when.year < 2200:
        raise HttpError(415, f"{when.isoformat()} is not a time at which a picture was taken.")
    return when if when.tzinfo else when.replace(tzinfo=camera.store.zone)


def _later(seconds: int, status: int, detail: str) -> HttpResponse:
    response = api.create_response(HttpRequest(), {"detail": detail}, status=status)
    response.headers["Retry-After"] = str(seconds)
    return response


@api.exception_handler(OperationalError)
@api.exception_handler(InterfaceError)
def database_is_away(request: HttpRequest, error: Exception) -> HttpResponse:
    return _later(BUSY_SECONDS, 503, "The database does not answer; nothing was stored. Please send it again.")


@api.exception_handler(MultiPartParserError)
@api.exception_handler(TooManyFilesSent)
@api.exception_handler(RequestDataTooBig)
def body_is_broken(request: HttpRequest, error: Exception) -> HttpResponse:
    status = 413 if isinstance(error, RequestDataTooBig | TooManyFilesSent) else 415
    return api.create_response(request, {"detail": "The multipart body cannot be read."}, status=status)


def urls() -> tuple[list[Any], str, str]:
    """The API's addresses. Tokens stand for logging in, so the pages' log-in is not asked for."""
    patterns, app, namespace = api.urls
    for pattern in patterns:
        vars(pattern.callback)["login_required"] = False  # read by Django's LoginRequiredMiddleware
    return patterns, app, namespace
