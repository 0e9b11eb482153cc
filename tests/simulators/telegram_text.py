"""The judge of texts: Telegram's own library says what a server would make of a text and its entities.

    text + entities ─► mask ─► getMarkdownText ─► parseMarkdown ─► unmask ─► what readers would see
                        (literal * _ ~ | ` [ ] stand aside, so that only entities become markup and back)

A difference between what was meant and what would be seen is silent at Telegram; here it is a fault (`Judged.faults`).
Units are UTF-16 code units, as everywhere in the Bot API. The library is the one inside the wheel `tdjson` (TDLib).
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tests.simulators.telegram_entities import FOUND_TYPES, from_td, td, to_td
from tests.simulators.telegram_refusals import (
    BUTTON_DATA_INVALID,
    CAPTION_TOO_LONG,
    MARKUP_TOO_LONG,
    TEXT_EMPTY,
    TEXT_TOO_LONG,
    Breach,
)

Json = dict[str, Any]

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
ENTITY_LIMIT = 100
BUTTON_LIMIT = 100
BUTTONS_PER_ROW = 8
CALLBACK_BYTES = 64

# Entities of these types keep out what the server finds by itself.
_CLOSED = {"code", "pre", "text_link", "text_mention", "custom_emoji", "date_time"}
_PARSE_MODES: dict[str, Json] = {
    "HTML": {"@type": "textParseModeHTML"},
    "Markdown": {"@type": "textParseModeMarkdown", "version": 1},
    "MarkdownV2": {"@type": "textParseModeMarkdown", "version": 2},
}
_MARKUP = "*_~|`[]"
_WHITESPACE = " \t\r\n\0\x0b"  # what TDLib trims


class Judged(NamedTuple):
    """What readers would see, and how it differs from what was meant."""

    text: str
    entities: tuple[Json, ...]
    found: tuple[Json, ...]
    faults: tuple[str, ...]

    @property
    def shown(self) -> list[Json]:
        """Return the entities of the answer: those that were sent and those the server found, in order."""
        return sorted((*self.entities, *self.found), key=lambda entity: (entity["offset"], -entity["length"]))


def utf16_length(text: str) -> int:
    """Return a text's length in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def judge_text(text: str, entities: Sequence[Json] = (), parse_mode: str | None = None) -> Judged:
    """Judge the text of a message. Raise Breach where the server would refuse it."""
    judged = _judge(text, entities, parse_mode)
    if not judged.text:
        raise Breach(400, TEXT_EMPTY)
    if utf16_length(judged.text) > TEXT_LIMIT:
        raise Breach(400, TEXT_TOO_LONG)
    return judged


def judge_caption(text: str, entities: Sequence[Json] = (), parse_mode: str | None = None) -> Judged:
    """Judge a caption, which may be empty. Raise Breach where the server would refuse it."""
    judged = _judge(text, entities, parse_mode)
    if utf16_length(judged.text) > CAPTION_LIMIT:
        raise Breach(400, CAPTION_TOO_LONG)
    return judged


def find_entities(text: str) -> list[Json]:
    """Return what Telegram makes clickable by itself: hashtags, mentions, commands, links."""
    found = td({"@type": "getTextEntities", "text": text})["entities"]
    return [from_td(entity) for entity in found if entity["type"]["@type"] in FOUND_TYPES]


def check_keyboard(markup: Json) -> None:
    """Check an inline keyboard's limits. Raise Breach in the words of the server."""
    rows: list[list[Json]] = markup["inline_keyboard"]
    if sum(map(len, rows)) > BUTTON_LIMIT or any(len(row) > BUTTONS_PER_ROW for row in rows):
        raise Breach(400, MARKUP_TOO_LONG)
    for button in (button for row in rows for button in row):
        _check_button(button)


def _check_button(button: Json) -> None:
    if not button["text"].strip():
        raise Breach(400, "Bad Request: can't parse inline keyboard button: Text of the button must be non-empty")
    actions = set(button) - {"text", "style", "icon_custom_emoji_id"}
    if len(actions) != 1:
        raise Breach(
            400,
            "Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
            if not actions
            else f"Bad Request: a button does one thing, not {sorted(actions)}",
        )
    if "callback_data" in button and not 1 <= len(button["callback_data"].encode()) <= CALLBACK_BYTES:
        raise Breach(400, BUTTON_DATA_INVALID)
    if "url" in button:
        _normalise("x", [{"type": "text_link", "offset": 0, "length": 1, "url": button["url"]}])


