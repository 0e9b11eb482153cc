"""What people write for a time zone and the data base does not know: places, offsets, letters; what to write instead.

Letters are never compared by their looks: PST is near MST in letters, and an hour away on the clock.
"""

import difflib
import re
from collections.abc import Collection

from monitor.text.folding import fold

_PLACES = {
    "beijing": "Asia/Shanghai",
    "peking": "Asia/Shanghai",
    "guangzhou": "Asia/Shanghai",
    "shenzhen": "Asia/Shanghai",
    "chengdu": "Asia/Shanghai",
    "wuhan": "Asia/Shanghai",
    "china": "Asia/Shanghai",
    "北京": "Asia/Shanghai",
    "上海": "Asia/Shanghai",
    "中国": "Asia/Shanghai",
    "hong kong": "Asia/Hong_Kong",
    "hongkong": "Asia/Hong_Kong",
    "香港": "Asia/Hong_Kong",
    "taiwan": "Asia/Taipei",
    "台北": "Asia/Taipei",
    "台湾": "Asia/Taipei",
    "macao": "Asia/Macau",
    "澳门": "Asia/Macau",
    "新加坡": "Asia/Singapore",
    "bombay": "Asia/Kolkata",
    "delhi": "Asia/Kolkata",
    "new delhi": "Asia/Kolkata",
    "mumbai": "Asia/Kolkata",
    "osaka": "Asia/Tokyo",
    "japan": "Asia/Tokyo",
    "korea": "Asia/Seoul",
    "san francisco": "America/Los_Angeles",
    "seattle": "America/Los_Angeles",
    "california": "America/Los_Angeles",
    "washington": "America/New_York",
    "boston": "America/New_York",
    "nyc": "America/New_York",
    "munich": "Europe/Berlin",
    "frankfurt": "Europe/Berlin",
    "geneva": "Europe/Zurich",
    "hkt": "Asia/Hong_Kong",
    "sgt": "Asia/Singapore",
    "jst": "Asia/Tokyo",
    "kst": "Asia/Seoul",
    "pst": "America/Los_Angeles",
    "pdt": "America/Los_Angeles",
    "pt": "America/Los_Angeles",
    "mdt": "America/Denver",
    "cdt": "America/Chicago",
    "edt": "America/New_York",
    "et": "America/New_York",
    "akst": "America/Anchorage",
    "aest": "Australia/Sydney",
    "aedt": "Australia/Sydney",
    "awst": "Australia/Perth",
    "nzst": "Pacific/Auckland",
    "nzdt": "Pacific/Auckland",
    "cest": "Europe/Berlin",
    "eest": "Europe/Athens",
    "msk": "Europe/Moscow",
}
"""Places and letters, folded, that mean one zone."""

_SEVERAL = {
    "cst": ("Asia/Shanghai", "America/Chicago"),
    "ist": ("Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem"),
    "bst": ("Europe/London", "Asia/Dhaka"),
    "ast": ("America/Halifax", "Asia/Riyadh"),
    "ct": ("America/Chicago", "Asia/Shanghai"),
}
"""Letters that mean several zones."""

_BY_OFFSET = {
    -600: ("Pacific/Honolulu",),
    -480: ("America/Los_Angeles",),
    -420: ("America/Denver",),
    -360: ("America/Chicago",),
    -300: ("America/New_York",),
    -240: ("America/Halifax",),
    -210: ("America/St_Johns",),
    -180: ("America/Sao_Paulo",),
    0: ("Europe/London", "UTC"),
    60: ("Europe/Paris", "Europe/Berlin"),
    120: ("Europe/Athens", "Africa/Cairo"),
    180: ("Europe/Moscow", "Asia/Riyadh"),
    210: ("Asia/Tehran",),
    240: ("Asia/Dubai",),
    270: ("Asia/Kabul",),
    300: ("Asia/Karachi", "Asia/Tashkent"),
    330: ("Asia/Kolkata",),
    345: ("Asia/Kathmandu",),
    360: ("Asia/Dhaka",),
    390: ("Asia/Yangon",),
    420: ("Asia/Bangkok", "Asia/Jakarta"),
    480: ("Asia/Taipei", "Asia/Shanghai", "Asia/Hong_Kong"),
    540: ("Asia/Tokyo", "Asia/Seoul"),
    570: ("Australia/Adelaide",),
    600: ("Australia/Sydney",),
    720: ("Pacific/Auckland",),
}
"""Places by their offset from UTC in minutes, in winter where they have one."""

_OFFSET = re.compile(r"(?:utc|gmt|z)? ?([+-]) ?([0-9]{1,2})(?::?([0-9]{2}))?")
_LETTERS = re.compile(r"[a-z]{1,5}")
_EXAMPLES = '"Asia/Taipei" or "Europe/London"'


def remedy_of(name: str, known: Collection[str]) -> str:
    """Return what is wrong with a name that is no zone of the data base, and what to write instead."""
    asked = re.sub(r"[\s_]+", " ", fold(name).replace("−", "-")).strip()
    bare = asked.rpartition("/")[2]
    if several := _SEVERAL.get(asked):
        return f'"{name}" means several zones; write {_either(several)}'
    if offset := _OFFSET.fullmatch(asked):
        return f'"{name}" is an offset; write a place that has it{_such_as(offset)}'
    place = _PLACES.get(bare) or _city(bare, known)
    if place is not None:
        return f'unknown time zone "{name}"; write "{place}"'
    if _LETTERS.fullmatch(asked):
        return f'unknown time zone "{name}"; write a place, such as {_EXAMPLES}'
    by_lower = {zone.lower(): zone for zone in sorted(known) if "/" in zone}
    close = difflib.get_close_matches(asked.replace(" ", "_"), by_lower, n=1, cutoff=0.8)
    remedy = f'did you mean "{by_lower[close[0]]}"?' if close else f"write it as {_EXAMPLES}"
    return f'unknown time zone "{name}"; {remedy}'


def _city(name: str, known: Collection[str]) -> str | None:
    """Return the zone that is named for a city, in any case, with a space or a hyphen."""
    by_city = {zone.rpartition("/")[2].lower(): zone for zone in sorted(known, reverse=True) if "/" in zone}
    return by_city.get(name.replace(" ", "_").replace("-", "_"))


def _such_as(offset: re.Match[str]) -> str:
    minutes = int(offset[2]) * 60 + int(offset[3] or 0)
    places = _BY_OFFSET.get(-minutes if offset[1] == "-" else minutes)
    return f", such as {_either(places)}" if places else ""


def _either(names: tuple[str, ...]) -> str:
    quoted = [f'"{name}"' for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"
