"""Hashtags, mentions, addresses and cashtags against the cases of twitter-text, all of them.

DEVIATIONS lists each case that ends otherwise here, with the reason; a case that comes right must leave the list.
"""

import tarfile
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
import yaml

from monitor.models import Topic
from monitor.text.entities import hashtags, mentions
from monitor.text.urls import link_spans
from monitor.topics.matcher.matching import Matcher
from tests.data import data_path

NO_SCHEME = "what names no scheme is no link here: domain: asks where links lead, and help.me is mostly a sentence"
NO_DNS = "whether a host can exist is not asked: what looks like a link says nothing, and leads nowhere we would go"
HAN_ENDS = (
    "an address ends where Han, kana or Hangul begins, for running text follows without a space; hosts in Han wait"
)
BEHIND_SIGN = "an address behind #, @ or $ is an address to its reader all the same"
MARKS = "with the marks of direction behind it, which no host or path has; and no scheme"
FEDIVERSE = "@test@example.com is an account of the Fediverse"
TCO = "the slugs of t.co have no rule of their own"
BAR = "an address ends at |, which RFC 3986 does not allow in it"

DEVIATIONS: dict[str, dict[str, str]] = {
    "mentions": {
        "Extract lone metion but not @user@user (too close to an email)": FEDIVERSE,
    },
    "urls": {
        "DO NOT Extract URL with domain preceeded by underscore: "
        "http://domain-begin_dash_2314352345_dfasd.foo-cow_4352.com": NO_DNS,
        "DO NOT Extract a hyphenated TLD (even though it's usually a typo)": NO_DNS,
        "DO NOT extract URL if preceded by $": BEHIND_SIGN,
        "DO NOT extract URLs containing leading dashes in the domain name": NO_DNS,
        "DO NOT extract URLs containing leading dashes in the domain with a subdomain": NO_DNS,
        "DO NOT extract URLs containing leading dashes in the subdomain": NO_DNS,
        "DO NOT extract URLs containing leading underscores in the domain with a subdomain": NO_DNS,
        "DO NOT extract URLs containing leading underscores in the subdomain": NO_DNS,
        "DO NOT extract URLs containing trailing dashes in the domain name": NO_DNS,
        "DO NOT extract URLs containing trailing dashes in the domain with a subdomain": NO_DNS,
        "DO NOT extract URLs containing trailing dashes in the subdomain": NO_DNS,
        "DO NOT extract URLs containing trailing underscores in the domain with a subdomain": NO_DNS,
        "DO NOT extract URLs containing trailing underscores in the subdomain": NO_DNS,
        "DO NOT extract URLs containing underscores in the domain name": NO_DNS,
        "DO NOT extract URLs containing underscores in the tld": NO_DNS,
        "DO NOT extract URLs in hashtag or @mention": BEHIND_SIGN,
        "DO NOT extract URLs with > 40 characters in a t.co slug": NO_DNS,
        "DO NOT extract invalid URL": NO_DNS,
        "DO NOT extract invalid URL: http://no-tld": NO_DNS,
        "DO NOT extract invalid URL: http://tld-too-short.x": NO_DNS,
        "Extract URL before newline": NO_SCHEME,
        "Extract URLs beginning with a non-breaking space (U+00A0)": NO_SCHEME,
        "Extract URLs beginning with a space": NO_SCHEME,
        "Extract URLs with a - in the middle": NO_SCHEME,
        "Extract URLs with and without protocol surrounded by CJK characters": NO_SCHEME,
        "Extract URLs without protocol not on (com|org|edu|gov|net) domains": NO_SCHEME,
        "Extract URLs without protocol on (com|org|edu|gov|net) domains": NO_SCHEME,
        "Extract URLs without protocol on ccTLD with slash": NO_SCHEME,
        "Extract a lone unicode url": HAN_ENDS,
        "Extract a lone unicode url with -": HAN_ENDS,
        "Extract a t.co URL with a trailing hyphen": TCO,
        "Extract domain followed by Japanese characters": NO_SCHEME,
        "Extract long URL without protocol surrounded by CJK characters": NO_SCHEME,
        "Extract non-ASCII host name URLs with protocol, but ignore host names bigger than 63 characters. "
        "Also handle exceptions for non-ASCII hostnames longer than 256 characters": HAN_ENDS,
        "Extract short URL without protocol surrounded by CJK characters": NO_SCHEME,
        "Extract short URLs without protocol on ccTLD domains without path": NO_SCHEME,
        "Extract some (tv|co) short URLs without protocol on ccTLD domains without path": NO_SCHEME,
        "Extract valid URL ELPAÍS.com": NO_SCHEME,
        "Extract valid URL http://www.foo.com/bar-path/some.stm?param1=foo;param2=P1|0||P2|0": BAR,
    },
    "urls_with_indices": {
        "Extract URLs with IDN(not encoded)": HAN_ENDS,
        "Extract URLs with and without protocol surrounded by CJK characters": NO_SCHEME,
        "Extract URLs without protocol on ccTLD with slash": NO_SCHEME,
        "Extract URLs without protocol surrounded by CJK characters": NO_SCHEME,
        "Extract t.co URLs skipping trailing characters and adjusting indices correctly": TCO,
    },
    "urls_with_directional_markers": {
        "Extract URLs from RTL text": MARKS,
        "Extract URLs from RTL text with embedded directional marks": MARKS,
    },
}


