"""What time zones are called: by their city where we know it, and as whose time is told."""

from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo

from monitor.saying import phrase, say

CITIES = {
    "Asia/Taipei": phrase("Taipei"),
    "Asia/Shanghai": phrase("Shanghai"),
    "Asia/Hong_Kong": phrase("Hong Kong"),
    "Asia/Tokyo": phrase("Tokyo"),
    "Asia/Singapore": phrase("Singapore"),
    "Europe/London": phrase("London"),
    "Europe/Berlin": phrase("Berlin"),
    "Europe/Paris": phrase("Paris"),
    "America/New_York": phrase("New York"),
    "America/Los_Angeles": phrase("Los Angeles"),
    "America/Toronto": phrase("Toronto"),
    "Australia/Sydney": phrase("Sydney"),
}
"""Zones that are called by their city; others by their name in the time zone database."""


def zone_told(name: str) -> str:
    """Return what people call a time zone: its city, in their language, where we know it."""
    return say(CITIES[name]) if name in CITIES else name


def own_time(zone: tzinfo) -> str:
    """Name a zone as the one in which times are told: "Taipei time", "Asia/Kathmandu time", "UTC"."""
    name = str(zone)
    return name if name.startswith("UTC") else say("{place} time", place=zone_told(name))


def cited_time(moments: Iterable[datetime], zone: tzinfo) -> str:
    """Name a zone for whoever reads a citation elsewhere: "Taipei time, UTC+8"; both offsets where clocks changed."""
    named = own_time(zone)
    if named.startswith("UTC"):
        return named
    return say("{zone}, {offset}", zone=named, offset="/".join(dict.fromkeys(_offset(each, zone) for each in moments)))


def _offset(moment: datetime, zone: tzinfo) -> str:
    ahead = moment.astimezone(zone).utcoffset()
    assert ahead is not None, "a time in a zone is aware"
    hours, minutes = divmod(abs(ahead) // timedelta(minutes=1), 60)
    return f"UTC{'-' if ahead < timedelta() else '+'}{hours}" + (f":{minutes:02}" if minutes else "")
