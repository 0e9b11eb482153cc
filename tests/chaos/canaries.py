"""Secrets that are planted to be looked for: every form in which one could leave, and where it was found."""

import base64
import gzip
import html
import json
import random
import string
import zlib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, quote_plus

PIECE = 12
"""A piece of so many characters of a secret is a find: what cuts a text may cut a secret."""


class Canary(NamedTuple):
    """A planted secret. `raw` are the bytes that its text spells, where it is a key written as hexadecimal digits."""

    name: str
    secret: str
    raw: bytes = b""


class Hit(NamedTuple):
    """Where a secret was found, and how it was written there."""

    canary: str
    form: str
    place: str


def key_canary(name: str, chance: random.Random) -> Canary:
    """Return a key of 256 bits as the product writes keys into files."""
    raw = chance.randbytes(32)
    return Canary(name, raw.hex(), raw)


def word_canary(name: str, chance: random.Random, strange: str = "") -> Canary:
    """Return a secret of letters and digits, with strange characters in its middle that others would escape."""
    first, second = ("".join(chance.choices(string.ascii_letters + string.digits, k=20)) for _ in range(2))
    return Canary(name, f"{first}{strange}{second}")


@cache
def forms_of(canary: Canary) -> dict[str, bytes]:
    """Return what a secret looks like, by the name of the form."""
    text = canary.secret
    spelled = {
        "plain": text,
        "in an address": quote(text, safe=""),
        "in a path": quote(text),
        "in a form": quote_plus(text),
        "in JSON": json.dumps(text)[1:-1],
        "by repr": repr(text)[1:-1],
        "by repr of repr": repr(repr(text))[2:-2],
        "in HTML": html.escape(text),
        "in hexadecimal": text.encode().hex(),
        "backwards": text[::-1],
        "first piece": text[:PIECE],
        "last piece": text[-PIECE:],
    }
    forms = {form: written.encode() for form, written in spelled.items()}
    forms |= {f"in base64 at {n}": within for n, within in enumerate(in_base64(text.encode()))}
    if canary.raw:
        forms |= {"bytes": canary.raw, "repr of bytes": repr(canary.raw)[2:-1].encode()}
        forms |= {f"bytes in base64 at {n}": within for n, within in enumerate(in_base64(canary.raw))}
    return forms


def in_base64(secret: bytes) -> Iterator[bytes]:
    """Yield the letters that base64 always has for some bytes, for each place at which they may begin."""
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + secret)
        end = (before + len(secret)) // 3 * 4
        yield whole[-(-before * 8 // 6) : end]


def hits_in(place: str, data: bytes, canaries: Iterable[Canary]) -> Iterator[Hit]:
    """Yield what is found in some bytes, also behind line breaks, in compressed streams and in base64 within them."""
    seen = set()
    for text in readings(data):
        for canary in canaries:
            for form, written in forms_of(canary).items():
                if written in text and (canary.name, form) not in seen:
                    seen.add((canary.name, form))
                    yield Hit(canary.name, form, place)


def readings(data: bytes) -> Iterator[bytes]:
    """Yield some bytes as they are, without white space and signs of folding and unpacked."""
    yield data
    yield b"".join(data.split()).replace(b"\xe2\x8f\x8e", b"")
    if data[:2] == b"\x1f\x8b":
        try:
            yield gzip.decompress(data)
        except (OSError, EOFError, zlib.error):
            return  # a part of a stream was searched as it is


def files_of(folders: Iterable[Path]) -> Iterator[tuple[str, bytes]]:
    """Yield every file below some folders."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                yield str(path.relative_to(folder.parent)), path.read_bytes()


def control(canaries: Iterable[Canary]) -> list[str]:
    """Return the forms that the search itself does not find: none, or no search was made."""
    missed = []
    for canary in canaries:
        for form, written in forms_of(canary).items():
            around = b"12:00:00 worker  WARNING not read reason=" + written + b" next_in=30s\n"
            packed = gzip.compress(around)
            found = (hits_in("control", each, [canary]) for each in (around, packed))
            if not all(any(hit.form == form for hit in hits) for hits in found):
                missed.append(f"{canary.name} {form}")
        if not any(folded_is_found(canary)):
            missed.append(f"{canary.name} over two lines")
    return missed


def folded_is_found(canary: Canary) -> Iterator[bool]:
    """Yield whether a secret is found that was broken into lines."""
    half = len(canary.secret) // 2
    folded = f"{canary.secret[:half]}\n    {canary.secret[half:]}".encode()
    yield any(hit.form == "plain" for hit in hits_in("control", folded, [canary]))


def command_lines(marks: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    """Yield the command line of each living process whose environment has a mark, and of all others of this user.

    What cannot be read is another user's, or has ended.
    """
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            line, environment = (folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()
        except (PermissionError, FileNotFoundError, ProcessLookupError):
            continue
        if all(f"{name}={value}".encode() in environment for name, value in marks.items()):
            yield f"command line of {folder.name}", line
