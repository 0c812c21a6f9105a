"""Where pictures wait for their analysis: private files named after their snapshot, gone right after it."""

from __future__ import annotations

import os
import secrets
import tempfile
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler

# A file without a snapshot is either being received right now or left over from a crash; after this it is the latter.
LEFTOVER_AFTER_SECONDS = 600


def folder() -> Path:
    path = Path(settings.SPOOL_DIR)
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def put_aside(data: bytes) -> Path:
    """Write bytes under a name of their own, until the snapshot's number is known."""
    path = folder() / f"new-{secrets.token_hex(8)}"
    with open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(data)
    return path


def assign(aside: Path, snapshot_id: int) -> None:
    aside.replace(folder() / str(snapshot_id))


def read(snapshot_id: int) -> bytes:
    """Raises FileNotFoundError when the picture is gone."""
    return (folder() / str(snapshot_id)).read_bytes()


def remove(snapshot_id: int) -> None:
    (folder() / str(snapshot_id)).unlink(missing_ok=True)


def leftovers() -> list[Path]:
    """Files old enough that nobody is still receiving them."""
    oldest = time.time() - LEFTOVER_AFTER_SECONDS
    return [path for path in folder().iterdir() if path.is_file() and path.stat().st_mtime < oldest]


def snapshot_ids() -> set[int]:
    return {int(path.name) for path in folder().iterdir() if path.name.isdigit()}


class UploadHandler(TemporaryFileUploadHandler):
    """Large files of a request wait here while they come in; a killed request's are swept like other leftovers."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super(TemporaryFileUploadHandler, self).new_file(*args, **kwargs)
        self.file = SpooledUpload(self.file_name, self.content_type, 0, self.charset, self.content_type_extra)


class SpooledUpload(TemporaryUploadedFile):
    """Django's own, in the spool instead of the machine's temporary folder."""

    def __init__(self, name: str | None, kind: str | None, size: int, charset: str | None, extra: Any = None) -> None:
        file = tempfile.NamedTemporaryFile(dir=folder(), prefix="upload-")  # noqa: SIM115  # closed with the request
        super(TemporaryUploadedFile, self).__init__(file, name, kind, size, charset, extra)


def is_empty() -> bool:
    return not any(folder().iterdir())