def mention_names(text: str) -> list[str]:
    return [mention.name for mention in mentions(text)]


def tag_names(text: str) -> list[str]:
    return [tag.name for tag in hashtags(text)]


def mentions_with_indices(text: str) -> list[dict[str, Any]]:
    return [{"screen_name": mention.name, "indices": list(mention.span)} for mention in mentions(text)]


def hashtags_with_indices(text: str) -> list[dict[str, Any]]:
    return [{"hashtag": tag.name, "indices": list(tag.span)} for tag in hashtags(text)]


def links(text: str) -> list[str]:
    return [text[span.start : span.end] for span in link_spans(text)]


def links_with_indices(text: str) -> list[dict[str, Any]]:
    return [{"url": text[span.start : span.end], "indices": list(span)} for span in link_spans(text)]


EXTRACTORS: dict[str, Callable[[str], object]] = {
    "mentions": mention_names,
    "mentions_with_indices": mentions_with_indices,
    "urls": links,
    "urls_with_indices": links_with_indices,
    "urls_with_directional_markers": links,
    "tco_urls_with_params": links,
    "hashtags": tag_names,
    "hashtags_from_astral": tag_names,
    "hashtags_with_indices": hashtags_with_indices,
}


@cache
def suite() -> dict[str, list[dict[str, Any]]]:
    """Return the cases of extraction by their section."""
    with tarfile.open(data_path("suites/twitter_text.tar.gz")) as files:
        member = files.extractfile("./conformance/extract.yml")
        assert member is not None
        tests: dict[str, list[dict[str, Any]]] = yaml.safe_load(member)["tests"]
    return tests


def otherwise(section: str) -> Iterator[str]:
    """Yield the descriptions of the cases that end otherwise here."""
    for case in suite()[section]:
        if EXTRACTORS[section](case["text"]) != case["expected"]:
            yield case["description"]


@pytest.mark.parametrize("section", EXTRACTORS)
def test_extraction_follows_twitter_text_but_for_what_is_listed(section: str) -> None:
    assert sorted(otherwise(section)) == sorted(DEVIATIONS.get(section, {}))


@pytest.mark.parametrize("number", range(8))
def test_every_cashtag_can_be_a_keyword(number: int) -> None:
    case = suite()["cashtags"][number]
    wanted = tuple(f"${name}" for name in case["expected"])

    found = Matcher([Topic(name=name, title="", any=(name,)) for name in wanted]).match(case["text"])

    assert [match.topic for match in found] == list(wanted)
