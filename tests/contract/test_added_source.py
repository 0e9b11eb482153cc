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


def test_an_added_source_is_polled_into_the_store_and_told(tmp_path: Path) -> None:
    copy = copy_with_new_source(tmp_path)
    config = tmp_path / "config"
    config.mkdir()
    with FeedServer() as server:
        url = server.serve("/line", status(200, "砸鍋賣鐵 again".encode()))
        (config / "monitor.toml").write_text(
            f'[fetch]\nallow = ["{server.address}"]\n[sources.oneliner]\nurl = "{url}"\n'
        )
        (config / "topics.toml").write_text(
            '[topics.pots]\ntitle = "Pots"\nany = ["砸锅卖铁"]\nsources = ["oneliner"]\n'
        )

        polled = run(copy, "poll", "oneliner", "--once")
        told = run(copy, "digest", "pots")

    assert polled.stdout == "oneliner: 1 post read, 1 matched, 1 new\n", polled.stderr
    assert "▎砸鍋賣鐵 again" in told.stdout, told.stderr


def run(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the copy on a home and a configuration beside it."""
    variables = {"MONITOR_HOME": str(copy.parent / "var"), "MONITOR_CONFIG": str(copy.parent / "config")}
    return subprocess.run(
        [sys.executable, "-m", "monitor", *arguments],
        cwd=copy,
        env={"PYTHONPATH": str(copy), "LC_ALL": "C.UTF-8"} | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
