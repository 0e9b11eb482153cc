"""Hashtags, mentions of accounts and addresses in a text, and where they stand. Any str is taken, in linear time.

Hashtags and mentions follow twitter-text (https://github.com/twitter/twitter-text), which other platforms copied, with
what they add: #话题# of Weibo, @name@host of Mastodon, @name.host of Bluesky, @名字 of Weibo.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from monitor.models import Span
from monitor.text.urls import link_spans

MAX_TAG = 140
"""Characters of a hashtag that are read; no platform has longer ones."""

_IN_TAGS = frozenset(
    "_\u200c\u200d\ua67e\u05be\u05f3\u05f4\uff5e\u301c\u309b\u309c\u30a0\u30fb\u3003\u0f0b\u0f0c\u00b7"
)
_SIGN = re.compile("[#＃]")
_WEIBO_TAG = re.compile(r"[#＃]([^\s#＃@＠\[\]()](?:[^#＃\n@＠\[\]()]{0,60}[^\s#＃@＠\[\]()’'”\"])?)[#＃]")
_HAN = re.compile("[\u3400-\u9fff]")

_MENTION = re.compile(
    r"(?:(?<![A-Za-z0-9_!#$%&*@＠])|(?<![A-Za-z0-9_+~.-][Rr][Tt])(?<=[Rr][Tt]))[@＠]"
    r"((?>[A-Za-z0-9_]{1,64}(?:[.-][A-Za-z0-9_]{1,64}){0,8}(?:@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8})?))"
    r"(?![@＠\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff]|://)"
    r"|[@＠]([\u3400-\u9fff][\u3400-\u9fffA-Za-z0-9_-]{1,29})"
)
_MIXED_NAME = re.compile(
    r"(?<![A-Za-z0-9_])[@＠]([A-Za-z0-9_-]{1,30}[\u3400-\u9fff][\u3400-\u9fffA-Za-z0-9_-]{0,29})"
    r"(?=[\s:：@＠]|\Z)"
)
"""A name of Weibo that begins with Latin letters; where Han goes on to a sign, it is a sentence behind a name of X."""

_NAME = re.compile(r"[@＠]([A-Za-z0-9_\u3400-\u9fff-]{1,30})")
_SURE_NAME = re.compile(r"//[@＠]([A-Za-z0-9_\u3400-\u9fff-]{1,30})(?=[:：])")
_MAIL = re.compile(r"[A-Za-z0-9_.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")
_BARE = re.compile(
    r"(?<![A-Za-z0-9@＠._-])(?:[A-Za-z0-9-]{1,63}\.){1,8}(?:"
    r"(?:com|org|net|gov|edu|info|io|co|cn|hk|tw|jp|uk|de|fr|ly|gl|me|tv|im)(?=[/?#]\S)|(?:com|org|net|gov|edu)(?![A-Za-z0-9-]))"
    r"(?:[/?#][!-~]*)?",
    re.IGNORECASE,
)


class Entity(NamedTuple):
    """A name without its sign, and where it stands with it."""

    name: str
    span: Span


def hashtags(text: str) -> list[Entity]:
    """Return the hashtags of a text, in order."""
    if "#" not in text and "＃" not in text:
        return []
    links = addresses(text)
    tags = _hashtags(text)
    return [tag for tag in tags if not any(link.start <= tag.span.start < link.end for link in links)]


def mentions(text: str) -> list[Entity]:
    """Return the accounts that a text mentions, in order."""
    if "@" not in text and "＠" not in text:
        return []
    sure = [Entity(found[1], Span(found.start() + 2, found.end())) for found in _SURE_NAME.finditer(text)]
    sure.extend(Entity(found[1], Span(*found.span())) for found in _MIXED_NAME.finditer(text))
    others = (Entity(found[1] or found[2], Span(*found.span())) for found in _MENTION.finditer(text))
    by_start = {each.span.start: each for each in (*others, *sure)}
    # Names follow each other without a space on Weibo; behind a letter a sign would begin the second half of a mail.
    for each in list(by_start.values()):
        end = each.span.end
        while end not in by_start and (found := _NAME.match(text, end)) is not None:
            by_start[end] = Entity(found[1], Span(*found.span()))
            end = found.end()
    return [by_start[start] for start in sorted(by_start)]


def addresses(text: str) -> list[Span]:
    """Return where links, e-mail addresses and bare names of hosts stand."""
    if "." not in text and "://" not in text:
        return []
    spans = [*link_spans(text), *(Span(*found.span()) for found in _BARE.finditer(text))]
    if "@" in text:
        spans.extend(Span(*found.span()) for found in _MAIL.finditer(text))
    return sorted(spans)


def names_and_addresses(text: str) -> list[Span]:
    """Return where a text names accounts, hosts and pages, which is not what it says; merged, in order."""
    merged: list[Span] = []
    if not any(sign in text for sign in (".", "://", "@", "＠")):
        return merged
    for span in sorted((*addresses(text), *(mention.span for mention in mentions(text)))):
        if merged and span.start < merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(span.end, merged[-1].end))
        else:
            merged.append(span)
    return merged


def _hashtags(text: str) -> Iterator[Entity]:
    position = 0
    while (sign := _SIGN.search(text, position)) is not None:
        start = sign.start()
        weibo = _WEIBO_TAG.match(text, start)
        if weibo is not None and (" " not in weibo[1] or _HAN.search(weibo[1])) and not weibo[1].isdecimal():
            yield Entity(weibo[1], Span(*weibo.span()))
            position = weibo.end()
            continue
        end = _tag_end(text, start + 1)
        if _is_tag(text, start, end):
            yield Entity(text[start + 1 : end], Span(start, end))
        position = end


def _tag_end(text: str, start: int) -> int:
    end = start
    while end < min(len(text), start + MAX_TAG) and (_is_letter_or_digit(text[end]) or text[end] in _IN_TAGS):
        end += 1
    return end


def _is_tag(text: str, start: int, end: int) -> bool:
    """Tell whether a sign and what follows it is a hashtag: a letter in it, nothing of a word before, no address."""
    if start and (
        (_is_letter_or_digit(text[start - 1]) and not _is_selector(text[start - 1])) or text[start - 1] in "_&/"
    ):
        return False
    if text[end : end + 3] == "://" or text[end : end + 1] in ("#", "＃"):
        return False
    return any(char.isalpha() or unicodedata.category(char)[0] == "M" for char in text[start + 1 : end])


def _is_letter_or_digit(char: str) -> bool:
    return char.isalpha() or unicodedata.category(char) in ("Nd", "Mn", "Mc", "Me")


def _is_selector(char: str) -> bool:
    return char in "\ufe0e\ufe0f\u20e3"
