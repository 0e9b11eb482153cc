"""What may be meant otherwise in a query, or will disappoint: a sentence each."""

import re
from collections.abc import Iterator

from monitor.text.folding import fold
from monitor.text.words import is_word_character
from monitor.topics.language.everyday_words import is_common
from monitor.topics.language.printer import printed
from monitor.topics.language.query import Handle, Leaf, MinLikes, Node, Regex, Term, leaves, sought_leaves

_OPERATOR_BY_WORD = {
    "or": "OR",
    "and": "AND",
    "not": "NOT",
    "near": "NEAR/5",
    "和": "AND",
    "与": "AND",
    "及": "AND",
    "非": "-",
    "不": "-",
}


def hints(node: Node) -> list[str]:
    """Return sentences on what may be meant otherwise, or disappoints."""
    sought = frozenset(sought_leaves(node))
    return list(dict.fromkeys(hint for leaf in leaves(node) for hint in _hints(leaf, leaf in sought)))


def _hints(leaf: Leaf, is_sought: bool) -> Iterator[str]:
    match leaf:
        case Term():
            yield from _of_word(leaf, is_sought)
            yield from _of_signs(leaf)
        case Regex(pattern):
            capitals = "" if pattern.startswith("(?i)") else ", and capitals count unless it begins with (?i)"
            yield f"{printed(leaf)} sees the text as written: no 繁體 for 简体{capitals}"
        case MinLikes():
            yield f"{printed(leaf)}: counted are the likes when the post was read, often minutes after it was written"
        case Handle(name):
            yield f"@{name}: posts that mention the account beside your words are found, not what the account writes"
        case _:
            return


def _of_word(term: Term, is_sought: bool) -> Iterator[str]:
    folded = fold(term.text)
    if folded in _OPERATOR_BY_WORD:
        yield f'"{term.text}" is taken as a word; if you mean the operator, write {_OPERATOR_BY_WORD[folded]}'
    elif is_common(term.text) and is_sought:
        yield f'"{term.text}" stands in most posts'
    elif len(folded) == 1 and is_sought and folded.isalnum():
        yield f'"{term.text}" is found inside longer words too; two characters or more say more'


def _of_signs(term: Term) -> Iterator[str]:
    text, folded = term.text, fold(term.text)
    if term.is_prefix and not is_word_character(folded[-1:]):
        yield f'the * behind "{text}" changes nothing: such words are found inside longer ones anyway'
    if re.search(r"[^\x00-\x7f][-－]|[-－][^\x00-\x7f]", text):
        yield f'"{text}" is one word; to exclude what stands behind the -, write a space before it'
    if (
        not re.search(r"[ @/]", text)
        and "." in text.strip(".")
        and text.isascii()
        and text.rpartition(".")[2].isalpha()
    ):
        yield f'"{text}" is sought in the text; for links to the site write domain:{text.lower()}'
    if text[-1] in "?。！？…：" and len(folded) > 1:
        yield f'the sign {text[-1]} at the end of "{text}" must be there too; leave it out to find more'
