"""Problems of the topics file, with the lines where a person finds them."""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from monitor.topics.lines import Lines, Path
from monitor.topics.values import Wrong

FILE_NAME = "topics.toml"

Checked = TypeVar("Checked")


class Problem(NamedTuple):
    line: int
    sentence: str

    def __str__(self) -> str:
        return f"{FILE_NAME} line {self.line}: {self.sentence}"


class Report:
    """Collects problems with their lines, so that a person sees all of them at once."""

    def __init__(self, text: str) -> None:
        self._lines = Lines(text)
        self.problems: list[Problem] = []

    def add(self, path: Path, sentence: str) -> None:
        """Note a problem with what stands at a path; the sentence gets the topic's name and the key in front."""
        if len(path) > 1 and path[0] == "topics":
            sentence = f'topic "{path[1]}": {sentence}'
        self.problems.append(Problem(self._lines.of(path), sentence))

    def check(self, path: Path, check: Callable[[object], Checked], value: object) -> Checked | None:
        """Return what the check makes of a value; None when that is wrong, which is noted."""
        try:
            return check(value)
        except Wrong as wrong:
            self.add(path, f"{wrong}" if isinstance(path[-1], int) else f"{path[-1]}: {wrong}")
            return None

    def check_each(self, path: Path, check: Callable[[object], Checked], value: object) -> dict[int, Checked]:
        """Return the right items of a list by their position; the wrong ones are noted."""
        if not isinstance(value, list):
            self.add(path, f'{path[-1]}: must be a list in square brackets, as in ["…", "…"], not {value!r}')
            return {}
        checked = {number: self.check((*path, number), check, item) for number, item in enumerate(value)}
        return {number: item for number, item in checked.items() if item is not None}
