"""HTML to the plain text that its reader sees, and the addresses that it links to.

Our own scanner: html.parser rescans from every unclosed `<` and takes minutes for a hostile megabyte (CVE-2025-6069).
Here each character is looked at a bounded number of times, whatever the input.
"""

import re
from collections.abc import Collection, Iterator
from html import unescape
from typing import NamedTuple

_PARAGRAPHS = frozenset(
    {
        "p",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "blockquote",
        "pre",
        "ul",
        "ol",
        "dl",
        "table",
        "hr",
        "article",
        "section",
    }
    | {"figure"}
)
_LINES = frozenset(
    {"div", "li", "dt", "dd", "tr", "title", "header", "footer", "main", "aside", "nav", "address", "form", "fieldset"}
    | {"figcaption", "caption", "option", "details", "summary", "thead", "tbody", "tfoot", "center"}
)
_UNSEEN = frozenset({"script", "style", "iframe", "noembed", "noframes", "template", "xmp"})
# Marks of our own, possible because control characters are taken out of the input first.
_PARAGRAPH_MARK, _LINE_MARK, _KEPT_SPACE = "\x1d", "\x1e", "\x1c"
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_SPACE = re.compile(r"[ \t\n\r\f]+")
_BREAKS = re.compile(r" *[\n\x1d\x1e][ \n\x1d\x1e]*")
_NAME = re.compile(r"[a-zA-Z][^\s/>]*")
_STOP = re.compile(r">|=\s*[\"']")
_ATTRIBUTE = re.compile(r"""([^\s=>"'/]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s>]*))?""")
# int() refuses more than 4,300 digits, and html.unescape calls it on whatever stands there.
_LONG_NUMBER = re.compile(r"&#(?:[0-9]{100,}|[xX][0-9a-fA-F]{100,});?")


class _Tag(NamedTuple):
    """A start or end tag, lower-cased, with the text of its attributes."""

    name: str
    is_end: bool
    attributes: str


def plain(html: str) -> str:
    """Return the text of an HTML fragment: tags out, entities decoded, a line per block, a blank line per paragraph.

    Scripts and styles are dropped, runs of white space become one space except inside <pre>. Never raises; linear time.
    """
    html = _CONTROLS.sub("", html)
    if "<" not in html and "&" not in html:
        return _SPACE.sub(" ", html).strip()
    parts: list[str] = []
    pre = 0
    for token in _tokens(html):
        if isinstance(token, str):
            parts.append(_kept(token) if pre else _SPACE.sub(" ", _decoded(token)))
            continue
        if token.name == "pre":
            pre = max(0, pre + (-1 if token.is_end else 1))
        parts.append(_mark(token))
    return _BREAKS.sub(_broken, "".join(parts)).replace(_KEPT_SPACE, " ").strip()


def links(html: str, besides: Collection[str] = ()) -> tuple[str, ...]:
    """Return the http(s) addresses that the anchors of an HTML fragment point to, each once, in order of appearance.

    Anchors of one of the classes `besides` are left out: "mention", "hashtag".
    """
    if "<" not in html:
        return ()
    targets = (
        _target(token.attributes)
        for token in _tokens(html)
        if isinstance(token, _Tag) and token.name == "a" and not token.is_end and not _is_of(token.attributes, besides)
    )
    return tuple(dict.fromkeys(target for target in targets if target is not None))


def _is_of(attributes: str, classes: Collection[str]) -> bool:
    """Tell whether an element is of one of some classes."""
    if not classes:
        return False
    found = (match[2] for match in _ATTRIBUTE.finditer(attributes) if match[1].lower() == "class" and match[2])
    return any(name in classes for value in found for name in value.strip("\"'").split())


def _target(attributes: str) -> str | None:
    for match in _ATTRIBUTE.finditer(attributes):
        if match[1].lower() == "href" and match[2]:
            address = _decoded(match[2].strip("\"'")).strip()
            return address if address.lower().startswith(("http://", "https://")) else None
    return None


def _mark(tag: _Tag) -> str:
    if tag.name in _PARAGRAPHS:
        return _PARAGRAPH_MARK
    if tag.name in _LINES:
        return _LINE_MARK
    return {"br": "\n", "td": " ", "th": " "}.get(tag.name, "")


def _broken(breaks: re.Match[str]) -> str:
    """Return the line breaks for a run of breaks and marks: neighbouring blocks share one."""
    return "\n\n" if _PARAGRAPH_MARK in breaks[0] or breaks[0].count("\n") > 1 else "\n"


def _kept(token: str) -> str:
    text = _decoded(token).replace("\r\n", "\n").replace("\r", "\n")
    return text.replace(" ", _KEPT_SPACE).replace("\t", _KEPT_SPACE * 4)


def _decoded(text: str) -> str:
    if "&" not in text:
        return text
    return unescape(_LONG_NUMBER.sub("\ufffd", text))


def _tokens(html: str) -> Iterator[_Tag | str]:
    """Yield text and tags in order; comments, declarations and unseen elements are left out."""
    scanner = _Scanner(html)
    start = 0
    while start < len(html):
        opening = html.find("<", start)
        if opening < 0:
            yield html[start:]
            return
        if opening > start:
            yield html[start:opening]
        token, start = scanner.markup(opening)
        if token is not None:
            yield token


class _Scanner:
    """Reads one piece of markup at a time, and remembers what it looked for in vain, so as not to look again."""

    def __init__(self, html: str) -> None:
        self._html = html
        self._last_close = html.rfind(">")
        self._quotes_close = True

    def markup(self, at: int) -> tuple[_Tag | str | None, int]:
        """Return what the `<` at this place begins, and where to go on."""
        html = self._html
        if html.startswith("<!--", at):
            return None, self._after("-->", at + 4)
        if html.startswith("<![CDATA[", at):
            end = html.find("]]>", at)
            return html[at + 9 : end if end >= 0 else None].replace("&", "&amp;"), self._after("]]>", at)
        if html.startswith(("<!", "<?"), at):
            return None, self._after(">", at + 2)
        return self._tag(at)

    def _tag(self, at: int) -> tuple[_Tag | str | None, int]:
        is_end = self._html.startswith("</", at)
        name = _NAME.match(self._html, at + 1 + is_end) if at < self._last_close else None
        if name is None:
            return "<", at + 1
        end = self._tag_end(name.end())
        tag = _Tag(name[0].lower(), is_end, self._html[name.end() : end])
        if tag.name in _UNSEEN and not is_end:
            return None, self._after_element(tag.name, end + 1)
        return tag, end + 1

    def _tag_end(self, at: int) -> int:
        """Return where the `>` of a tag stands, quoted ones skipped as long as quotes are closed at all."""
        place = at
        while self._quotes_close and (stop := _STOP.search(self._html, place)):
            if stop[0] == ">":
                return stop.start()
            closing = self._html.find(stop[0][-1], stop.end())
            if closing < 0:
                break
            place = closing + 1
        # The long way was in vain; quotes are ordinary characters from here on, so that it is gone at most once.
        self._quotes_close = False
        return self._html.find(">", at)

    def _after(self, closing: str, at: int) -> int:
        """Return the place behind `closing`; unclosed markup swallows the rest, as in a browser."""
        end = self._html.find(closing, at)
        return len(self._html) if end < 0 else end + len(closing)

    def _after_element(self, name: str, at: int) -> int:
        closing = _CLOSINGS[name].search(self._html, at)
        return len(self._html) if closing is None else self._after(">", closing.start())


_CLOSINGS = {name: re.compile(f"</{name}(?![a-z0-9])", re.IGNORECASE) for name in _UNSEEN}
