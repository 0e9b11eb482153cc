"""What goes wrong is one clear sentence, the right exit code, and nothing lost."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.product import Product, wait_until
from tests.integration.test_up import feed, follow
from tests.simulators.feed_server import FeedServer, document, endless, gzip_bomb, huge

GOOD_TOPICS = '[topics.pots]\ntitle = "砸锅卖铁"\nany = ["砸锅卖铁"]\nsources = ["hackernews"]\n'


@pytest.fixture
def product(tmp_path: Path) -> Product:
    made = Product(tmp_path)
    made.write_topics(GOOD_TOPICS)
    return made


def sentences(done: subprocess.CompletedProcess[str]) -> list[str]:
    """Return the lines on standard error, without what libraries say beside them where F18 lets all be said."""
    return [line for line in done.stderr.strip().splitlines() if not re.match(r"[\d:]{8} \w+ +DEBUG ", line)]


def said(done: subprocess.CompletedProcess[str]) -> str:
    """Return the one sentence on standard error."""
    assert "Traceback" not in done.stderr, done.stderr
    assert len(sentences(done)) == 1, done.stderr
    return sentences(done)[0]


@pytest.mark.parametrize("command", [("up",), ("topics",), ("digest", "pots"), ("poll", "hackernews", "--once")])
def test_a_broken_topics_file_names_every_problem_and_starts_nothing(
    product: Product, command: tuple[str, ...]
) -> None:
    product.write_topics(
        'feeds = ["ftp://x"]\n\n[topics.Pots]\ntitle = 3\nany = [""]\nsources = ["hackernew"]\nevery = "1s"\n'
    )

    done = product.run(*command)

    lines = sentences(done)
    assert done.returncode == 2
    assert [int(re.match(r"topics.toml line (\d+):", line)[1]) for line in lines] == [1, 3, 4, 5, 6, 7]  # type: ignore[index]
    assert 'did you mean "hackernews"?' in done.stderr


def test_a_file_that_is_no_toml_is_one_sentence_with_its_line(product: Product) -> None:
    product.write_topics("[topics.pots]\ntitle = \n")

    done = product.run("up")

    assert done.returncode == 2
    assert "line 2" in said(done)


def test_a_missing_topics_file_says_how_to_make_one(product: Product) -> None:
    (product.config / "topics.toml").unlink()

    done = product.run("up")

    assert done.returncode == 2
    assert "monitor init" in said(done)


def test_wrong_settings_are_all_named(product: Product) -> None:
    product.write_settings('[language]\nengine = "magic"\n[worker]\nthreads = 0\n')
    product.variables["MONITOR_NONSENSE"] = "1"

    done = product.run("doctor")

    assert done.returncode == 2
    assert done.stderr.count("\n") == 3
    assert all(word in done.stderr for word in ("language.engine", "worker.threads", "MONITOR_NONSENSE"))


def test_an_unreachable_store_is_one_sentence(product: Product) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    product.variables["MONITOR_REDIS_URL"] = f"redis://127.0.0.1:{port}/0"

    for command in (["up"], ["digest", "pots"], ["fsck"]):
        done = product.run(*command)
        assert done.returncode == 3
        assert "the store cannot be reached" in said(done)


def test_a_home_that_cannot_be_written_is_one_sentence(product: Product) -> None:
    product.home.write_text("a file, not a folder")

    done = product.run("up")

    assert done.returncode == 3
    assert "MONITOR_HOME" in said(done)


def test_a_taken_port_is_one_sentence_before_anything_starts(product: Product) -> None:
    """Was: everything ran but the page, whose sentence had scrolled away."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        product.variables["MONITOR_PREVIEW__PORT"] = str(port)
        product.write_topics('[topics.pots]\nany = ["砸锅卖铁"]\n')

        done = product.run("up")

    assert done.returncode == 2
    place = product.config / "monitor.toml"
    assert f"port {port} is taken; set [preview] port in {place} (0 takes a free one)" in done.stderr
    assert not (product.home / "store").exists()


