"""Entities in two languages: as the Bot API writes them, and as TDLib does, whose library is in the wheel `tdjson`."""

import json
from functools import cache
from typing import Any

from tdjson import td_execute

from tests.simulators.telegram_refusals import Breach

Json = dict[str, Any]

_TD_TYPES = {
    "bold": "textEntityTypeBold",
    "italic": "textEntityTypeItalic",
    "underline": "textEntityTypeUnderline",
    "strikethrough": "textEntityTypeStrikethrough",
    "spoiler": "textEntityTypeSpoiler",
    "blockquote": "textEntityTypeBlockQuote",
    "expandable_blockquote": "textEntityTypeExpandableBlockQuote",
    "code": "textEntityTypeCode",
    "text_link": "textEntityTypeTextUrl",
}
FOUND_TYPES = {
    "textEntityTypeMention": "mention",
    "textEntityTypeHashtag": "hashtag",
    "textEntityTypeCashtag": "cashtag",
    "textEntityTypeBotCommand": "bot_command",
    "textEntityTypeUrl": "url",
    "textEntityTypeEmailAddress": "email",
    "textEntityTypePhoneNumber": "phone_number",
    "textEntityTypeBankCardNumber": "bank_card_number",
}
_BOT_TYPES = {kind: name for name, kind in _TD_TYPES.items()} | FOUND_TYPES
_PRECISIONS = {"dateTimePartPrecisionShort": str.lower, "dateTimePartPrecisionLong": str.upper}


def to_td(entity: Json) -> Json:
    """Return an entity of the Bot API as TDLib's. Raise Breach for types the simulator does not have."""
    return {"@type": "textEntity", "offset": entity["offset"], "length": entity["length"], "type": _kind_to_td(entity)}


def from_td(entity: Json) -> Json:
    """Return an entity of TDLib as the Bot API's."""
    return _kind_from_td(entity["type"]) | {"offset": entity["offset"], "length": entity["length"]}


def _kind_to_td(entity: Json) -> Json:
    kind = entity["type"]
    if kind == "pre":
        language = entity.get("language")
        return {"@type": "textEntityTypePreCode", "language": language} if language else {"@type": "textEntityTypePre"}
    if kind == "date_time":
        return _date_time(entity.get("unix_time"), entity.get("date_time_format", ""))
    if kind not in _TD_TYPES:
        raise Breach(501, f"the simulator does not know entities of type {kind!r}")
    return {"@type": _TD_TYPES[kind]} | ({"url": entity.get("url")} if kind == "text_link" else {})


def _kind_from_td(kind: Json) -> Json:
    name = kind["@type"]
    if name == "textEntityTypePreCode":
        return {"type": "pre", "language": kind["language"]}
    if name == "textEntityTypePre":
        return {"type": "pre"}
    if name == "textEntityTypeDateTime":
        form = _date_time_format(kind.get("formatting_type"))
        return {"type": "date_time", "unix_time": kind["unix_time"]} | ({"date_time_format": form} if form else {})
    return {"type": _BOT_TYPES.get(name, name)} | ({"url": kind["url"]} if "url" in kind else {})


def _date_time(unix_time: int | None, form: str) -> Json:
    """Let the library read the format (core.telegram.org/bots/api#date-time-entity-formatting)."""
    if unix_time is None or not (form == "" or form.isalpha()):
        raise Breach(400, "Bad Request: can't parse entities: invalid date_time entity")
    html = f'<tg-time unix="{unix_time}" format="{form}">x</tg-time>'
    parsed = td({"@type": "parseTextEntities", "text": html, "parse_mode": {"@type": "textParseModeHTML"}})
    kind: Json = parsed["entities"][0]["type"]
    return kind


def _date_time_format(formatting: Json | None) -> str:
    if formatting is None:
        return ""
    if formatting["@type"] == "dateTimeFormattingTypeRelative":
        return "r"
    parts = (("d", formatting["date_precision"]["@type"]), ("t", formatting["time_precision"]["@type"]))
    letters = "".join(_PRECISIONS[precision](letter) for letter, precision in parts if precision in _PRECISIONS)
    return ("w" if formatting["show_day_of_week"] else "") + letters


def td(query: Json) -> Json:
    """Ask the library. Raise Breach with its error, worded as the Bot API would."""
    _silence()
    answer = td_execute(json.dumps(query).encode())
    assert answer is not None, "a synchronous request of TDLib always answers"
    answered: Json = json.loads(answer)
    if answered["@type"] == "error":
        message = answered["message"]
        raise Breach(400, f"Bad Request: {message[0].lower()}{message[1:]}")
    return answered


@cache
def _silence() -> None:
    """Let the library log nothing but what is fatal."""
    td_execute(json.dumps({"@type": "setLogVerbosityLevel", "new_verbosity_level": 0}).encode())
