"""What X costs and what may be spent on it, as the configuration says."""

from collections.abc import Mapping

from monitor.errors import ConfigError
from monitor.seams.budget import Budget, Prices, dollars, micro

PRICES = Prices(post=5_000, user=10_000, count=5_000, as_of="2026-08-22")
"""Micro-dollars (https://docs.x.com/x-api/getting-started/pricing); config/monitor.toml may say others."""


def budget_of(options: Mapping[str, str]) -> Budget:
    """Return what may be spent in a UTC day: nothing unless it is set; a topic all of it unless that is set."""
    day = micro(_amount(options, "budget", 0.0))
    return Budget(day, min(day, micro(_amount(options, "budget_topic", dollars(day)))))


def prices_of(options: Mapping[str, str]) -> Prices:
    """Return the prices: those of the configuration, else those that were known when this was written."""
    post, user, count = (
        micro(_amount(options, f"price_{name}", dollars(known)))
        for name, known in (("post", PRICES.post), ("user", PRICES.user), ("count", PRICES.count))
    )
    if not (post and user and count):
        raise ConfigError(["[sources.x] price_post, price_user and price_count: must be above 0, or left out"])
    return Prices(post=post, user=user, count=count, as_of=options.get("prices_as_of", PRICES.as_of))


def _amount(options: Mapping[str, str], name: str, otherwise: float) -> float:
    """Return an amount of dollars from the settings; raise ConfigError for what is none."""
    text = options.get(name)
    try:
        amount = otherwise if text is None else float(text)
    except ValueError:
        amount = -1.0
    if not 0 <= amount < 1_000_000:
        raise ConfigError([f'[sources.x] {name} = "{text}": must be an amount of US dollars, such as 2.50'])
    return amount
