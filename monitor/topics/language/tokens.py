"""The lexer of the keyword language: a query becomes words, phrases and signs, each with its column.

砸锅卖铁 OR "smash pots" -手游   ─►   leaf 1 · OR 6 · leaf 9 · - 22 · leaf 23 · end 25
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Literal, NamedTuple

from monitor.errors import QueryError
from monitor.topics.language.operators import is_operator, named_leaf
from monitor.topics.language.query import Handle, Leaf, Mode, Regex, Tag, Term
from monitor.topics.language.signs import CLOSING_BY_OPENING, CLOSING_ONLY, DOUBLE, STOPS, Typed, typed
from monitor.topics.matcher.regex import compiled
from monitor.topics.values import Wrong, keyword_of

MAX_DISTANCE = 50
"""Words between the two sides of NEAR: more than a paragraph is no nearness."""

MIN_PREFIX = 3
"""Letters before a star, in scripts with spaces: shorter beginnings are those of thousands of words."""

Kind = Literal["leaf", "(", ")", "AND", "OR", "NOT", "-", "NEAR", "end"]

_OPERATORS: dict[str, Kind] = {
    "AND": "AND",
    "&": "AND",
    "&&": "AND",
    "OR": "OR",
    "或": "OR",
    "或者": "OR",
    "NOT": "NOT",
}
"""Only as words of their own, and in capitals: "or" is a word that people look for, as in "sink or swim"."""

_MODES: dict[str, Mode] = {"=": "exact", "~": "loose"}
_NEAR = re.compile(r"NEAR/([0-9]{1,4})")
_LIKE_NEAR = re.compile(r"(?i:NEAR|ONEAR|ADJ|WITHIN|PRE|W)/[0-9]*|NEAR[~0-9]*")
_UNSPACED = re.compile(
    r"(?:^|(?<=[^\x00-\x7f]))(?:OR|AND|NOT|NEAR/[0-9]+)(?=[^\x00-\x7f])|(?<=[^\x00-\x7f])(?:OR|AND|NOT|NEAR/[0-9]+)$"
)
"""Operators without spaces around them, as they are typed between Chinese words."""

_NAMED = re.compile(r"([A-Za-z_]+):")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://|www\.", re.IGNORECASE)
_LISTING = re.compile(r"(?<![0-9]),|,(?![0-9])|[;、]")
_PATTERN = re.compile(r"[/／]((?:[^/\\]|\\.)*+)/", re.DOTALL)
_PAIR = re.compile(r"\\(.)", re.DOTALL)
_HANDLE = re.compile(r"\w[\w.-]*(?:@\w[\w.-]*)?")


class Token(NamedTuple):
    """A piece of a query. `written` is how it was typed; `distance` belongs to NEAR."""

    kind: Kind
    column: int
    written: str
    leaf: Leaf | None = None
    distance: int = 0


def tokens_of(text: str) -> Iterator[Token]:
    """Yield the tokens of a query, the last one "end". Raises QueryError at the first that is wrong."""
    scanner = _Scanner(typed(text))
    while (token := scanner.next()).kind != "end":
        yield token
    yield token


class _Scanner:
    """Reads one token after the other. Everything is decided on narrow signs; words keep theirs."""

    def __init__(self, text: Typed) -> None:
        self._text = text
        self._at = 0

    def next(self) -> Token:
        """Return the token that begins at the next sign, and go behind it."""
        while self._peek().isspace():
            self._at += 1
        start, sign = self._at, self._peek()
        if not sign:
            return Token("end", self._text.column(start), "")
        if sign in "()|":
            return self._sign(sign)
        if sign in "-–":
            return self._exclusion(start)
        try:
            leaf = self._operator(start) or self._leaf(sign)
        except Wrong as wrong:
            raise QueryError(str(wrong), self._text.column(start)) from wrong
        return leaf if isinstance(leaf, Token) else self._token("leaf", start, leaf)

    def _peek(self, ahead: int = 0) -> str:
        return self._text.narrow[self._at + ahead : self._at + ahead + 1]

    def _token(self, kind: Kind, start: int, leaf: Leaf | None = None, distance: int = 0) -> Token:
        written = self._text.written[start : self._at]
        return Token(kind, self._text.column(start), written, leaf, distance)

    def _sign(self, sign: str) -> Token:
        start = self._at
        self._at += 1
        if sign == "|":
            self._at += self._peek() == "|"
            return self._token("OR", start)
        return self._token("(" if sign == "(" else ")", start)

    def _exclusion(self, start: int) -> Token:
        self._at += 1
        following = self._peek()
        if not following or following.isspace() or following in "-–)|":
            raise QueryError(
                "a - excludes the word directly behind it, as in -手游; put the sign itself in quotes",
                self._text.column(start),
            )
        return self._token("-", start)

    def _operator(self, start: int) -> Token | None:
        """Return AND, OR, NOT or NEAR when the word that begins here is one of them."""
        end = self._word_end(start)
        word = self._text.narrow[start:end]
        near = _NEAR.fullmatch(word)
        if word not in _OPERATORS and near is None:
            if _LIKE_NEAR.fullmatch(word):
                raise Wrong(f"to find two words near each other write NEAR/5, not {self._text.written[start:end]}")
            return None
        self._at = end
        if near is None:
            return self._token(_OPERATORS[word], start)
        if int(near[1]) > MAX_DISTANCE:
            raise Wrong(f"NEAR/{int(near[1])} is too far; at most NEAR/{MAX_DISTANCE} is possible")
        return self._token("NEAR", start, distance=int(near[1]))

    def _leaf(self, sign: str) -> Leaf:
        """Return what the word, phrase or sign asks for that begins here."""
        if sign in _REFUSED:
            raise Wrong(_REFUSED[sign])
        if sign in _MODES:
            self._at += 1
            return self._keyword(_MODES[sign])
        match sign:
            case "/":
                return self._regex()
            case "#":
                return self._tag()
            case "@":
                return self._handle()
            case _:
                return self._named() or self._keyword("usual")

    def _named(self) -> Leaf | None:
        """Return a leaf such as lang:zh when the word has a name and a colon; refuse an address."""
        found = _NAMED.match(self._text.narrow, self._at)
        if _ADDRESS.match(self._text.narrow, self._at):
            raise Wrong(_address(self._word()))
        if found is None:
            return None
        self._at = found.end()
        if not is_operator(found[1]):
            return named_leaf(found[1], "")
        return named_leaf(found[1], self._phrase() if self._peek() in CLOSING_BY_OPENING else self._word(narrow=True))

    def _keyword(self, mode: Mode) -> Term:
        """Return a word or a phrase, with a star behind it or not."""
        sign = self._peek()
        if not sign or sign.isspace() or sign in "()|*-=~#@/":
            raise Wrong("a word or a phrase must follow directly, as in =PRC or ~砸锅卖铁")
        if sign in CLOSING_ONLY:
            raise Wrong(f"nothing opens the quote {sign}")
        is_phrase = sign in CLOSING_BY_OPENING
        text = self._phrase() if is_phrase else self._word()
        if is_phrase and self._peek() == "*":
            self._at += 1
            return _prefix(text, mode)
        if not is_phrase and text[-1] in "*＊":
            return _prefix(_plain(text[:-1]), mode)
        return Term(keyword_of(text if is_phrase else _plain(text)), mode)

    def _word_end(self, start: int) -> int:
        narrow, end = self._text.narrow, start
        while end < len(narrow) and not narrow[end].isspace() and narrow[end] not in STOPS:
            end += 1
        return end

    def _word(self, *, narrow: bool = False) -> str:
        """Return the characters up to the next white space, parenthesis or quote."""
        start, self._at = self._at, self._word_end(self._at)
        return (self._text.narrow if narrow else self._text.written)[start : self._at]

    def _phrase(self) -> str:
        """Return what stands between quotes; a backslash takes the next sign as it is."""
        start, opening = self._at, self._peek()
        end = self._closing(start, CLOSING_BY_OPENING[opening])
        if end is None and opening in DOUBLE:
            end = self._closing(start, DOUBLE)
        if end is None:
            closing = CLOSING_BY_OPENING[opening][-1]
            raise QueryError(f"this quote is not closed; write {closing} behind the phrase", self._text.column(start))
        self._at = end + 1
        return " ".join(_PAIR.sub(r"\1", self._text.written[start + 1 : end]).split())

    def _closing(self, start: int, signs: str) -> int | None:
        """Return where the phrase ends that begins at `start`."""
        found = re.compile(rf"(?:[^\\{re.escape(signs)}]|\\.)*+([{re.escape(signs)}])", re.DOTALL)
        phrase = found.match(self._text.narrow, start + 1)
        return None if phrase is None else phrase.start(1)

    def _regex(self) -> Regex:
        found = _PATTERN.match(self._text.written, self._at)
        if found is None:
            raise Wrong("a pattern ends with /, as in /砸锅.{0,3}铁/; to look for the sign / itself, put it in quotes")
        pattern = _PAIR.sub(lambda pair: "/" if pair[1] == "/" else pair[0], found[1])
        start, self._at = self._at, found.end()
        behind = self._peek()
        if behind and not behind.isspace() and behind not in ")|":
            raise Wrong(_behind_pattern(self._text.written[start : self._word_end(self._at)]))
        compiled(pattern)
        return Regex(pattern)

    def _tag(self) -> Tag:
        """Return a hashtag: #this, or #this# as Weibo has it."""
        self._at += 1
        start = self._at
        while self._peek() and _is_of_tag(self._peek()):
            self._at += 1
        name = self._text.written[start : self._at]
        if not name:
            raise Wrong("nothing stands after #; write #砸锅卖铁 without a space, or put the sign in quotes")
        self._at += self._peek() == "#"
        behind = self._peek()
        if behind and not behind.isspace() and behind not in STOPS:
            reason = f"a hashtag is made of letters, digits and _, and #{name} ends here; write a space"
            raise QueryError(f'{reason}, or "#{name}{behind}…" in quotes', self._text.column(self._at))
        return Tag(name)

    def _handle(self) -> Handle:
        found = _HANDLE.match(self._text.narrow, self._at + 1)
        end = self._word_end(self._at)
        if found is None or found.end() != end:
            raise Wrong("an account is written @name, with letters, digits, dots and _ only")
        name = self._text.narrow[self._at + 1 : end].rstrip(".-")
        self._at = end
        return Handle(name)


