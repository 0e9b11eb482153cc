"""Each choice of /settings: what a button sends can be read, fits, and is told as it was chosen."""

import pytest

from monitor.bot.options import CHOICES, by_letter, by_name, label_of
from monitor.readers.buttons import LONGEST, Press, Signer
from monitor.readers.topic_names import mark_of
from monitor.saying import LANGUAGES, speaking
from tests.build import NOW, a_topic

OFFERED = [(choice, value) for choice in CHOICES for value in choice.offered]


@pytest.mark.parametrize(("choice", "value"), OFFERED, ids=[f"{c.name}-{v}" for c, v in OFFERED])
def test_what_is_offered_can_be_read_fits_and_has_a_label(choice, value) -> None:  # type: ignore[no-untyped-def]
    press = Press("t", f"{mark_of(a_topic(name='a' * 40))}{choice.letter}{value}")

    assert choice.read(value) is not None
    assert len(Signer(b"k", "1" * 10, "-100" + "1" * 10).sign(press, NOW).encode()) <= LONGEST
    assert "." not in value
    for language in LANGUAGES:
        with speaking(language):
            assert label_of(choice, value)
    assert by_letter(choice.letter) is choice
    assert by_name(choice.name) is choice


@pytest.mark.parametrize(
    ("name", "written", "change"),
    [
        ("at", "6:45", {"at": "06:45"}),
        ("at", "０８：３０", {"at": "08:30"}),
        ("at", "24:00", None),
        ("zone", "taipei", {"timezone": "Asia/Taipei"}),
        ("zone", "new york", {"timezone": "America/New_York"}),
        ("zone", "Mars", None),
        ("days", "mon-fri", {"days": (0, 1, 2, 3, 4)}),
        ("days", "sat-mon", {"days": (0, 5, 6)}),
        ("days", "mon,wed", {"days": (0, 2)}),
        ("days", "0123456", {"days": ()}),
        ("days", "someday", None),
        ("quiet", "22:00–07:30", {"quiet": ("22:00", "07:30")}),
        ("quiet", "22:00-22:00", None),
        ("languages", "zh, en", {"languages": ("zh", "en")}),
        ("languages", "Chinese!", None),
        ("people", "names", None),
    ],
)
def test_what_people_write_is_read_or_refused(name: str, written: str, change: object) -> None:
    choice = by_name(name)

    assert choice is not None
    assert choice.read(written) == change
