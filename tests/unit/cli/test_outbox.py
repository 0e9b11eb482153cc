"""`monitor outbox`, as a person uses it."""

from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from monitor.cli import commands
from monitor.errors import ConfigError
from monitor.store.fsck import check
from tests.integration.couriers import parcels
from tests.integration.product import Product, changed_environment

CHAT = "-1001"


@pytest.fixture
def product(tmp_path: Path) -> Product:
    made = Product(tmp_path)
    with made.opened() as monitor:
        for name, is_held in (("held", True), ("dead", False)):
            monitor.outbox.hand_over(CHAT, parcels(CHAT, name, parts=2))
            lease = monitor.outbox.acquire(CHAT, "test", timedelta(seconds=5))
            assert lease is not None
            for part in range(2):
                pending = monitor.outbox.find(CHAT, f"{name}-{part}")
                assert pending is not None
                lost = replace(
                    pending.delivery, state="ambiguous" if is_held else "dead", is_held=is_held, reason="why"
                )
                assert monitor.outbox.settle(lease, pending, lost)
            monitor.outbox.release(lease)
    return made


def run(product: Product, *words: str) -> str:
    with changed_environment(product.environment):
        return CliRunner().invoke(commands, ["outbox", *words], catch_exceptions=False).output


def test_what_was_held_is_sent_again_only_by_somebody_who_knows_what_that_means(product: Product) -> None:
    listed = run(product, "list")
    with pytest.raises(ConfigError, match="--may-double"):
        run(product, "resend", "held-0")
    resent = run(product, "resend", "held-0", "--may-double")
    dead = run(product, "resend", "dead-1")

    assert "held-0  held since" in listed
    assert "4 messages held or dead" in listed
    assert resent == f"2 parts will be sent to {CHAT}\n"
    assert dead == f"2 parts will be sent to {CHAT}\n"
    assert run(product, "list") == "0 messages held or dead\n"
    with product.opened() as monitor:
        assert check(monitor.connection) == []


def test_what_is_dropped_is_gone_from_the_list(product: Product) -> None:
    assert "digest held part 0" in run(product, "show", "held-0")
    assert run(product, "drop", "held-0") == "2 parts given up\n"
    assert "2 messages held or dead" in run(product, "list")
    with pytest.raises(ConfigError, match="no message of that name"):
        run(product, "show", "held-0")
    with product.opened() as monitor:
        assert check(monitor.connection) == []
