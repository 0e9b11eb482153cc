"""How the contract suite asks each source: found in its golden folder, by the source's name."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from monitor.models import Batch
from monitor.protocols import Source
from monitor.sources import SOURCES
from monitor.sources.http import Client

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
NOW = datetime(2024, 5, 2, 12, 0, tzinfo=UTC)


class Case(NamedTuple):
    """A source and one way to ask it."""

    name: str
    payload: Path
    query: str
    options: Mapping[str, str]
    is_archive: bool

    def open(self, client: Client) -> Source:
        """Build the source as the wiring does."""
        return SOURCES[self.name](client, self.options)


def payloads(name: str) -> list[Path]:
    """Return the golden payloads of a source."""
    expected = sorted((GOLDEN / name).glob("*.expected.json"))
    return [path.with_name(path.name.removesuffix(".expected.json")) for path in expected]


def case(name: str, payload: Path, server: str) -> Case:
    """Return how to ask a source for this payload from this server."""
    asked = json.loads((GOLDEN / name / "case.json").read_text())
    options = {key: _filled(value, payload, server) for key, value in asked.get("options", {}).items()}
    return Case(name, payload, _filled(asked["query"], payload, server), options, asked.get("is_archive", False))


def parser(name: str) -> Callable[[bytes, datetime], Batch]:
    """Return the public, pure `parse` of the source's module."""
    parse: Callable[[bytes, datetime], Batch] = import_module(f"monitor.sources.{name}").parse
    return parse


def _filled(text: str, payload: Path, server: str) -> str:
    return text.replace("{server}", server).replace("{payload}", str(payload))
