"""Looks for pictures where none may be: in files, tables and Redis, whole, inside other data, or as text."""

from __future__ import annotations

import base64
import binascii
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import redis
from django.apps import apps
from django.db import connection
from PIL import Image

STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF", b"BM", b"GIF8", b"II*\0", b"MM\0*")
BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{80,}={0,2}")
HEXADECIMAL = re.compile(rb"(?:\\\\x)?([0-9a-fA-F]{160,})")
SMALLEST = 8  # pixels; less is nobody's face


def pictures_in(data: bytes) -> int:
    """How many pictures decode from somewhere in the bytes; base64 and hexadecimal stretches are looked into."""
    found = sum(_decodes(data[place:]) for start in STARTS for place in _places(data, start))
    for match in BASE64.finditer(data):
        found += _inside(_base64(match[0]))
    for match in HEXADECIMAL.finditer(data):
        found += _inside(binascii.unhexlify(match[1][: len(match[1]) // 2 * 2]))
    return found


def _inside(data: bytes) -> int:
    return sum(_decodes(data[place:]) for start in STARTS for place in _places(data, start))


def _base64(text: bytes) -> bytes:
    text = text.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    return base64.b64decode(text[: len(text) - (len(text) % 4 == 1)] + b"==")


def _places(data: bytes, start: bytes) -> Iterator[int]:
    place = data.find(start)
    while place >= 0:
        yield place
        place = data.find(start, place + 1)


def _decodes(data: bytes) -> bool:
    try:
        with Image.open(io.BytesIO(data)) as image:
            image.load()
            return min(image.size) >= SMALLEST
    except Exception:  # noqa: BLE001  # whatever goes wrong, it is no picture
        return False


def in_folder(folder: Path) -> list[str]:
    files = [path for path in folder.rglob("*") if path.is_file()] if folder.exists() else []
    return [str(path) for path in files if pictures_in(path.read_bytes())]


def in_database() -> list[str]:
    """Tables with a picture in any column of any row."""
    found: list[str] = []
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            table = model._meta.db_table
            cursor.execute(f'SELECT * FROM "{table}"')
            for row in cursor.fetchall():
                if any(pictures_in(_bytes(value)) for value in row):
                    found.append(table)
    return found


def _bytes(value: object) -> bytes:
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode(errors="replace")


def in_redis(url: str) -> list[str]:
    """Keys with a picture; read by their type, because what DUMP gives is compressed."""
    client: Any = redis.Redis.from_url(url)
    return [key.decode(errors="replace") for key in client.keys("*") if any(map(pictures_in, _values(client, key)))]


def _values(client: Any, key: bytes) -> list[bytes]:
    kind = client.type(key)
    if kind == b"string":
        return [client.get(key) or b""]
    if kind == b"list":
        return list(client.lrange(key, 0, -1))
    if kind == b"hash":
        return [part for pair in client.hgetall(key).items() for part in pair]
    if kind == b"set":
        return list(client.smembers(key))
    if kind == b"zset":
        return list(client.zrange(key, 0, -1))
    return [repr(client.xrange(key)).encode()] if kind == b"stream" else []
