"""When each form of a topic was first seen, kept when its posts are pruned."""

from collections.abc import Iterable, Iterator

from monitor.models import First
from monitor.signals.firsts import Firsts, Seen
from monitor.store.codec import from_ms, to_ms
from monitor.store.connection import Argument, Connection
from monitor.store.mentions import pages

MOST_LINKS = 10_000
MOST_SPELLINGS = 500
"""Addresses and spellings that are remembered of a topic, those seen first the latest: some 80 bytes each."""

_FORMS = {"v": "variant", "s": "script", "l": "link"}
_LETTERS = {form: letter for letter, form in _FORMS.items()}


class FirstsStore:
    """Implements the Remembered protocol: what was first seen of each topic."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def note(self, topic: str, firsts: Iterable[First]) -> int:
        """Remember firsts where nothing earlier is; return how many were new or earlier. Again, it does nothing."""
        key = self._connection.keys.topic(topic).firsts
        return sum(int(self._connection.run("earliest", (key,), [*_rows(page)])) for page in pages(firsts))

    def of(self, topic: str) -> Firsts:
        """Return what is remembered of a topic."""
        found = self._connection.execute("HGETALL", self._connection.keys.topic(topic).firsts)
        rows = found.items() if isinstance(found, dict) else zip(found[::2], found[1::2], strict=True)
        firsts = (decode_first(name, value) for name, value in rows)
        return {Seen(each.form, each.label): each for each in firsts}

    def trim(self, topic: str) -> int:
        """Forget the oldest addresses and spellings beyond those that are kept; return how many."""
        known = sorted(self.of(topic).values(), key=lambda each: each.time, reverse=True)
        links = [each for each in known if each.form == "link"][MOST_LINKS:]
        spellings = [each for each in known if each.form == "variant"][MOST_SPELLINGS:]
        gone = [field_of(each) for each in (*links, *spellings)]
        return int(self._connection.execute("HDEL", self._connection.keys.topic(topic).firsts, *gone)) if gone else 0


def field_of(first: First) -> str:
    """Return the field under which a first is kept."""
    return f"{_LETTERS[first.form]}{first.label}"


def decode_first(name: bytes, value: bytes) -> First:
    """Return a first from its field and its value "TIME SOURCE LANGUAGE BACKFILLED"."""
    field = name.decode("utf-8", "surrogatepass")
    at, source, language, backfilled = value.decode().split(" ")
    return First(
        form=_FORMS[field[0]],  # type: ignore[arg-type]
        label=field[1:],
        time=from_ms(int(at)),
        source=source,
        language=language,
        backfilled=backfilled == "1",
    )


def _rows(firsts: Iterable[First]) -> Iterator[Argument]:
    for each in firsts:
        yield field_of(each).encode("utf-8", "surrogatepass")
        yield to_ms(each.time)
        yield f"{each.source} {each.language} {int(each.backfilled)}"
