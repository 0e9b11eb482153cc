"""The language of commands."""

import pytest
from click.testing import CliRunner

from monitor.cli.archive import demo


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "24 h to 10 Oct 2024 07:00 UTC"),
        ("zh-Hans", "截至 2024 年 10 月 10 日 07:00（UTC）的 24 小时"),
        ("zh-Hant", "截至 2024 年 10 月 10 日 07:00（UTC）的 24 小時"),
    ],
)
def test_the_demo_speaks_the_language_that_was_asked_for(language: str, words: str) -> None:
    said = CliRunner().invoke(demo, ["--language", language])

    assert said.exit_code == 0, said.output
    assert words in said.output


def test_without_a_wish_the_settings_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONITOR_TELEGRAM__LANGUAGE", "zh-Hant")

    assert "則" in CliRunner().invoke(demo, []).output


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh-Hans", "要追踪真实的讨论，请运行：make run"), ("zh-Hant", "要追蹤真實的討論，請執行：make run")],
)
def test_the_demo_says_in_its_language_what_comes_next(language: str, words: str) -> None:
    """It ended in English below a digest in 繁體."""
    said = CliRunner().invoke(demo, ["--language", language])

    assert said.output.rstrip().endswith(words)
    assert "invented" not in said.output
