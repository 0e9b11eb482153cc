"""Signed buttons: only who asked, only there, only for a day."""

import random
import string
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitor.readers.buttons import LIFETIME, LONGEST, Press, Signer
from tests.build import NOW

KEY = bytes(range(32))
SIGNER = Signer(KEY, "5001", "-1001")
PRESS = Press("s", "smash-pots")
DATA = SIGNER.sign(PRESS, NOW)


def test_what_was_signed_is_read_until_its_day_is_over() -> None:
    assert SIGNER.read(DATA, NOW) == PRESS
    assert SIGNER.read(DATA, NOW + LIFETIME - timedelta(minutes=1)) == PRESS
    assert SIGNER.read(DATA, NOW + LIFETIME + timedelta(minutes=1)) is None


def test_the_longest_name_of_a_topic_fits() -> None:
    press = Press("u", "a" * 40)

    data = SIGNER.sign(press, NOW)

    assert len(data.encode()) <= LONGEST
    assert SIGNER.read(data, NOW) == press


def test_another_person_chat_or_key_reads_nothing() -> None:
    for other in (SIGNER._replace(user="5002"), SIGNER._replace(chat="5001"), SIGNER._replace(key=b"x" * 32)):
        assert other.read(DATA, NOW) is None
    # Their borders are signed too: what is moved from one field into the next is another.
    assert Signer(KEY, "5001-", "1001").read(DATA, NOW) is None


def test_no_character_can_be_changed() -> None:
    """Also not the spare bits at the end of base64, nor the case of a digit."""
    alphabet = string.ascii_letters + string.digits + "-_.=+/ é"
    for place in range(len(DATA)):
        for char in alphabet:
            forged = DATA[:place] + char + DATA[place + 1 :]
            assert forged == DATA or SIGNER.read(forged, NOW) is None, forged


@given(st.text(max_size=80))
def test_any_text_at_all_is_read_as_nothing(text: str) -> None:
    assert SIGNER.read(text, NOW) is None


def test_parts_cannot_be_exchanged() -> None:
    chance = random.Random(1)
    others = [SIGNER.sign(Press(action, id_), NOW) for action in "sur" for id_ in ("a", "b", "smash-pots")]
    for _ in range(500):
        one, two = chance.choice(others).split("."), chance.choice(others).split(".")
        place = chance.randrange(5)
        forged = ".".join([*one[:place], two[place], *one[place + 1 :]])
        assert (SIGNER.read(forged, NOW) is not None) == (forged in others)
