"""Numbers as a shop's people read them."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from analytics.join.estimate import Interval
from analytics.queries import Change

register = template.Library()

SIGNS = {"EUR": "€", "USD": "$", "GBP": "£"}


@register.filter
def count(value: Interval | float | None) -> str:
    if value is None:
        return "–"
    return f"{value.value if isinstance(value, Interval) else value:,.0f}"


@register.filter
def percent(value: Interval | float | None) -> str:
    if value is None:
        return "–"
    return f"{value.value if isinstance(value, Interval) else value:.1%}"


@register.filter
def points(share: float) -> str:
    """A difference of shares in percentage points: 0.032 is 3.2, 0.32 is 32."""
    return f"{100 * share:.1f}" if share < 0.1 else f"{100 * share:.0f}"


@register.filter
def money(value: Interval | float | None, currency: str) -> str:
    if value is None:
        return "–"
    return f"{SIGNS.get(currency, currency + ' ')}{value.value if isinstance(value, Interval) else value:,.2f}"


@register.simple_tag
def between(value: Interval | None, kind: str, currency: str = "") -> str:
    """The interval in words: “29.1% to 31.0%”."""
    if value is None or value.low == value.high:
        return ""
    write = {"count": count, "percent": percent}.get(kind) or (lambda number: money(number, currency))
    return f"{write(value.low)} to {write(value.high)}"


@register.simple_tag
def change(value: Change | str) -> SafeString | str:
    """The change against the period before, called unclear where its interval includes no change; nothing where there
    is none (templates give an empty text for a missing value)."""
    if not isinstance(value, Change) or value.relative is None:
        return ""
    arrow = "▲" if value.relative > 0 else "▼"
    if not value.is_clear:
        return format_html(
            '<span class="change unclear">{} {} · within chance</span>', arrow, f"{abs(value.relative):.0%}"
        )
    tone = "up" if value.relative > 0 else "down"
    return format_html('<span class="change {}">{} {}</span>', tone, arrow, f"{abs(value.relative):.0%}")
