"""The transcripts of tests/conversations are what the product says now, to each role and in each language."""

import re
from collections.abc import Iterator

import pytest

from monitor.bot.commands import COMMANDS
from monitor.saying import LANGUAGES
from tests.conversations.playing import FOLDER, ROLES, SCRIPTS, Script, scripts_of, told
from tests.integration.house import House, a_house

ALL = [(kind, script) for kind in SCRIPTS for script in scripts_of(kind)]
ANEW = "; if that is meant, write it anew by `python -m tests.conversations`, and read what changed"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with a_house(tmp_path_factory.mktemp("house")) as made:
        yield made


@pytest.mark.parametrize(("kind", "script"), ALL, ids=[f"{kind}-{script.name}" for kind, script in ALL])
def test_a_transcript_is_what_the_product_says(kind: str, script: Script, house: House) -> None:
    known = (FOLDER / kind / f"{script.name}.txt").read_text(encoding="utf-8")

    assert told(house, script, SCRIPTS[kind]) == known, f"{script.name} says something else{ANEW}"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_transcript_in_which_each_role_asks_for_it_in_each_language(command: str) -> None:
    known = (FOLDER / "commands" / f"{command}.txt").read_text(encoding="utf-8")
    parts = re.split(r"^=== ", known, flags=re.MULTILINE)[1:]

    assert [each.partition(":")[0] for each in parts] == list(LANGUAGES.values())
    for part in parts:
        head, _, said = part.partition("\n")
        assert head.partition(": ")[2].split(", ") == list(ROLES)
        assert re.search(rf"^> /{command}\b", said, re.MULTILINE), f"nobody asks for /{command}"


def test_no_transcript_is_of_something_that_nobody_plays() -> None:
    known = {(path.parent.name, path.stem) for kind in SCRIPTS for path in (FOLDER / kind).glob("*.txt")}

    assert known == {(kind, script.name) for kind, script in ALL}
