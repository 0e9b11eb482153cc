"""The topics file that the README shows is the one that is shipped, shortened."""

import re
import tomllib
from itertools import chain
from typing import Any

from tests.data import ROOT


def test_the_readme_shows_the_topics_file_that_is_shipped() -> None:
    """Newcomers opened another file than the one that they had read about."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    block = re.search(r"```toml\n(feeds = .*?)```", readme, re.DOTALL)
    assert block is not None
    shown = tomllib.loads(block[1])
    shipped = tomllib.loads((ROOT / "config" / "topics.toml").read_text(encoding="utf-8"))

    assert [*shown] == [*shipped]
    assert [*shown["topics"]] == [*shipped["topics"]]
    pairs = chain(
        [(shown["feeds"], shipped["feeds"])],
        *(_values(shown["topics"][name], shipped["topics"][name]) for name in shipped["topics"]),
    )
    assert all(_is_shortened(less, more) for less, more in pairs)


def _values(shown: dict[str, Any], shipped: dict[str, Any]) -> list[tuple[Any, Any]]:
    assert [*shown] == [*shipped]
    return [(shown[key], shipped[key]) for key in shipped]


def _is_shortened(less: Any, more: Any) -> bool:
    if not isinstance(more, list):
        return bool(less == more)
    return bool(less == [each for each in more if each in less] and bool(less) == bool(more))
