"""Bytes become pixels, within limits, or a reason that a shopkeeper understands."""

from __future__ import annotations

import io
import warnings
from typing import BinaryIO

import numpy as np
from django.conf import settings
from PIL import Image, ImageOps, UnidentifiedImageError

from training.preprocessing import Pixels

FORMATS = ("JPEG", "PNG", "WEBP", "BMP")
MILLION = 1_000_000


class NotAPictureError(ValueError):
    """The bytes cannot be used; the message says why."""


def check_header(file: BinaryIO) -> Image.Image:
    """Recognise a picture by its header, without decoding it. Raises NotAPictureError."""
    limit = settings.MAX_PICTURE_PIXELS // MILLION
    try:
        with warnings.catch_warnings():
            # Pillow warns about large pictures; our own limit below decides.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(file, formats=FORMATS)
    except UnidentifiedImageError as error:
        raise NotAPictureError("not a picture (JPEG, PNG, WebP or BMP)") from error
    except Image.DecompressionBombError as error:
        raise NotAPictureError(f"too large: far more pixels than {limit} million") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise NotAPictureError("the picture is broken") from error
    if image.width * image.height > settings.MAX_PICTURE_PIXELS:
        raise NotAPictureError(f"too large: {image.width} × {image.height} pixels, at most {limit} million")
    return image


def decode(data: bytes) -> Pixels:
    """The picture as (h, w, 3) uint8 RGB, upright as its EXIF data says. Raises NotAPictureError."""
    image = check_header(io.BytesIO(data))
    try:
        image.load()
        upright = ImageOps.exif_transpose(image)
        return np.asarray(upright.convert("RGB"), dtype=np.uint8)
    except (OSError, SyntaxError, ValueError, IndexError, Image.DecompressionBombError) as error:
        raise NotAPictureError("the picture is cut off or broken") from error
