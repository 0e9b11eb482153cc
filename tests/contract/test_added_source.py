"""A new platform costs one file and one line."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.data import ROOT
from tests.simulators.feed_server import FeedServer, status

NEW_SOURCE = '''
"""A platform that says one thing."""

from collections.abc import Mapping
from datetime import datetime

from monitor.models import Batch, Coverage, Cursor, Post, PostKey
from monitor.sources.http import Client

NAME = "oneliner"


class OneLinerSource:
    """Reads one line."""

    name = NAME

    def __init__(self, client: Client, url: str) -> None:
        self._client = client
        self._url = url

    def fetch(self, query: str, cursor: Cursor | None, now: datetime) -> Batch:
        response = self._client.get(NAME, self._url, now=now)
        batch = parse(response.body, now)
        return Batch(posts=batch.posts, cursor=Cursor("1"), coverage=Coverage(start=now, end=now))


def open_source(client: Client, options: Mapping[str, str]) -> OneLinerSource:
    return OneLinerSource(client, options["url"])


def parse(payload: bytes, now: datetime) -> Batch:
    text = payload.decode()
    return Batch(posts=(Post(key=PostKey(NAME, text[:8]), url=None, text=text, observed_at=now),))
'''

POLL = """
import sys
from datetime import UTC, datetime
from monitor.sources import SOURCES
from monitor.sources.http import Client

assert __import__("monitor").__file__.startswith(sys.argv[3]), "this is not the copy"
source = SOURCES["oneliner"](Client(allow=[sys.argv[2]]), {"url": sys.argv[1]})
batch = source.fetch("", None, datetime(2024, 5, 2, tzinfo=UTC))
print(batch.posts[0].key, batch.posts[0].text)
"""


def copy_with_new_source(folder: Path) -> Path:
    """Return a copy of the product with one file and one line more."""
    copy = folder / "copy"
    shutil.copytree(ROOT / "monitor", copy / "monitor", ignore=shutil.ignore_patterns("__pycache__"))
    sources = copy / "monitor" / "sources"
    (sources / "oneliner.py").write_text(NEW_SOURCE)
    registry = (sources / "__init__.py").read_text()
    line = '    "oneliner": _by("oneliner"),\n'
    before, table, after = registry.partition("= {\n")
    (sources / "__init__.py").write_text(before + table + line + after)
    return copy


def test_a_source_is_added_by_one_file_and_one_line(tmp_path: Path) -> None:
    copy = copy_with_new_source(tmp_path)
    with FeedServer() as server:
        url = server.serve("/line", status(200, "砸锅卖铁 again".encode()))

        done = subprocess.run(
            [sys.executable, "-c", POLL, url, server.address, str(copy)],
            cwd=copy,
            env={"PYTHONPATH": str(copy)},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    assert done.stderr == ""
    assert done.stdout.strip() == "oneliner:砸锅卖铁 aga 砸锅卖铁 again"