def test_hostile_feeds_cost_one_sentence_each_and_lose_nothing(product: Product) -> None:
    with FeedServer() as server:
        urls = [
            server.serve("/good", document(feed("good"))),
            server.serve("/huge", huge(3_000_000_000)),
            server.serve("/endless", endless()),
            server.serve("/bomb", gzip_bomb()),
            server.serve("/list", document(b"[]", content_type="application/json")),
            server.serve("/html", document(b"<!doctype html><html><body>Hello</body></html>")),
            server.serve("/empty", document(b"")),
        ]
        follow(product, server, urls)

        done = product.run("poll", "rss", "--once")

    assert done.returncode == 4
    assert "Traceback" not in done.stderr
    by_path = dict(re.findall(rf"rss:{server.url}(/\w+): (.*)", done.stdout))
    assert by_path["/good"] == "3 posts read, 2 matched, 2 new"
    assert all(by_path[path].startswith("not read: ") for path in by_path if path != "/good")
    assert "5,000,000" in by_path["/huge"] or "5 MB" in by_path["/huge"], by_path["/huge"]
    assert len(by_path) == len(urls)


def test_an_answer_that_breaks_later_wipes_nothing(product: Product) -> None:
    with FeedServer() as server:
        server.serve("/f", document(feed("f")))
        follow(product, server, [f"{server.url}/f"])
        product.run("poll", "rss", "--once")
        before = product.run("digest", "pots", "--json").stdout
        server.serve("/f", document(b"[]", content_type="application/json"))

        broken = product.run("poll", "rss", "--once")

        after = product.run("digest", "pots", "--json").stdout
        assert broken.returncode == 4
        assert re.search(r'"count":2', before)
        assert re.search(r'"count":2', after)
        assert product.run("fsck").returncode == 0


DISK = """
set -e
mount -t tmpfs -o size=6m tmpfs {mount}
{python} -m monitor poll rss --once
dd if=/dev/zero of={mount}/filler bs=64k 2>/dev/null || true
set +e
# What still fits into the last page of a file is written; so write until nothing fits.
for _ in $(seq 40); do {python} -m monitor poll rss --once; code=$?; [ $code = 0 ] || break; done
echo "full: $code"
{python} -m monitor up; echo "up: $?"
rm {mount}/filler
{python} -m monitor fsck; echo "fsck: $?"
{python} -m monitor digest pots --json
{python} -m monitor poll rss --once; echo "again: $?"
"""


def can_mount() -> bool:
    unshare = shutil.which("unshare")
    return unshare is not None and subprocess.run([unshare, "-rm", "true"], check=False).returncode == 0


@pytest.mark.skipif(not can_mount(), reason="no disk can be filled: this kernel forbids user namespaces (unshare -rm)")
def test_a_full_disk_is_one_sentence_and_loses_nothing(product: Product, tmp_path: Path) -> None:
    mount = tmp_path / "disk"
    mount.mkdir()
    product.home = mount / "var"
    with FeedServer() as server:
        follow(product, server, [server.serve("/f", document(feed("f")))])
        script = DISK.format(mount=mount, python=sys.executable)

        done = subprocess.run(
            ["unshare", "-rm", "sh", "-c", script],
            env=product.environment,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    assert "Traceback" not in done.stderr, done.stderr
    assert "full: 3" in done.stdout, done.stdout + done.stderr
    assert "up: 3" in done.stdout, done.stdout + done.stderr
    assert "fsck: 0" in done.stdout
    assert '"count":2' in done.stdout
    assert "again: 0" in done.stdout
    full = [line for line in done.stderr.splitlines() if "space" in line]
    assert len(full) == 2, done.stderr


def test_a_store_that_dies_is_started_again_and_has_lost_nothing(product: Product) -> None:
    with FeedServer() as server:
        follow(product, server, [server.serve("/f", document(feed("f")))])
        with product.running() as up:
            up.says("new=2")
            pid = store_pid(product)
            os.kill(pid, signal.SIGKILL)
            assert "it was killed" in up.says("was started again")
            told = len(up.lines)
            make_due(product)
            wait_until(lambda: any(" read query=" in line for line in up.lines[told:]))
            wait_until(lambda: '"count":2' in product.run("digest", "pots", "--json").stdout)
            assert product.run("fsck").returncode == 0


def make_due(product: Product) -> None:
    """Make every poll due at once."""
    with product.opened() as monitor:
        for job, _ in monitor.schedule.due():
            if job.kind == "poll":
                monitor.connection.execute("ZADD", monitor.connection.keys.work.due, 0, str(job))


def store_pid(product: Product) -> int:
    with product.opened() as monitor:
        info = monitor.connection.execute("INFO", "server")
        said = info.decode() if isinstance(info, bytes) else str(info)
        found = re.search(r"process_id\D+(\d+)", said)
        assert found is not None
        return int(found[1])