def _judge(text: str, entities: Sequence[Json], parse_mode: str | None) -> Judged:
    if parse_mode is not None and entities:
        raise Breach(400, "Bad Request: parse_mode and entities exclude each other: the server ignores one of them")
    meant = [_plain(entity) for entity in entities]
    if parse_mode is not None:
        text, meant = _parse(text, parse_mode)
    seen, kept = _trim(*_normalise(text, [entity for entity in meant if entity["type"] not in FOUND_TYPES.values()]))
    faults = [*_text_faults(text, seen), *_entity_faults(meant, kept[:ENTITY_LIMIT])]
    if len(kept) > ENTITY_LIMIT:
        faults.append(f"{len(kept)} entities: the server keeps {ENTITY_LIMIT}")
    kept = kept[:ENTITY_LIMIT]
    return Judged(seen, tuple(kept), tuple(_beside(find_entities(seen), kept)), tuple(faults))


def _parse(text: str, parse_mode: str) -> tuple[str, list[Json]]:
    parsed = td({"@type": "parseTextEntities", "text": text, "parse_mode": _PARSE_MODES[parse_mode]})
    return parsed["text"], [from_td(entity) for entity in parsed["entities"]]


def _normalise(text: str, entities: Iterable[Json]) -> tuple[str, list[Json]]:
    """Return a text and its entities after the round trip through the library's markup. Raise Breach on its errors."""
    masks = _masks(text)
    masked = text.translate({ord(mark): mask for mark, mask in masks.items()})
    formatted = {
        "@type": "formattedText",
        "text": masked,
        "entities": [to_td(entity) for entity in entities],
    }
    marked_up = td({"@type": "getMarkdownText", "text": formatted})
    seen = td({"@type": "parseMarkdown", "text": marked_up})
    unmasked = seen["text"].translate({ord(mask): mark for mark, mask in masks.items()})
    return unmasked, [from_td(entity) for entity in seen["entities"]]


def _masks(text: str) -> dict[str, str]:
    """Return a private-use character, absent from the text, for each character of the library's markup."""
    free = (chr(code) for code in range(0xE000, 0xF8FF) if chr(code) not in text)
    return dict(zip(_MARKUP, free, strict=False))


def _trim(text: str, entities: list[Json]) -> tuple[str, list[Json]]:
    """Trim as the server does: the end always, the beginning up to its first entity (fix_formatted_text in TDLib)."""
    end = text.rstrip(_WHITESPACE)
    first = min((entity["offset"] for entity in entities), default=utf16_length(end))
    cut = min(len(end) - len(end.lstrip(_WHITESPACE)), first)  # whitespace is one unit each
    length = utf16_length(end)
    inside = [entity | {"length": min(entity["length"], length - entity["offset"])} for entity in entities]
    kept = [entity | {"offset": entity["offset"] - cut} for entity in inside if entity["length"] > 0]
    return end[cut:], kept


def _text_faults(meant: str, seen: str) -> list[str]:
    if meant == seen:
        return []
    place = next((at for at, (a, b) in enumerate(zip(meant, seen, strict=False)) if a != b), min(len(meant), len(seen)))
    return [
        f"the text is changed at character {place}: {meant[place : place + 8]!r} becomes {seen[place : place + 8]!r}"
    ]


def _entity_faults(meant: Iterable[Json], kept: Iterable[Json]) -> list[str]:
    before, after = {_identity(entity) for entity in meant}, {_identity(entity) for entity in kept}
    dropped = [f"dropped or moved: {entity}" for entity in sorted(before - after, key=str)]
    return dropped + [f"not sent so: {entity}" for entity in sorted(after - before, key=str)]


def _identity(entity: Json) -> tuple[object, ...]:
    extra = {name: value for name, value in entity.items() if name not in ("type", "offset", "length", "url")}
    url = _same_url(entity["url"]) if "url" in entity else None
    return entity["type"], entity["offset"], entity["length"], url, json.dumps(extra, sort_keys=True)


def _same_url(url: str) -> str:
    """Return an address in the form of RFC 3986, 6.2.2.1 and 6.2.3, which the server writes too: no fault in that."""
    parts = urlsplit(url)
    return parts._replace(scheme=parts.scheme.lower(), netloc=parts.netloc.lower(), path=parts.path or "/").geturl()


def _beside(found: Iterable[Json], kept: Sequence[Json]) -> list[Json]:
    """Return what the server finds by itself outside of the entities that keep it out."""
    closed = [(entity["offset"], entity["offset"] + entity["length"]) for entity in kept if entity["type"] in _CLOSED]
    return [
        entity
        for entity in found
        if all(entity["offset"] + entity["length"] <= start or end <= entity["offset"] for start, end in closed)
    ]


def _plain(entity: Json) -> Json:
    if entity["type"] == "text_link" and "url" not in entity:
        raise Breach(400, "Bad Request: can't parse entities: text_link without url")
    return entity
