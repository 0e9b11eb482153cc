"""The benchmark itself, on a few invented texts: what it asserts, not how fast anything is."""

from tests.benchmarks.language import RACERS, changed_answers, load_apart, race

TEXTS = [
    f"{text} {number}" for number in range(20) for text in ("smash the pots", "砸锅卖铁", "продать железо", "el té")
]


def test_all_engines_are_raced() -> None:
    figures = race(TEXTS, rounds=2)

    assert figures["langdetect_alone_ratio"] == 1
    assert all(figures[f"{name}_per_s"] > 0 for name in RACERS)


def test_loading_is_measured_in_a_fresh_process() -> None:
    figures = load_apart("langdetect_alone")

    assert figures["load_ms"] > 0
    assert figures["memory_mib"] > 5  # its profiles, which this process has loaded long ago


def test_answers_are_compared() -> None:
    assert changed_answers(TEXTS) == []
