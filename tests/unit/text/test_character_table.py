"""Characters become the same, whether they were met before or not, and wherever they stand in Unicode."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.text.character_table import CharacterTable

RARE = "\U0001f600\U00020000\U000e0001\U0010ffff\ufffe\ud800"
TABLE = CharacterTable(lambda char: "" if char in "aе\U000e0001" else f"<{char}>" if char in "b\U00020000" else char)


@given(st.text(st.one_of(st.sampled_from("abcе" + RARE), st.characters())))
def test_each_character_becomes_what_it_becomes_by_itself(text: str) -> None:
    expected = "".join(TABLE[ord(char)] for char in text)

    assert TABLE.translate(text) == expected
    assert CharacterTable(lambda char: TABLE[ord(char)]).translate(text) == expected


def test_what_becomes_a_rare_character_is_not_taken_for_unknown() -> None:
    table = CharacterTable(lambda _: "\U0010ffff")

    assert [table.translate("a"), table.translate("aa")] == ["\U0010ffff", "\U0010ffff\U0010ffff"]


def test_each_assigned_character_is_worked_out_once() -> None:
    asked: list[str] = []
    table = CharacterTable(lambda char: asked.append(char) or char)

    assert [table.translate("重要,重要𠀀") for _ in range(3)] == ["重要,重要𠀀"] * 3
    assert sorted(asked) == sorted("重要,𠀀")
