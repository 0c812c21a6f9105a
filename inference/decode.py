"""Bytes become pixels, within limits, or a reason that a shopkeeper understands."""

from __future__ import annotations

import io
import math
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
    return decode_reduced(data, 1.0)[0]


def decode_reduced(data: bytes, least_scale: float) -> tuple[Pixels, float]:
    """The picture as (h, w, 3) uint8 RGB, upright as its EXIF data says, and its scale. Raises NotAPictureError.

    A JPEG comes out at half, a quarter or an eighth of its size (its decoder's own scaling, which saves most of the
    work) as long as that is at least `least_scale`; every other picture at scale 1.
    """
    image = check_header(io.BytesIO(data))
    width = image.width
    try:
        if image.format == "JPEG" and least_scale <= 0.5:
            image.draft("RGB", (math.ceil(image.width * least_scale), math.ceil(image.height * least_scale)))
        image.load()
        scale = 1 / round(width / image.width)
        ImageOps.exif_transpose(image, in_place=True)
        return np.asarray(image if image.mode == "RGB" else image.convert("RGB"), dtype=np.uint8), scale
    except (OSError, SyntaxError, ValueError, IndexError, Image.DecompressionBombError) as error:
        raise NotAPictureError("the picture is cut off or broken") from error
