"""docker-compose.yml and config/env.example do not contradict each other."""

import re
from typing import Any

import pytest
import yaml

from tests.data import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
ROLES = ("worker", "stream", "page", "bot")


def offered() -> list[str]:
    """Return the variables that env.example offers to docker compose."""
    text = (ROOT / "config" / "env.example").read_text(encoding="utf-8")
    return re.findall(r"^#([A-Z_]+)=", text.partition("# ── For the shell")[0], re.MULTILINE)


@pytest.mark.parametrize("role", ROLES)
def test_what_dot_env_may_set_is_not_overruled(role: str) -> None:
    """Was: MONITOR_REDIS_URL of .env had no effect, as `environment` wins over `env_file`."""
    environment = COMPOSE["services"][role]["environment"]

    assert "MONITOR_REDIS_URL" in offered()
    for name in offered():
        assert name not in environment or f"${{{name}" in environment[name], name


@pytest.mark.parametrize("role", ROLES)
def test_folders_of_the_shell_do_not_reach_a_container(role: str) -> None:
    """Was: MONITOR_HOME=./var lands on a root that is read-only."""
    service = COMPOSE["services"][role]
    mounted = {volume.split(":")[1] for volume in service["volumes"]}

    assert not {"MONITOR_HOME", "MONITOR_CONFIG"} & set(offered())
    assert {service["environment"]["MONITOR_HOME"], service["environment"]["MONITOR_CONFIG"]} == mounted


@pytest.mark.parametrize("role", ROLES)
def test_the_token_is_where_it_is_looked_for(role: str) -> None:
    """Was: /run/secrets/telegram was mounted nowhere."""
    service = COMPOSE["services"][role]

    assert service["environment"]["MONITOR_TELEGRAM__TOKEN_FILE"] == "${TELEGRAM_TOKEN_FILE:+/run/secrets/telegram}"
    assert "telegram" in service["secrets"]
    assert COMPOSE["secrets"]["telegram"]["file"].startswith("${TELEGRAM_TOKEN_FILE:-")
    assert "TELEGRAM_TOKEN_FILE" in offered()


def test_the_worker_that_answers_can_write_the_topics_file() -> None:
    """Was: ./config for reading only everywhere, so that /track and /edit could not work."""
    assert "./config:/app/config" in COMPOSE["services"]["worker"]["volumes"]
    assert "./config:/app/config:ro" in COMPOSE["services"]["page"]["volumes"]
