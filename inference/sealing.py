"""Pictures that must wait are sealed: authenticated encryption, with a key that is never in the database."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

PURPOSE = b"foyer: faces kept for a blind audit"


class SealBrokenError(ValueError):
    """The bytes were sealed with another key, or changed since."""


def seal(data: bytes) -> bytes:
    """A Fernet token (AES-128-CBC with HMAC-SHA-256; github.com/fernet/spec)."""
    return _fernet().encrypt(data)


def unseal(token: bytes) -> bytes:
    """Raises SealBrokenError where the key in the settings does not fit."""

    try:
        return _fernet().decrypt(token)
    except InvalidToken as error:
        raise SealBrokenError("FOYER_AUDIT_KEY or SECRET_KEY has changed since this was sealed.") from error


def _fernet() -> Fernet:

    derived = HKDF(SHA256(), length=32, salt=None, info=PURPOSE).derive(settings.AUDIT_KEY.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
