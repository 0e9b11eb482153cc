"""Reading an archive, plain or gzip, line by line in bounded memory; a broken line costs itself only."""

import codecs
import gzip
import io
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from monitor.errors import PayloadChanged, SourceRejected
from monitor.models import Post
from monitor.sources.archive_line import DEFAULT_MAP, LineReader, UnreadableLine

Progress = Callable[[int, int], None]
"""Called now and then with the bytes of the file read so far, and its size."""

_GZIP_MAGIC = b"\x1f\x8b"
_LONGEST_LINE = 2**20
_MOST_PROBLEMS = 5
_LINES_PER_REPORT = 2_000
_BUFFER = 2**18


class Archive:
    """The posts of a file, in its order; iterate once. Afterwards it tells what could not be read.

    `line` is the number of lines read so far, `unreadable` how many of them hold no post, and `problems` a sentence for
    each of the first five.
    """

    def __init__(self, path: Path, reader: LineReader, source: str, now: datetime, progress: Progress | None) -> None:
        self._path = path
        self._reader = reader
        self._source = source
        self._now = now
        self._progress = progress
        self.line = 0
        self.unreadable = 0
        self.problems: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Post]:
        """Yield the posts; raise SourceRejected for a file that cannot be read, PayloadChanged for a cut one."""
        return self.posts_after(0)

    def posts_after(self, lines: int) -> Iterator[Post]:
        """Yield the posts behind the first `lines` lines."""
        for line in self._lines():
            if self.line <= lines or not line.strip():
                continue
            try:
                yield self._reader.post(line, self._now)
            except UnreadableLine as e:
                self._note(str(e))
        if self.line == 0:
            raise SourceRejected(self._source, f"{self._path} is empty")

    def _note(self, problem: str) -> None:
        self.unreadable += 1
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems += (f"line {self.line}: {problem}",)

    def _lines(self) -> Iterator[bytes]:
        with ExitStack() as stack:
            try:
                file = stack.enter_context(self._path.open("rb"))
                lines = stack.enter_context(_unpacked(file, self._path, self._source))
                while line := self._next(lines):
                    if self.line % _LINES_PER_REPORT == 0:
                        self._report(file)
                    yield line
                self._report(file)
            except (EOFError, zlib.error, gzip.BadGzipFile) as e:
                raise PayloadChanged(self._source, f"{self._path} breaks off after line {self.line}: {e}") from e
            except OSError as e:
                raise SourceRejected(self._source, f"{self._path} cannot be read: {e.strerror or e}") from e

    def _next(self, lines: BinaryIO) -> bytes:
        """Return the next line, or as much of it as memory allows, which no JSON decoder will take for whole."""
        line = lines.readline(_LONGEST_LINE)
        piece = line
        while piece and not piece.endswith(b"\n"):
            piece = lines.readline(_LONGEST_LINE)
        if self.line == 0:
            line = line.removeprefix(codecs.BOM_UTF8)
        self.line += bool(line)
        return line

    def _report(self, file: BinaryIO) -> None:
        if self._progress is not None:
            self._progress(file.tell(), self._path.stat().st_size)


def read_archive(
    path: str | Path,
    mapping: Mapping[str, str] = DEFAULT_MAP,
    *,
    source: str = "replay",
    now: datetime,
    progress: Progress | None = None,
) -> Archive:
    """Return the posts of an archive as an iterable that reads while it is iterated.

    `source` names posts whose lines name none; `now` is when posts without any time were observed.
    """
    return Archive(Path(path), LineReader(mapping, source), source, now, progress)


def _unpacked(file: BinaryIO, path: Path, source: str) -> BinaryIO:
    """Return the file's lines: unpacked when it begins like gzip, whatever its name says."""
    magic = file.read(2)
    file.seek(0)
    if magic == _GZIP_MAGIC:
        return io.BufferedReader(gzip.GzipFile(fileobj=file), _BUFFER)
    if path.suffix == ".gz" and magic:
        raise SourceRejected(source, f"{path} is named .gz, but is not gzip")
    return file
