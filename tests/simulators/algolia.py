"""Hacker News' search index as a behaviour of the feed server: range filters, newest first, a page at most."""

import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.simulators.feed_server import HttpRequest

PATH = "/api/v1/search_by_date"
_BOUND = re.compile(r"created_at_i([<>])(\d+)")


class Index:
    """Items (id, epoch second) that become visible when `indexed` is called for them."""

    def __init__(self, items: Iterable[tuple[int, int]] = ()) -> None:
        self.visible = dict(items)
        self._texts: dict[int, str] = {}

    def add(self, items: Iterable[tuple[int, int]]) -> None:
        """Let items be found from now on."""
        self.visible |= dict(items)

    def add_text(self, post_id: int, at: int, text: str) -> None:
        """Let an item with a text of its own be found from now on."""
        self._texts[post_id] = text
        self.visible[post_id] = at

    def __call__(self, asked: HttpRequest) -> None:
        """Answer a search as the API does."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(asked.path).query).items()}
        found = self.search(query["numericFilters"])
        hits = [_hit(post_id, at, self._texts.get(post_id)) for post_id, at in found[: int(query["hitsPerPage"])]]
        body = json.dumps({"hits": hits, "nbHits": len(found), "page": 0}).encode()
        asked.answer(200, body, {"Content-Type": "application/json"})

    def search(self, filters: str) -> list[tuple[int, int]]:
        """Return (id, second) of what lies within the bounds, newest first."""
        found = list(self.visible.items())
        for sign, bound in _BOUND.findall(filters):
            found = [(i, at) for i, at in found if (at > int(bound) if sign == ">" else at < int(bound))]
        return sorted(found, key=lambda item: (-item[1], item[0]))


class Items:
    """Hacker News' own API, for every path without a behaviour of its own: an item, or null for one nobody knows."""

    def __init__(self) -> None:
        self.known: dict[int, dict[str, Any]] = {}

    def put(self, post_id: int, **fields: Any) -> None:
        """Let an item be so from now on."""
        self.known[post_id] = {"id": post_id, "time": 1_700_000_000, "type": "comment", **fields}

    def __call__(self, asked: HttpRequest) -> None:
        """Answer for an item as the API does."""
        found = re.fullmatch(r"/v0/item/(\d+)\.json", asked.path)
        if found is None:
            return asked.answer(404)
        return asked.answer(200, json.dumps(self.known.get(int(found[1]))).encode())


def _hit(post_id: int, at: int, text: str | None) -> dict[str, object]:
    return {
        "objectID": str(post_id),
        "created_at_i": at,
        "author": f"person{post_id % 7}",
        "title": None,
        "comment_text": text or f"remark number {post_id}",
        "points": None,
        "num_comments": None,
        "parent_id": 1,
        "_tags": ["comment"],
    }
