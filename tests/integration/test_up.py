"""`monitor up` as a person uses it, with real processes, a real store and real feeds on a server that misbehaves."""

import json
import os
import re
import signal
import socket
import sys
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from monitor.models import Query, Window
from monitor.store.fsck import check
from tests.integration.corpus import documents, wanted
from tests.integration.product import PATIENCE, Product, wait_until
from tests.simulators.feed_server import (
    FeedServer,
    compressed,
    cut,
    document,
    drip,
    gzip_bomb,
    in_turn,
    moved,
    status,
)

RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>Northern Post</title><link>https://northern.example/</link>
<item><guid>{name}-1</guid><title>{title} {name}</title><link>https://northern.example/{name}/1</link>
<pubDate>{date}</pubDate></item>
<item><guid>{name}-2</guid><title>Smash pots and sell iron, they said {name}</title>
<link>https://northern.example/{name}/2</link><pubDate>{date}</pubDate></item>
<item><guid>{name}-3</guid><title>The weather {name}</title><link>https://northern.example/{name}/3</link></item>
</channel></rss>"""

TOPICS = """
feeds = [{feeds}]

[topics.pots]
title = "砸锅卖铁"
any = ["砸锅卖铁", "smash pots and sell iron"]
sources = ["rss"]
every = "30s"
"""


def feed(name: str, title: str = "某县成立「砸鍋賣鐵」专班") -> bytes:
    """Return a feed of three posts; two feeds of one title are near copies of each other."""
    date = (datetime.now(UTC) - timedelta(hours=1)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    return RSS.format(name=name, title=title, date=date).encode()


@pytest.fixture
def product(tmp_path: Path) -> Product:
    return Product(tmp_path)


def follow(product: Product, server: FeedServer, urls: list[str], extra: str = "") -> None:
    product.write_topics(TOPICS.format(feeds=", ".join(f'"{url}"' for url in urls)))
    by_name = server.address.replace("127.0.0.1", "localhost")
    product.write_settings(f'[fetch]\nallow = ["{server.address}", "{by_name}"]\n{extra}')


def test_up_polls_shows_and_stops_in_time(product: Product) -> None:
    with FeedServer() as server:
        new = server.serve("/new", document(feed("new"), etag='"1"'))
        urls = [
            new,
            server.serve("/moved", moved(301, new + "?to")),
            server.serve("/late", in_turn(status(503, headers={"Retry-After": "1"}), document(feed("late")))),
            server.serve("/packed", compressed(feed("packed", "记者问局长:何时砸鍋賣鐵,又有谁来买?"))),
            server.serve("/slow", drip(feed("slow"), 0.0005)),
        ]
        # Of a host of their own: five failures in a row let a host rest, and which feed is read when is by chance.
        broken = [
            server.serve("/gone", status(410)),
            server.serve("/cut", cut(feed("cut"), 300)),
            server.serve("/html", document(b"<html><body>Sorry</body></html>", content_type="text/html")),
            server.serve("/nothing", document(b"[]", content_type="application/json")),
            server.serve("/bomb", gzip_bomb(200_000_000)),
        ]
        broken = [url.replace("127.0.0.1", "localhost") for url in broken]
        urls += broken
        follow(product, server, urls)
        with product.running() as up:
            page = re.search(r"http://\S+", up.says("page on"))
            up.says("ready")
            for url in urls:
                up.says(f"query=rss:{url} ")
            assert page is not None
            wait_until(lambda: "#砸锅卖铁" in read(page[0]) and "packed" in read(page[0]))
            shown = read(page[0])
            again = product.run("up")
            doctor = product.run("doctor")
            started = datetime.now(UTC)
            code = up.stop()
            stopped_in = datetime.now(UTC) - started

        assert code == 0, up.log
        assert stopped_in < timedelta(seconds=10)
        assert "shutdown (MainProcess)" not in up.log, "Celery spoke past the log"
        assert "Traceback" not in up.log
        assert again.returncode == 5
        assert again.stderr.count("\n") == 1
        assert "already running" in again.stderr
        assert "Smash pots and sell iron" in shown
        assert doctor.returncode == 1
        for url in broken:
            assert re.search(rf"✗ rss:{url}: not read", doctor.stdout), (url, doctor.stdout)
        with product.opened() as monitor:
            day = Window(datetime.now(UTC) - timedelta(days=1), datetime.now(UTC))
            stored = {mention.post.text for mention in monitor.mentions.between("pots", day)}
            # What was late may have come meanwhile, where this took longer than half a minute.
            assert {text.split()[-1] for text in stored} - {"late"} == {"new", "packed", "slow"}
            assert len([text for text in stored if not text.endswith("late")]) == 6
            assert check(monitor.connection) == []


def read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        return str(answer.read().decode())


def test_a_second_look_costs_a_304_and_brings_nothing_twice(product: Product) -> None:
    with FeedServer() as server:
        url = server.serve("/f", document(feed("f"), etag='"1"', last_modified="Mon, 02 Mar 2026 10:00:00 GMT"))
        follow(product, server, [url])

        first = product.run("poll", "rss", "--once")
        second = product.run("poll", f"rss:{url}", "--once")

        assert "3 posts read, 2 matched, 2 new" in first.stdout
        assert "0 posts read, 0 matched, 0 new" in second.stdout
        assert server.headers("/f")["if-none-match"] == '"1"'


def test_a_moved_feed_keeps_its_place_and_its_name(product: Product) -> None:
    with FeedServer() as server:
        new = server.serve("/new", document(feed("n")))
        url = server.serve("/old", in_turn(moved(301, new), status(410)))
        follow(product, server, [url])

        product.run("poll", "rss", "--once")
        second = product.run("poll", "rss", "--once")

        assert second.returncode == 0, second.stdout
        assert server.counts == {"/old": 1, "/new": 2}
        with product.opened() as monitor:
            assert monitor.progress.resume(Query("rss", url)).moved_to == new


@pytest.mark.timeout(240)
def test_a_worker_stores_what_real_feeds_hold(product: Product) -> None:
    """Some fifty feeds from the wild, polled by a real Celery worker, beside what plain feedparser gives."""
    with FeedServer() as server:
        entries = {}
        for number, (name, body) in enumerate(documents("feeds/feedjira.tar.gz", "feeds/huginn.tar.gz")):
            url = server.serve(f"/{number}", document(body))
            entries[url] = (name, wanted(body, url))
        words = sorted({each.word.casefold() for _, found in entries.values() for each in found})
        product.write_settings(f'[fetch]\nallow = ["{server.address}"]\n')
        product.write_topics(
            f"feeds = {json.dumps(list(entries))}\n[topics.all]\ntitle = 'All'\nany = {json.dumps(words)}\n"
            "sources = ['rss']\nretention = '1000d'\n"
        )
        assert product.run("topics").returncode == 0
        # Feeds of 2009 are older than any retention; the store is asked to keep them for ever, as a replay does.
        keep_for_ever(product)
        with product.running(sys.executable, "-m", "workers") as worker:
            for url in entries:
                worker.says(f"query=rss:{url} ", 120)
            assert worker.process.poll() is None
        with product.opened() as monitor:
            ever = Window(datetime(1990, 1, 1, tzinfo=UTC), datetime.now(UTC) + timedelta(days=1))
            stored = [(m.post.url, m.post.text.casefold()) for m in monitor.mentions.between("all", ever)]
            refused = {str(s.query.text) for s in monitor.progress.statuses(rss(list(entries)), ever) if s.reason}
            assert check(monitor.connection) == []

    admitted = [url for url in entries if url not in refused]
    assert len(admitted) == 44, refused  # seven of the files are fragments, no feeds
    for url in admitted:
        name, found = entries[url]
        for each in found:
            assert any(each.word.casefold() in text and at in (each.link, None) for at, text in stored), (name, each)


def rss(urls: list[str]) -> list[Query]:
    return [Query("rss", url) for url in urls]


def keep_for_ever(product: Product) -> None:
    with product.opened() as monitor:
        kept = [msgspec.structs.replace(each, retention=timedelta(days=40_000)) for each in monitor.topics.all()]
        file_hash = monitor.topics.imported()
        monitor.topics.replace(kept, "for the test")
        monitor.topics.replace(kept, str(file_hash))


def test_a_killed_supervisor_takes_its_processes_with_it(product: Product) -> None:
    with FeedServer() as server:
        follow(product, server, [server.serve("/f", document(feed("f")))])
        with product.running() as up:
            up.says("ready")
            pids = [int(pid) for pid in re.findall(r"started role=\w+ pid=(\d+)", up.log)]
            up.process.send_signal(signal.SIGKILL)
            up.process.wait(PATIENCE)
            wait_until(lambda: not any(is_alive(pid) for pid in pids))


def test_a_dead_worker_is_started_again(product: Product) -> None:
    with FeedServer() as server:
        follow(product, server, [server.serve("/f", document(feed("f")))])
        with product.running() as up:
            up.says("ready")
            pid = re.search(r"started role=worker pid=(\d+)", up.log)
            assert pid is not None
            signal_process(int(pid[1]), signal.SIGKILL)
            up.says("died role=worker")
            wait_until(lambda: len(re.findall("started role=worker", up.log)) == 2)


def test_roles_run_apart_on_one_home_and_only_once_each(product: Product, redis_url: str) -> None:
    """As containers do: an outside store, one volume, many workers, one page."""
    product.variables["MONITOR_REDIS_URL"] = redis_url
    monitor = (sys.executable, "-m", "monitor", "up", "--only")
    try:
        with FeedServer() as server:
            follow(product, server, [server.serve("/f", document(feed("f")))])
            with product.running(*monitor, "page") as page, product.running(*monitor, "worker") as worker:
                page.says("page on")
                worker.says("new=2")
                with product.running(*monitor, "worker") as second:
                    second.says("ready")
                refused = product.run("up", "--only", "page")
                assert "started role=worker" not in page.log
                assert "started role=page" not in worker.log
        assert refused.returncode == 5
    finally:
        with product.opened() as opened:
            opened.connection.erase()


def test_a_page_that_cannot_be_shown_ends_what_shows_nothing_else(product: Product) -> None:
    with socket.socket() as taken, FeedServer() as server:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        product.variables["MONITOR_PREVIEW__PORT"] = str(taken.getsockname()[1])
        follow(product, server, [server.serve("/f", document(feed("f")))])

        ended = product.run("up", "--only", "page")

    assert ended.returncode == 2
    assert "is taken" in ended.stderr


def test_up_runs_on_an_outside_redis(product: Product, redis_url: str) -> None:
    product.variables["MONITOR_REDIS_URL"] = redis_url
    try:
        with FeedServer() as server:
            follow(product, server, [server.serve("/f", document(feed("f")))])
            with product.running() as up:
                up.says("store is Redis")
                up.says("new=2")
                assert product.run("digest", "pots").stdout.startswith("#砸锅卖铁: 2 posts")
                assert product.run("health").returncode == 0
            assert product.run("fsck").returncode == 0
            assert not (product.home / "store").exists()
    finally:
        with product.opened() as monitor:
            monitor.connection.erase()


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def signal_process(pid: int, number: int) -> None:
    os.kill(pid, number)