_REFUSED = {
    "'": 'single quotes make no phrase; write "smash pots" in double ones',
    "+": "a + is not needed: every word must occur; leave it out, or put it in quotes",
    "!": "to exclude a word write -word",
    "—": "this dash excludes nothing; write - directly before the word, or put it in quotes",
    "*": "a * stands at the end of a word, as in smash*; write the beginning of the word",
}


def _prefix(text: str, mode: Mode) -> Term:
    if mode == "loose":
        raise Wrong("~ and * do not go together; write one of them")
    keyword = keyword_of(text)
    if keyword.isascii() and len(keyword) < MIN_PREFIX:
        raise Wrong(f'"{keyword}*" would find thousands of words; write at least {MIN_PREFIX} letters before the *')
    return Term(keyword, mode, is_prefix=True)


def _plain(word: str) -> str:
    """Return a word typed without quotes; refuse what is not meant as one, most likely."""
    if "*" in word or "＊" in word:
        raise Wrong(f'a * stands at the end of a word only, as in smash*; put "{word}" in quotes to look for the sign')
    listed = _LISTING.search(word.replace("，", ",").replace("；", ";"))
    if listed:
        raise Wrong(f'"{listed[0]}" separates nothing here; write OR between words, or put a phrase with it in quotes')
    unspaced = _UNSPACED.search(unicodedata.normalize("NFKC", word))
    if unspaced:
        raise Wrong(f"write spaces around {unspaced[0]}, or put the phrase in quotes")
    if not any(unicodedata.category(char)[0] in "LNS" for char in word):
        raise Wrong(f'"{word}" holds no letter; write a word, or put the sign in quotes')
    return word


def _address(url: str) -> str:
    site = _ADDRESS.sub("", url).split("/")[0] or "rfi.fr"
    return f'this is an address; for links to the site write domain:{site}, for the text itself put it in "quotes"'


def _behind_pattern(written: str) -> str:
    flags = written.rpartition("/")[2]
    if re.fullmatch("[a-z]{1,3}", flags):
        return f"nothing may stand behind the last /; write (?{flags}) at the beginning of the pattern instead"
    return f'between slashes stands a pattern; write a space behind it, or put "{written[:40]}" in quotes'


def _is_of_tag(char: str) -> bool:
    return char.isalnum() or char in "_·\u200c\u200d" or unicodedata.category(char)[0] == "M"
