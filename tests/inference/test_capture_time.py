"""When a picture was taken, on the store's clock, also where clocks change."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.ExifTags import IFD, Base

from inference.capture_time import from_exif, from_name, on_clock
from inference.models import Store

OSLO, KOLKATA = ZoneInfo("Europe/Oslo"), ZoneInfo("Asia/Kolkata")


def photographed(**values: str) -> Image.Image:
    exif = Image.Exif()
    exif.get_ifd(IFD.Exif).update({Base[name]: value for name, value in values.items()})
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "JPEG", exif=exif)
    return Image.open(file)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"DateTimeOriginal": "2026:07:01 12:00:00"}, datetime(2026, 7, 1, 10, tzinfo=UTC)),
        (
            {"DateTimeOriginal": "2026:07:01 12:00:00", "OffsetTimeOriginal": "-05:00"},
            datetime(2026, 7, 1, 17, tzinfo=UTC),
        ),
        (
            {"DateTimeOriginal": "2026:07:01 12:00:00", "SubsecTimeOriginal": "25"},
            datetime(2026, 7, 1, 10, 0, 0, 250_000, tzinfo=UTC),
        ),
        ({"DateTimeOriginal": "    :  :     :  :  "}, None),
        ({}, None),
    ],
)
def test_exif_tells_the_time_with_its_offset_or_on_the_stores_clock(
    values: dict[str, str], expected: datetime | None
) -> None:
    assert from_exif(photographed(**values), OSLO) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("20260310_130000.jpg", datetime(2026, 3, 10, 12, tzinfo=UTC)),
        ("door-2026-03-10T13-00-00.250.png", datetime(2026, 3, 10, 12, 0, 0, 250_000, tzinfo=UTC)),
        ("IMG_20260710_130000123.jpg", datetime(2026, 7, 10, 11, 0, 0, 123_000, tzinfo=UTC)),
        ("2026.03.10 13:00:05.png", datetime(2026, 3, 10, 12, 0, 5, tzinfo=UTC)),
        ("1773144000.jpg", datetime(2026, 3, 10, 12, tzinfo=UTC)),
        ("1773144000500.jpg", datetime(2026, 3, 10, 12, 0, 0, 500_000, tzinfo=UTC)),
        ("20261399_130000.jpg", None),
        ("DSC01234.jpg", None),
        ("99202603101300001.jpg", None),
    ],
)
def test_a_files_name_may_tell_the_time(name: str, expected: datetime | None) -> None:
    assert from_name(name, OSLO) == expected


def test_an_hour_that_happens_twice_is_its_first_and_one_that_never_was_is_moved_on() -> None:
    assert on_clock(datetime(2026, 10, 25, 2, 30), OSLO).astimezone(UTC) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    skipped = on_clock(datetime(2026, 3, 29, 2, 30), OSLO)
    assert skipped.astimezone(UTC) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert (skipped.hour, skipped.minute) == (3, 30)


def test_hours_of_a_store_in_india_begin_at_half_past_in_utc() -> None:
    store = Store(timezone="Asia/Kolkata")
    assert store.hour_of(datetime(2026, 3, 10, 6, 45, tzinfo=UTC)) == datetime(2026, 3, 10, 6, 30, tzinfo=UTC)
    assert store.hour_of(datetime(2026, 3, 10, 6, 15, tzinfo=UTC)) == datetime(2026, 3, 10, 5, 30, tzinfo=UTC)


zones = st.sampled_from(
    ["UTC", "Europe/Oslo", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "America/New_York"]
)
instants = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))


@given(zones, instants)
def test_an_instant_lies_in_its_hour_and_the_hour_begins_on_the_clock(zone: str, instant: datetime) -> None:
    store = Store(timezone=zone)
    hour = store.hour_of(instant)
    assert hour <= instant < hour + timedelta(hours=1)
    assert store.hour_of(hour) == hour
    if zone != "Australia/Lord_Howe":  # its summer time differs by half an hour, so one hour a year begins at half past
        assert hour.astimezone(ZoneInfo(zone)).minute == 0


@given(zones, instants)
def test_a_clock_time_that_exists_comes_back_as_it_was(zone: str, instant: datetime) -> None:
    local = instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    assert on_clock(local, ZoneInfo(zone)).replace(tzinfo=None) == local
