"""A plugin by which the ordinary tests run with planted secrets, at DEBUG, and all that is said is kept.

F18_SEED  the secrets, F18_SAID  the folder for what is said
"""

import logging
import os
import subprocess
import uuid
from pathlib import Path
from typing import Any

from monitor import logs
from tests.chaos.secret_life import Planted, planted
from tests.integration import product
from tests.simulators import telegram_api


def pytest_configure() -> None:
    """Plant before any test is imported."""
    secrets, said = planted(int(os.environ["F18_SEED"])), Path(os.environ["F18_SAID"])
    said.mkdir(parents=True, exist_ok=True)
    plant_token(secrets)
    plant_settings(secrets)
    keep_words(said)
    keep_logs(said)


def plant_token(secrets: Planted) -> None:
    """Let the simulated Telegram, and so every test, know the bot by the planted token."""
    telegram_api.TOKEN = secrets.token.secret
    defaults = telegram_api.Simulator.__init__.__kwdefaults__
    assert defaults is not None, "the token is a keyword"
    defaults["token"] = secrets.token.secret


def plant_settings(secrets: Planted) -> None:
    """Let each product that a test starts say all, and have a key of a source."""
    plain: Any = product.Product.environment
    more = {"MONITOR_LOG__LEVEL": "DEBUG", "MONITOR_SOURCES__HACKERNEWS__API_TOKEN": secrets.source_key.secret}
    changed: Any = property(lambda self: more | plain.fget(self))
    product.Product.environment = changed


def keep_words(said: Path) -> None:
    """Keep what commands and processes of a test say."""
    run, stop = product.Product.run, product.Running.stop

    def kept_run(self: Any, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        done = run(self, *arguments, **options)
        (said / f"run-{uuid.uuid4().hex}").write_text(done.stdout + done.stderr, encoding="utf-8")
        return done

    def kept_stop(self: Any, *arguments: Any) -> int:
        try:
            return stop(self, *arguments)
        finally:
            (said / f"running-{uuid.uuid4().hex}").write_text(self.log, encoding="utf-8")

    changed: Any = product.Product
    changed.run = kept_run
    changed = product.Running
    changed.stop = kept_stop


def keep_logs(said: Path) -> None:
    """Keep what the product logs in the process of the tests, as it would be printed."""
    handler = logging.FileHandler(said / f"tests-{os.getpid()}", encoding="utf-8")
    handler.setFormatter(logs.Line("tests"))
    logging.getLogger("monitor").addHandler(handler)
