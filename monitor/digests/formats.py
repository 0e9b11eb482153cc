"""A message for a terminal and for a page, from its text and entities."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from monitor.digests.elements import Html, element, join
from monitor.digests.platforms import is_web
from monitor.models import Entity, Message
from monitor.text.scripts import dominant_script

BLOCKS = frozenset(("blockquote", "expandable_blockquote"))
LANG_BY_SCRIPT = {"Hans": "zh-Hans", "Hant": "zh-Hant", "Hani": "zh", "Bopo": "zh-Hant", "Jpan": "ja", "Kore": "ko"}

_BOLD, _DIM, _UNDERLINE, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[4m", "\x1b[0m"
_ISOLATION = str.maketrans(dict.fromkeys("\u2066\u2067\u2068\u2069"))


class Piece(NamedTuple):
    """A piece of a message: text, or what an entity holds."""

    text: str
    entity: Entity | None = None
    pieces: tuple["Piece", ...] = ()


def pieces_of(message: Message) -> tuple[Piece, ...]:
    """Return a message as nested pieces. Entities that overlap are cut at the end of the outer one."""
    starts = _code_points(message.text)
    spans = [(starts[each.offset], starts[each.offset + each.length], each) for each in message.entities]
    return tuple(_nested(message.text, spans, 0, len(message.text)))


def to_html(message: Message) -> Html:
    """Return a message as HTML, everything escaped, links to the web only. To be shown with `white-space: pre-wrap`.

    Quotes are blocks, so the line breaks next to them are left out.
    """
    return _html(pieces_of(message))


def to_terminal(message: Message, color: bool) -> str:
    """Return a message for a terminal: a bar before each line of a quote, each address once.

    Controls are replaced: a post must not move the cursor. Isolation marks are left out: terminals show them.
    """
    firsts = {each.url: each.offset for each in reversed(message.entities)}
    addressed = frozenset(firsts.values())
    return "".join(_terminal(piece, addressed, color, "") for piece in pieces_of(message))


def _nested(text: str, spans: Sequence[tuple[int, int, Entity]], start: int, end: int) -> Iterator[Piece]:
    place = start
    rest = list(spans)
    while rest:
        first, last, entity = rest.pop(0)
        last = min(last, end)
        if first < place or first >= last:
            continue
        if place < first:
            yield Piece(text[place:first])
        inner = [each for each in rest if each[0] < last]
        yield Piece(text[first:last], entity, tuple(_nested(text, inner, first, last)))
        rest = rest[len(inner) :]
        place = last
    if place < end:
        yield Piece(text[place:end])


def _code_points(text: str) -> list[int]:
    """Return the index of the character that each UTF-16 unit belongs to, and the length at the end."""
    indexes = [index for index, char in enumerate(text) for _ in range(2 if char > "\uffff" else 1)]
    return [*indexes, len(text)]


def _html(pieces: Sequence[Piece]) -> Html:
    parts = []
    for index, piece in enumerate(pieces):
        if piece.entity is None:
            parts.append(join(_without_breaks(piece.text, pieces, index)))
        else:
            parts.append(_tagged(piece, piece.entity))
    return join(*parts)


def _tagged(piece: Piece, entity: Entity) -> Html:
    inner = _html(piece.pieces)
    if entity.type == "bold":
        return element("b", inner)
    if entity.type == "blockquote":
        return element("blockquote", inner, lang=LANG_BY_SCRIPT.get(dominant_script(piece.text) or ""))
    if entity.type == "expandable_blockquote":
        return element("blockquote", inner, class_="more")
    if entity.type == "text_link" and is_web(entity.url):
        lang = LANG_BY_SCRIPT.get(dominant_script(piece.text) or "")
        return element("a", inner, href=entity.url, rel="noopener noreferrer", target="_blank", lang=lang)
    return inner


def _without_breaks(text: str, pieces: Sequence[Piece], index: int) -> str:
    """Leave out the line break before and after a quote: a block begins a line by itself."""
    if index and _is_block(pieces[index - 1]):
        text = text.removeprefix("\n")
    if index + 1 < len(pieces) and _is_block(pieces[index + 1]):
        text = text.removesuffix("\n")
    return text


def _is_block(piece: Piece) -> bool:
    return piece.entity is not None and piece.entity.type in BLOCKS


def _terminal(piece: Piece, addressed: frozenset[int], color: bool, style: str) -> str:
    if piece.entity is None:
        return _printable(piece.text)
    kind = piece.entity.type
    own = style + (_terminal_style(kind) if color else "")
    inner = "".join(_terminal(each, addressed, color, own) for each in piece.pieces)
    if kind in BLOCKS:
        return _barred(inner, color, own)
    shown = f"{own}{inner}{_PLAIN}{style}" if color else inner
    return shown + (_address(piece.entity, color, style) if piece.entity.offset in addressed else "")


def _terminal_style(kind: str) -> str:
    return {"bold": _BOLD, "text_link": _UNDERLINE, "expandable_blockquote": _DIM}.get(kind, "")


def _barred(text: str, color: bool, style: str) -> str:
    ending = _PLAIN if color else ""
    return "\n".join(f"{style}▎{line}{ending}" for line in text.split("\n"))


def _address(entity: Entity, color: bool, style: str) -> str:
    if entity.type != "text_link" or entity.url is None:
        return ""
    address = _printable(entity.url)
    return f" {_DIM}<{address}>{_PLAIN}{style}" if color else f" <{address}>"


def _printable(text: str) -> str:
    return "".join(_visible(char) for char in text.translate(_ISOLATION))


def _visible(char: str) -> str:
    is_control = (char < " " and char != "\n") or "\x7f" <= char <= "\x9f" or "\ud800" <= char <= "\udfff"
    return "\ufffd" if is_control else char
