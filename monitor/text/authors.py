"""Who wrote a post, without saying who: accounts can be counted and recognised, and not named."""

import hashlib
import hmac
from collections.abc import Callable, Collection

from monitor.models import Author, PostKey


def make_disguise(key: bytes, named: Collection[str], *, keep_names: bool) -> Callable[[PostKey, Author], Author]:
    """Return a function that replaces an author's id by a keyed hash (HMAC-SHA-256, 96 bits) and drops the names.

    Names stay for the accounts listed in `named` as "source:handle" or "source:id", and for all with `keep_names`. An
    author without id, handle and name stays absent.
    """
    listed = {entry.casefold() for entry in named}

    def disguise(post: PostKey, author: Author) -> Author:
        identity = author.id or author.handle or author.name
        if identity is None:
            return author
        hidden = Author(id=hashed(key, f"{post.source}:{identity}"))
        if not keep_names and not _is_listed(post.source, author, listed):
            return hidden
        return Author(id=hidden.id, handle=author.handle, name=author.name)

    return disguise


def make_filter(key: bytes, forgotten: Collection[str]) -> Callable[[PostKey, Author], bool]:
    """Return a function that tells whether a post's author was forgotten, by the tombs that were left of them."""

    def is_forgotten(post: PostKey, author: Author) -> bool:
        names = (author.id, author.handle) if author.id or author.handle else (author.name,)
        return any(name is not None and tomb(key, post.source, name) in forgotten for name in names)

    return is_forgotten if forgotten else lambda post, author: False  # noqa: ARG005 - as before there were any


def tomb(key: bytes, source: str, name: str) -> str:
    """Return what is left of an author who was forgotten: a keyed hash of the id or handle, however it was written."""
    return hashed(key, f"forgotten {source}:{plain_name(name)}")


def plain_name(name: str) -> str:
    """Return an id or handle as it is compared: without "@" and case."""
    return name.strip().lstrip("@").casefold()


def hashed(key: bytes, text: str) -> str:
    """Return a keyed hash of 96 bits, as hexadecimal digits."""
    return hmac.digest(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256)[:12].hex()


def _is_listed(source: str, author: Author, listed: Collection[str]) -> bool:
    names = (author.id, author.handle)
    return any(name is not None and f"{source}:{name}".casefold() in listed for name in names)
