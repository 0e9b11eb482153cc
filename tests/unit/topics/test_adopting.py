"""When the topics file of a machine is put in force, of several machines whose files may differ."""

from collections.abc import Sequence
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from monitor.topics.adopting import Seen, is_news

Act = tuple[Literal["edit", "look", "restart"], int, str]

ACTS = st.lists(
    st.tuples(st.sampled_from(["edit", "look", "look", "restart"]), st.integers(0, 2), st.sampled_from("ABC")),
    max_size=30,
)


class Machines:
    """Three machines on one store, each with a file, a home and a process."""

    def __init__(self) -> None:
        self.in_force: str | None = None
        self.files = ["A", "B", "C"]
        self.before: list[str | None] = [None] * 3
        self.noted: list[str | None] = [None] * 3
        self.imports = 0

    def look(self, n: int) -> None:
        found = self.files[n]
        if is_news(found, Seen(self.in_force, self.before[n], self.noted[n]), is_only=False):
            self.in_force = found
            self.imports += 1
        self.before[n] = self.noted[n] = found

    def do(self, acts: Sequence[Act]) -> int:
        """Do all that, and return how many edits there were."""
        edits = 0
        for what, n, text in acts:
            if what == "look":
                self.look(n)
            elif what == "restart":
                self.before[n] = None
            elif self.files[n] != text:
                self.files[n] = text
                edits += 1
        return edits


@given(ACTS)
def test_machines_whose_files_differ_import_no_more_often_than_somebody_edits(acts: Sequence[Act]) -> None:
    machines = Machines()

    edits = machines.do(acts)

    assert machines.imports <= edits + 1


@given(ACTS)
def test_machines_whose_files_differ_come_to_rest(acts: Sequence[Act]) -> None:
    machines = Machines()
    machines.do([*acts, *(("look", n, "") for n in range(3))])
    rested = machines.in_force

    machines.do([("look", n, "") for n in (0, 1, 2, 1, 0)])
    machines.do([("restart", n, "") for n in range(3)])
    machines.do([("look", n, "") for n in (2, 1, 0)])

    assert machines.in_force == rested


@given(ACTS, st.integers(0, 2))
def test_what_is_saved_on_a_machine_that_has_looked_is_in_force_after_its_next_look(
    acts: Sequence[Act], n: int
) -> None:
    machines = Machines()
    machines.do([*acts, ("look", n, "")])

    machines.files[n] = "saved"
    machines.look(n)

    assert machines.in_force == "saved"


def test_a_new_machine_obeys_what_is_in_force() -> None:
    assert not is_news("B", Seen(in_force="A", before=None, noted=None), is_only=False)


def test_a_file_that_changed_while_nothing_ran_is_imported_at_the_start() -> None:
    assert is_news("B", Seen(in_force="A", before=None, noted="A"), is_only=False)


def test_the_only_file_is_imported_at_the_start_also_after_a_restore() -> None:
    assert is_news("B", Seen(in_force="A", before=None, noted="B"), is_only=True)
