"""Ways of writing Chinese against OpenCC's own cases, all of them: what it converts, a keyword finds converted.

DEVIATIONS lists each case that ends otherwise here, with the reason; a case that comes right must leave the list.
"""

import re
import tarfile
from functools import cache
from typing import NamedTuple

import msgspec

from monitor.models import Topic
from monitor.topics.matcher.matching import Matcher
from tests.data import data_path

DEVIATIONS: dict[str, str] = {}


class Case(NamedTuple):
    """A text, and the same as a configuration of OpenCC writes it."""

    name: str
    configuration: str
    written: str
    converted: str


@cache
def cases() -> list[Case]:
    """Return every pair of a text and its conversion."""
    with tarfile.open(data_path("suites/opencc.tar.gz")) as files:
        name = next(name for name in files.getnames() if name.endswith("testcases.json"))
        member = files.extractfile(name)
        assert member is not None
        # The file has commas before closing brackets, as JSON5 allows.
        text = re.sub(r",(\s*[}\]])", r"\1", member.read().decode())
    return [
        Case(case["id"], configuration, case["input"], converted)
        for case in msgspec.json.decode(text)["cases"]
        for configuration, converted in case["expected"].items()
    ]


def is_found(keyword: str, text: str) -> bool:
    """Tell whether a keyword is found where a text stands alone."""
    return bool(Matcher([Topic(name="t", title="", any=(keyword,))]).match(f"「{text}」"))


def test_a_keyword_is_found_as_opencc_converts_it_but_for_what_is_listed() -> None:
    missed = {f"{case.name} {case.configuration}" for case in cases() if not is_found(case.written, case.converted)}

    assert len(cases()) > 200
    assert sorted(missed) == sorted(DEVIATIONS)
