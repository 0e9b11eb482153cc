"""The evaluation itself, on a handful of invented posts: what it counts, not how right the tagger is."""

import json
from pathlib import Path

import pytest

from tests.evaluation import language
from tests.evaluation.language import Row, accuracy, is_right, share

POSTS = [
    ("the kettle is on the bridge again", "en"),
    ("el té se enfría en la mesa de la cocina", "es"),
    ("他們把舊鍋賣了", "zh-Hant"),
    ("他们把旧锅卖了", "zh-Hans"),
    ("佢哋賣咗個舊鑊", "zh-Hant"),
    ("yeh purana bartan kahan hai bhai", "hi-Latn"),
    ("鍋", "zh-Hant"),
]


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    """Return a file of the form that is evaluated."""
    path = tmp_path / "posts.jsonl"
    path.write_text("".join(f"{json.dumps({'text': text, 'lang': lang})}\n" for text, lang in POSTS), encoding="utf-8")
    return path


def test_any_file_of_the_form_is_judged(labelled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert language.main([str(labelled)]) == 0

    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert figures["texts"] == len(POSTS) - 1
    assert figures["accuracy"] == 1
    assert figures["yue"] == 1
    assert figures["hi_latn_und"] == 1
    assert all(f"{name}_accuracy_zh_hant" in figures for name in language.BASELINES)
    assert figures["langdetect_alone_texts_per_s"] > 0


def test_a_way_of_writing_is_right_for_cantonese_and_plain_chinese_is_not() -> None:
    assert is_right("yue", "zh-Hant")
    assert is_right("yue-Hans", "zh-Hans")
    assert not is_right("yue", "zh-Hans")
    assert not is_right("zh", "zh-Hant")
    assert is_right("zh-*", "zh-Hant")
    assert not is_right("zh-*", "ja")
    assert is_right("en", "en und")


def test_a_share_of_nothing_is_absent() -> None:
    assert share([]) is None
    assert accuracy([Row("a", "en"), Row("b", "de")], ["en", "en"], [True, False]) == 1
    assert accuracy([Row("a", "en")], ["en"], [False]) is None


def test_labels_that_were_read_hold_no_text() -> None:
    for name in ("language_corrections.json", "cantonese.json", "hints.json"):
        labels = language.read_labels(name)

        assert all(key.isascii() and key.isalnum() and len(key) <= 20 for key in labels)
        assert all(value.replace(" ", "").replace("-", "").isalpha() for value in labels.values())
