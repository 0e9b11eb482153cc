"""The query language of X as its documentation has it, strictly: what it refuses, it refuses with the place.

    query    = either { either }                 a space is AND, and binds tighter than OR
    either   = part { "OR" part }  …             written as: conjunction { "OR" conjunction }
    part     = ["-"] operator | "(" query ")"    no group may be negated
    operator = word | "phrase" | #tag | @name | url:… | lang:… | min_likes:… | is:… | has:… | from:…

https://docs.x.com/x-api/posts/search/integrate/build-a-query and …/operators
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple, Protocol

LONGEST = 512
_TOKEN = re.compile(
    r"""\s*(?:(?P<open>\()|(?P<close>\))|(?P<minus>-)(?=\S)|(?P<named>(?P<key>[a-z_]+):(?P<value>"[^"]*"|[^\s()"]+))"""
    r"""|"(?P<phrase>[^"]*)"|(?P<tag>[#＃]\w+)|(?P<name>@\w+)|(?P<word>[^\s()"]+))"""
)
_NUMBERED = ("min_likes", "min_replies", "min_reposts")
_WITHDRAWN = ("min_faves", "min_retweets")
_DEPENDENT = (*_NUMBERED, "lang", "is", "has")
"""Operators that need another one beside them."""

_CODES = """
am de ml sk ar dv sl hy el ckb eu gu mr es bn ht ne sv bs iw no tl bg hi fa ta my in pl te hr is pt th ca it pa tr cs ja
ro uk da kn ru ur nl km sr ug en ko zh-TW zh-CN si vi et lo sd cy fi lv fr lt ka hu
"""
_LANGUAGES = frozenset(_CODES.split())
_IS = frozenset(("retweet", "reply", "quote", "verified"))
_HAS = frozenset(("links", "images", "media", "mentions", "hashtags", "cashtags", "videos", "geo"))
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff]"
)


class Refused(Exception):
    """A query that X does not take, and at which character, counted from 1."""

    def __init__(self, said: str, at: int) -> None:
        super().__init__(said, at)
        self.said, self.at = said, at


class Matched(Protocol):
    """What a query can ask of a post."""

    @property
    def text(self) -> str: ...
    @property
    def urls(self) -> Sequence[str]: ...
    @property
    def lang(self) -> str: ...
    @property
    def author(self) -> str: ...
    @property
    def metrics(self) -> Mapping[str, int]: ...
    @property
    def reference(self) -> tuple[str, int] | None: ...


Holds = Callable[[Matched], bool]


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


class _Part(NamedTuple):
    """A piece of the tree: whether it holds of a post, and whether it can stand alone."""

    holds: Holds
    can_stand: bool


def compiled(query: str, longest: int = LONGEST) -> Holds:
    """Return what a query asks of a post; raise Refused."""
    if not query.strip():
        raise Refused("query: must not be empty", 1)
    if len(query) > longest:
        raise Refused(
            f"There were errors processing your request: query is {len(query)} characters, the limit is {longest}",
            longest + 1,
        )
    reader = _Reader(list(_tokens(query)), len(query) + 1)
    part = reader.either()
    if reader.kind:
        raise Refused(f"unexpected '{reader.token.text}'", reader.token.at)
    if not part.can_stand:
        raise Refused("a query needs at least one standalone operator", 1)
    return part.holds


def _tokens(query: str) -> Iterator[_Token]:
    at = 0
    while at < len(query.rstrip()):
        found = _TOKEN.match(query, at)
        if found is None or found.end() == at:
            raise Refused(f"no viable alternative at character '{query[at]}'", at + 1)
        kind = "named" if found["named"] else str(found.lastgroup)
        text = found[kind] if kind != "named" else found["named"]
        place = found.start(kind) + (kind != "phrase")  # at its quotation mark
        if kind == "word" and text in ("AND", "NOT"):
            raise Refused(f"ambiguous use of {text.lower()} as a keyword; quote it", place)
        yield _Token("or" if kind == "word" and text == "OR" else kind, text, place)
        at = found.end()


class _Reader:
    def __init__(self, tokens: list[_Token], end: int) -> None:
        self._tokens, self._end = [*tokens, _Token("", "", end)], end

    @property
    def token(self) -> _Token:
        return self._tokens[0]

    @property
    def kind(self) -> str:
        return self.token.kind

    def take(self) -> _Token:
        return self._tokens.pop(0)

    def either(self) -> _Part:
        parts = [self.together()]
        while self.kind == "or":
            self.take()
            parts.append(self.together())
        if len(parts) == 1:
            return parts[0]
        return _Part(lambda post: any(each.holds(post) for each in parts), all(each.can_stand for each in parts))

    def together(self) -> _Part:
        parts = []
        while self.kind not in ("", "or", "close"):
            parts.append(self.part())
        if not parts:
            raise Refused(f"missing operator before '{self.token.text or 'the end'}'", self.token.at)
        return _Part(lambda post: all(each.holds(post) for each in parts), any(each.can_stand for each in parts))

    def part(self) -> _Part:
        token = self.take()
        if token.kind == "minus":
            if self.kind == "open":
                raise Refused("negation of a group is not supported", token.at)
            inner = self.part()
            return _Part(lambda post: not inner.holds(post), False)
        if token.kind == "open":
            inner = self.either()
            if self.take().kind != "close":
                raise Refused("missing ')'", self._end)
            return inner
        return _operator(token)


def _operator(token: _Token) -> _Part:
    match token.kind:
        case "word":
            wanted = tokens_of(token.text)
            return _Part(lambda post: _has_phrase(post, wanted), bool(wanted))
        case "phrase":
            if not (wanted := tokens_of(token.text)):
                raise Refused("an empty phrase", token.at)
            return _Part(lambda post: _has_phrase(post, wanted), True)
        case "tag":
            tag = token.text[1:].casefold()
            return _Part(lambda post: tag in _tags(post.text), True)
        case "name":
            name = token.text.casefold()
            return _Part(lambda post: name in post.text.casefold().split(), True)
        case "named":
            return _named(token)
        case _:
            raise Refused(f"unexpected '{token.text}'", token.at)


def _named(token: _Token) -> _Part:
    key, _, value = token.text.partition(":")
    value = value.strip('"')
    if key in _WITHDRAWN:
        raise Refused(f"the operator '{key}' is not available", token.at)
    if key in _NUMBERED:
        if not value.isdecimal():
            raise Refused(f"'{value}' is no number", token.at)
        name = {"min_likes": "like_count", "min_replies": "reply_count", "min_reposts": "retweet_count"}[key]
        return _Part(lambda post: post.metrics[name] >= int(value), False)
    if key == "lang":
        if value not in _LANGUAGES:
            raise Refused(f"'{value}' is no language", token.at)
        return _Part(lambda post: post.lang == value or (value[:2] == "zh" and post.lang == "zh"), False)
    if key == "url":
        return _Part(lambda post: any(_in_url(value, url) for url in post.urls), True)
    if key == "from":
        return _Part(lambda post: post.author == value, True)
    if (key, value) == ("is", "retweet"):
        return _Part(lambda post: post.reference is not None and post.reference[0] == "retweeted", False)
    if (key == "is" and value in _IS) or (key == "has" and value in _HAS):
        return _Part(lambda _: False, False)
    raise Refused(f"invalid operator '{key}'", token.at)


@lru_cache(100_000)
def tokens_of(text: str) -> tuple[str, ...]:
    """Return the tokens of a text: between punctuation, symbols and separators, without case and diacritics."""
    folded = "".join(
        char for char in unicodedata.normalize("NFKD", text.casefold()) if unicodedata.category(char) != "Mn"
    )
    return tuple("".join(char if unicodedata.category(char)[0] in "LMN" else " " for char in folded).split())


def _has_phrase(post: Matched, wanted: Sequence[str]) -> bool:
    """Tell whether tokens follow each other. What has no spaces is found within a run, as x.com finds it."""
    found = tokens_of(" ".join((post.text, *post.urls)) if post.urls else post.text)
    if any(map(_UNSPACED.search, wanted)):
        return "".join(wanted) in " ".join(found) or " ".join(wanted) in " ".join(found)
    size = len(wanted)
    if size == 1 and wanted[0] in found:
        return True
    return any(_parts(found[at : at + size], wanted) for at in range(len(found) - size + 1))


def _parts(found: Sequence[str], wanted: Sequence[str]) -> bool:
    return all(one in _pieces(other) for one, other in zip(wanted, found, strict=True))


def _pieces(token: str) -> list[str]:
    """Return a token, and the runs of it that are Latin beside Han."""
    return [token, *_UNSPACED.sub(" ", token).split()]


def _tags(text: str) -> set[str]:
    return {found[1].casefold() for found in re.finditer(r"[#＃](\w+)", text)}


def _in_url(value: str, url: str) -> bool:
    wanted, found = tokens_of(value), tokens_of(url)
    return any(found[at : at + len(wanted)] == wanted for at in range(len(found) - len(wanted) + 1))
