"""The simulated Data API against what the real one was recorded to answer: no field, type or kind of its own invention.

There is no description of the API among the data, so one is learned: for each kind of answer which fields there are at
each place, of which types, and which of them are always there.
"""

import json
import tarfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.models import PostKey
from monitor.sources.http import Client
from monitor.sources.youtube import open_source
from tests.data import data_path
from tests.simulators.feed_server import FeedServer
from tests.simulators.youtube import KEY, Api

NOW = datetime(2024, 5, 2, 12, 0, tzinfo=UTC)
KINDS = ("searchListResponse", "videoListResponse", "commentThreadListResponse", "commentListResponse")
PAGING = {"nextPageToken", "prevPageToken"}
"""There where there is a page more, by the documentation; all that was recorded has one."""

ENOUGH = 5
"""So often a field must have been there each time, to be expected."""


class Shape:
    """What was seen at each place of an answer."""

    def __init__(self) -> None:
        self.types: defaultdict[str, set[str]] = defaultdict(set)
        self.parents: Counter[str] = Counter()
        self.fields: Counter[tuple[str, str]] = Counter()
        self.kinds: defaultdict[str, set[str]] = defaultdict(set)

    def learn(self, value: Any, place: str = "$") -> None:
        self.types[place].add(type(value).__name__)
        if isinstance(value, list):
            for each in value:
                self.learn(each, f"{place}[]")
        if isinstance(value, dict):
            self.parents[place] += 1
            for name, each in value.items():
                self.fields[place, name] += 1
                if name == "kind":
                    self.kinds[place].add(each)
                self.learn(each, f"{place}.{name}")

    def problems(self, value: Any, place: str = "$") -> Iterator[str]:
        """Yield what an answer has that was never seen, and lacks that was there each time."""
        if type(value).__name__ not in self.types[place]:
            yield f"{place} is {type(value).__name__}, not {sorted(self.types[place])}"
        if isinstance(value, list):
            for each in value:
                yield from self.problems(each, f"{place}[]")
        if isinstance(value, dict):
            always = {name for (at, name), count in self.fields.items() if at == place and count == self.parents[at]}
            always -= PAGING
            if self.parents[place] >= ENOUGH:
                yield from (f"{place}.{name} is missing" for name in always - set(value))
            if "kind" in value and value["kind"] not in self.kinds[place]:
                yield f"{place} is of kind {value['kind']}"
            for name, each in value.items():
                yield from self.problems(each, f"{place}.{name}")


@pytest.fixture(scope="module")
def shapes() -> dict[str, Shape]:
    found: defaultdict[str, Shape] = defaultdict(Shape)
    with tarfile.open(data_path("recordings/youtube.tar.gz")) as files:
        for member in files.getmembers():
            if member.isfile() and member.name.endswith(".json"):
                file = files.extractfile(member)
                assert file is not None
                answer = json.load(file)
                kind = answer.get("kind", "") if isinstance(answer, dict) else ""
                if kind.removeprefix("youtube#") in KINDS:
                    found[kind].learn(answer)
                elif f"{kind.removeprefix('youtube#')}ListResponse" in KINDS:
                    found[f"{kind}ListResponse"].learn(answer, "$.items[]")  # a thing alone
    assert len(found) == len(KINDS)
    return found


def test_recordings_have_the_shape_that_is_learned_of_them(shapes: dict[str, Shape]) -> None:
    """What is checked can fail: a field of another type, an unknown one, one that is missing."""
    shape = shapes["youtube#videoListResponse"]
    good = {"kind": "youtube#videoListResponse", "etag": "e", "pageInfo": {"totalResults": 0, "resultsPerPage": 0}}

    assert list(shape.problems(good | {"items": []})) == []
    assert list(shape.problems(good | {"items": [], "etag": 1})) == ["$.etag is int, not ['str']"]
    assert list(shape.problems(good | {"items": [], "invented": ""})) == ["$.invented is str, not []"]
    assert list(shape.problems(good)) == ["$.items is missing"]


def test_every_answer_is_of_a_recorded_shape(shapes: dict[str, Shape], server: FeedServer, client: Client) -> None:
    api = Api(lambda: NOW)
    server.serve_everything(api)
    source = open_source(client, {"key": KEY, "url": f"{server.url}/youtube/v3"})
    for number in range(60):
        api.video(f"video{number:06}", "smash pots", NOW - timedelta(minutes=number), comments=2)
    api.comment("video000001", "Ug1", "words", NOW, replies=[("Ug1.2", "more words")])
    cursor = None
    for _ in range(9):
        batch = source.fetch("pots", cursor, NOW)
        cursor = batch.cursor
    source.look_up([PostKey("youtube", "video000001"), PostKey("youtube", "Ug1")], NOW)

    assert {answer["kind"] for answer in api.answers} == set(shapes)
    found = {problem for answer in api.answers for problem in shapes[answer["kind"]].problems(answer)}
    assert not found, "\n".join(sorted(found))
