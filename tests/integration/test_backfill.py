"""`monitor backfill` as a person runs it: the price, the answer, a kill, and the rest."""

import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from monitor.cli.backfill import since_of
from monitor.errors import ConfigError
from monitor.models import Window
from tests.integration.product import Product
from tests.simulators.algolia import PATH, Index
from tests.simulators.bluesky_api import IDENTIFIER, PASSWORD, BlueskyApi
from tests.simulators.feed_server import FeedServer, HttpRequest

NOW = datetime.now(UTC)
PAGES = 5


def a_product(tmp_path: Path, server: FeedServer) -> Product:
    product = Product(tmp_path)
    product.write_topics('[topics.pots]\ntitle = "锅"\nany = ["砸锅卖铁"]\nsources = ["hackernews"]\n')
    source = f'[sources.hackernews]\nurl = "{server.url}/api/v1"\npage = "10"\n'
    product.write_settings(f'[fetch]\nallow = ["{server.address}"]\n{source}')
    return product


def an_index() -> Index:
    index = Index()
    for number in range(1, PAGES * 10 - 3):
        index.add_text(number, int((NOW - timedelta(minutes=25 * number)).timestamp()), f"砸锅卖铁 {number}")
    return index


def wants_posts(path: str) -> bool:
    return parse_qs(urlsplit(path).query)["hitsPerPage"] != ["0"]


def test_a_killed_backfill_goes_on_where_it_was(tmp_path: Path) -> None:
    index, reached, release = an_index(), threading.Event(), threading.Event()

    def stuck_on_the_third_page(asked: HttpRequest) -> None:
        if len([each for each in server.asked if wants_posts(each)]) == 3:
            reached.set()
            release.wait(30)
        index(asked)

    with FeedServer() as server:
        product = a_product(tmp_path, server)
        server.serve(PATH, stuck_on_the_third_page)
        command = (sys.executable, "-m", "monitor", "backfill", "pots", "--since", "1d", "--yes")
        with product.running(*command) as running:
            assert reached.wait(30), running.log
            running.process.kill()
        release.set()
        server.serve(PATH, index)

        refused = product.run("backfill", "pots", "--since", "1d")
        done = product.run("backfill", "pots", "--since", "1d", "--yes")

    pages = [each for each in server.asked if wants_posts(each)]
    assert len(pages) == PAGES + 1, "the page whose answer nobody got is asked for again, and no other"
    assert len(set(pages)) == PAGES
    assert "Go on? [y/N]" in refused.stdout
    assert refused.returncode == 1
    assert "going on after 2 pages" in done.stdout
    assert "In all: $0.00" in done.stdout
    assert "new about pots" in done.stdout
    assert done.returncode == 0, done.stderr
    with product.opened() as monitor:
        found = monitor.mentions.between("pots", Window(NOW - timedelta(days=2), NOW))
    assert len(found) == len(index.visible)
    assert all(each.backfilled for each in found)


@pytest.mark.parametrize(
    ("text", "hours"), [("12h", 12), ("7d", 168), ("2 w", 336), ("2026-11-22", 36), ("2026-11-23T11:00+00:00", 1)]
)
def test_how_far_back_is_read_in_several_forms(text: str, hours: int) -> None:
    noon = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

    assert noon - since_of(text, noon) == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["soon", "7", "-3d", "2027-01-01", "99999d", "2026-13-01"])
def test_what_is_no_past_time_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(ConfigError, match=f'--since "{text}" is n'):
        since_of(text, datetime(2026, 11, 23, 12, 0, tzinfo=UTC))


def test_a_platform_that_tells_by_itself_is_searched_for_each_way_of_writing(tmp_path: Path) -> None:
    with FeedServer() as server:
        api = BlueskyApi(server)
        for text in ("要砸锅卖铁了", "砸鍋賣鐵也不夠", "一口锅"):
            api.add(text, NOW - timedelta(hours=1))
        product = Product(tmp_path)
        product.write_topics('[topics.pots]\ntitle = "锅"\nany = ["砸锅卖铁"]\nsources = ["bluesky"]\n')
        account = (
            f'identifier = "{IDENTIFIER}"\npassword = "{PASSWORD}"\nservice = "{api.url}"\nappview = "{api.url}"\n'
        )
        product.write_settings(f'[fetch]\nallow = ["{server.address}"]\n[sources.bluesky]\n{account}')

        done = product.run("backfill", "pots", "--since", "1d", "--yes")

    assert done.returncode == 0, done.stderr
    with product.opened() as monitor:
        found = monitor.mentions.between("pots", Window(NOW - timedelta(days=1), NOW))
    assert {each.post.text for each in found} == {"要砸锅卖铁了", "砸鍋賣鐵也不夠"}
    assert all(each.backfilled for each in found)
