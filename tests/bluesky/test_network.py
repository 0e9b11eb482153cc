"""The running product beside Bluesky's own servers: what people write there is stored, found, taken back."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.models import Query, Window
from monitor.store.fsck import check
from monitor.wiring import Monitor
from tests.bluesky.install import Missing, install
from tests.bluesky.network import PASSWORD, Network, Person, running
from tests.integration.product import Product, wait_until

pytestmark = [pytest.mark.bluesky, pytest.mark.timeout(600)]

QUERY = Query("bluesky", "")
TOPICS = '[topics.pots]\ntitle = "Pots"\nany = ["砸锅卖铁", "smash pots"]\nsources = ["bluesky"]\n'


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory, redis_url: str) -> Iterator[Network]:
    try:
        install()
    except Missing as e:
        pytest.fail(f"the network cannot be installed here: {e}", pytrace=False)
    with running(tmp_path_factory.mktemp("network"), redis_url) as started:
        yield started


@pytest.fixture(scope="module")
def alice(network: Network) -> Iterator[Person]:
    with Person(network.pds, "alice.test") as person:
        yield person


@pytest.fixture(scope="module")
def bob(network: Network) -> Iterator[Person]:
    with Person(network.pds, "bob.test") as person:
        yield person


@pytest.fixture
def product(tmp_path: Path, network: Network) -> Product:
    made = Product(tmp_path)
    made.write_topics(TOPICS)
    hosts = ", ".join(f'"{url.partition("://")[2]}"' for url in (network.pds, network.appview))
    made.write_settings(
        f"[fetch]\nallow = [{hosts}]\n[sources.bluesky]\n"
        f'servers = "{network.jetstream}"\nservice = "{network.pds}"\nappview = "{network.appview}"\n'
        f'identifier = "alice.test"\npassword = "{PASSWORD}"\nsilence = "3600"\n'
    )
    return made


def stored(monitor: Monitor) -> dict[str, str]:
    now = datetime.now(UTC)
    window = Window(now - timedelta(days=1), now + timedelta(days=1))
    return {each.post.key.id: each.post.text for each in monitor.mentions.between("pots", window)}


def last_hour() -> Window:
    now = datetime.now(UTC)
    return Window(now - timedelta(hours=1), now)


def soon(condition: Callable[[], bool]) -> None:
    wait_until(condition, 60)


def test_what_is_written_is_stored_and_what_is_deleted_is_taken_back(
    network: Network, alice: Person, bob: Person, product: Product
) -> None:
    """Also while the process that follows is away: it goes on behind its cursor."""
    with product.running() as up, product.opened() as monitor:
        up.says("ready")
        soon(lambda: monitor.progress.statuses([QUERY], last_hour())[0].tried is not None)
        first = alice.post("要砸鍋賣鐵了", langs=["zh"])
        alice.post("the weather")
        second = bob.post("Smash pots, they said https://a.example/x", facets=[link("https://a.example/x", 22, 41)])
        soon(lambda: {first, second} <= stored(monitor).keys())
        alice.delete(first)
        soon(lambda: stored(monitor)[first] == "")
    third = bob.post("砸锅卖铁 while nobody looked")
    with product.running(), product.opened() as monitor:
        soon(lambda: third in stored(monitor))
        found = stored(monitor)
        [mention] = [each for each in monitor.mentions.latest("pots", 0, 9) if each.post.key.id == second]
        broken = check(monitor.connection)

    assert found[first] == ""
    assert set(found) == {first, second, third}
    assert mention.post.links == ("https://a.example/x",)
    assert mention.post.url == f"https://bsky.app/profile/{bob.did}/post/{second.rsplit('/', 1)[1]}"
    assert broken == []


def test_an_account_that_leaves_is_noted_for_erasure(network: Network, product: Product) -> None:
    with Person(network.pds, "carla.test") as carla, product.running(), product.opened() as monitor:
        soon(lambda: monitor.progress.statuses([QUERY], last_hour())[0].tried is not None)
        uri = carla.post("砸锅卖铁,再见")
        soon(lambda: uri in stored(monitor))
        carla.leave()
        key = monitor.connection.keys.work.departed
        soon(lambda: monitor.connection.execute("ZCARD", key) == 1)


def link(uri: str, start: int, end: int) -> dict[str, object]:
    feature = {"$type": "app.bsky.richtext.facet#link", "uri": uri}
    return {"index": {"byteStart": start, "byteEnd": end}, "features": [feature]}
