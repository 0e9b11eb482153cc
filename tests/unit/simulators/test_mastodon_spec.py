"""The simulated instance, and what we ask of it, against the published description of Mastodon's API."""

import gzip
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

from monitor.models import PostKey, Window
from monitor.sources.http import Client, Limits
from monitor.sources.mastodon import open_source
from tests.data import data_path
from tests.simulators.feed_server import FeedServer
from tests.simulators.mastodon import Instance, a_link, a_tag

NOW = datetime(2024, 5, 2, 12, 0, tzinfo=UTC)
PYTHON = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict, "null": type(None)}


class Spec:
    """An OpenAPI 3.1 description, as far as answers of GETs need it."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document

    def operation(self, path: str) -> dict[str, Any]:
        """Return the GET of a path; of two that fit, the one without a variable."""
        for template in sorted(self._document["paths"], key=lambda each: "{" in each):
            if (
                re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", template), path)
                and "get" in self._document["paths"][template]
            ):
                found: dict[str, Any] = self._document["paths"][template]["get"]
                return found
        raise AssertionError(f"no such method: {path}")

    def problems(self, value: Any, schema: dict[str, Any], place: str = "$") -> list[str]:
        """Return what is wrong with an answer."""
        schema = self._resolved(schema)
        if "oneOf" in schema or "anyOf" in schema:
            choices = schema.get("oneOf") or schema["anyOf"]
            found = [self.problems(value, choice, place) for choice in choices]
            return min(found, key=len)
        kinds = schema.get("type", [])
        kinds = [kinds] if isinstance(kinds, str) else kinds
        if kinds and not any(isinstance(value, PYTHON[kind]) for kind in kinds):
            return [f"{place} is {type(value).__name__}, not {kinds}"]
        if "enum" in schema and value not in schema["enum"]:
            return [f"{place} is {value!r}, not one of {schema['enum']}"]
        if isinstance(value, list):
            return [
                p for n, each in enumerate(value) for p in self.problems(each, schema.get("items", {}), f"{place}[{n}]")
            ]
        if not isinstance(value, dict):
            return []
        missing = [f"{place}.{name} is missing" for name in schema.get("required", []) if name not in value]
        known = schema.get("properties", {})
        return missing + [
            p for name in value if name in known for p in self.problems(value[name], known[name], f"{place}.{name}")
        ]

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema:
            found: Any = self._document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            schema = found
        return schema


@pytest.fixture(scope="module")
def spec() -> Spec:
    with gzip.open(data_path("specs/mastodon_openapi.json.gz")) as file:
        return Spec(json.load(file))


def test_what_is_asked_and_answered_is_what_the_api_describes(spec: Spec, server: FeedServer, client: Client) -> None:
    instance = Instance(server.address, lambda: NOW)
    server.serve_everything(instance)
    link = "https://news.example/1"
    instance.trending["links"], instance.trending["tags"] = [a_link(link)], [a_tag("pots"), a_tag("iron")]
    uris = [
        instance.post(f"words {n}", NOW - timedelta(minutes=n), tags=("pots",), card=a_link(link)) for n in range(50)
    ]
    instance.trending["statuses"] = list(instance.statuses.values())
    source = open_source(client, {"instances": server.url})
    for query in ("#pots #iron #tin", "trends", "public", "public:local"):
        batch = source.fetch(query, None, NOW)
        while batch.more:
            batch = source.fetch(query, batch.cursor, NOW)
        source.fetch(query, batch.cursor, NOW + timedelta(minutes=10))
    keys = [PostKey("mastodon", uri) for uri in uris]
    source.look_up(keys[:5], NOW)
    source.look_up(keys[:1], NOW)
    window = Window(NOW - timedelta(hours=2), NOW)
    source.price("#pots", window, NOW)
    source.back("#pots", window, None, NOW)

    assert len(instance.paths) > 15
    for asked, answer in zip(instance.paths, instance.answers, strict=True):
        path = unquote(urlsplit(asked).path)
        operation = spec.operation(path)
        names = {parameter["name"] for parameter in operation.get("parameters", [])}
        assert {name.removesuffix("[]") for name, _ in parse_qsl(urlsplit(asked).query)} <= names, asked
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        assert spec.problems(answer, schema) == [], asked


@pytest.fixture
def server() -> Any:
    with FeedServer() as running:
        yield running


@pytest.fixture
def client(server: FeedServer) -> Any:
    client = Client(limits=Limits(deadline=5), allow=[server.address])
    yield client
    client.close()


def test_the_judge_finds_what_is_wrong(spec: Spec) -> None:
    operation = spec.operation("/api/v1/statuses/1")
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]

    found = spec.problems({"id": 1, "content": "x", "visibility": "secret"}, schema)

    assert "$.id is int, not ['string']" in found
    assert "$.uri is missing" in found
    assert any("secret" in problem for problem in found)
