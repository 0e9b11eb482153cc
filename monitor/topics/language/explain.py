"""What a query looks for, in plain words: a list for people, one sentence, and its cost."""

from collections.abc import Callable, Iterator, Sequence

from monitor.digests.platforms import platform_label
from monitor.digests.wording import many
from monitor.topics.language.printer import printed
from monitor.topics.language.query import (
    And,
    Domain,
    Handle,
    Language,
    MinLikes,
    Near,
    Node,
    Not,
    Or,
    Origin,
    Regex,
    Tag,
    Term,
    leaves,
)

Forms = Callable[[Term], Sequence[str]]
"""Which forms of a keyword are sought, its own included."""

MOST_FORMS = 8
"""Forms of one keyword that are named; there may be hundreds."""

_HEADS = {
    (And, True): "all of these are true:",
    (Or, True): "at least one of these is true:",
    (And, False): "at least one of these is not true:",
    (Or, False): "none of these is true:",
}


def described(node: Node, forms: Forms = lambda term: (term.text,)) -> list[str]:
    """Return the query as a list in words, a line each, indented by two spaces a level."""
    if isinstance(node, And | Or):
        return [f"A post belongs when {_HEADS[type(node), True]}", *_parts(node, forms, 1)]
    return [f"A post belongs when {line}" if not depth else line for depth, line in enumerate(_lines(node, forms, 0))]


def sentence(node: Node) -> str:
    """Return the query in one line of words, e.g. ("a" or "b") and "c" and not "d"."""
    match node:
        case And(parts):
            return " and ".join(map(_inner, parts))
        case Or(parts):
            return " or ".join(map(_inner, parts))
        case Not(part):
            return f"not {_inner(part)}"
        case Near(left, right, distance):
            return f"{_inner(left)} near {_inner(right)} ({_between(distance)})"
        case leaf:
            return _name(leaf)


def costs(node: Node, forms: Forms = lambda term: (term.text,)) -> str:
    """Word what a query costs for each post."""
    terms = [leaf for leaf in leaves(node) if isinstance(leaf, Term)]
    patterns = [leaf for leaf in leaves(node) if isinstance(leaf, Regex)]
    sought = sum(len(forms(term)) for term in terms)
    in_forms = f" in {many(sought, 'form')}" if sought > len(terms) else ""
    said = f"{many(len(terms), 'keyword')}{in_forms}, found in the one pass that all topics share"
    if not patterns:
        return said
    return f"{said}; {many(len(patterns), 'pattern')} tried one by one, which costs more than any number of keywords"


def _parts(node: And | Or, forms: Forms, depth: int) -> Iterator[str]:
    for part in node.parts:
        yield from _lines(part, forms, depth)


def _lines(node: Node, forms: Forms, depth: int) -> Iterator[str]:
    """Yield a part as an item of the list, and what is below it."""
    bullet = f"{'  ' * depth}- " if depth else ""
    match node:
        case And() | Or():
            yield f"{bullet}{_HEADS[type(node), True]}"
            yield from _parts(node, forms, depth + 1)
        case Not(And() | Or() as inner):
            yield f"{bullet}{_HEADS[type(inner), False]}"
            yield from _parts(inner, forms, depth + 1)
        case Not(Not(inner)):
            yield from _lines(inner, forms, depth)
        case Not(inner):
            yield f"{bullet}{clause(inner, is_true=False)}"
            yield from _also(inner, forms, depth)
        case part:
            yield f"{bullet}{clause(part)}"
            yield from _also(part, forms, depth)


def _also(node: Node, forms: Forms, depth: int) -> Iterator[str]:
    """Yield a line with the other forms of each keyword of a part."""
    for term in leaves(node):
        others = [form for form in forms(term) if form != term.text] if isinstance(term, Term) else []
        more = f" and {len(others) - MOST_FORMS} more" if len(others) > MOST_FORMS else ""
        if others:
            yield f"{'  ' * (depth + 1)}also as {', '.join(others[:MOST_FORMS])}{more}"


def clause(node: Node, *, is_true: bool = True) -> str:
    """Word what one part asks of "it", the post; or that it does not hold."""
    yes, no = _VERBS.get(type(node), ("it says", "it does not say"))
    return f"{yes if is_true else no} {_near(node) if isinstance(node, Near) else _name(node)}"


_HAS = ("it has", "it does not have")
_VERBS: dict[type, tuple[str, str]] = {
    Tag: _HAS,
    Handle: _HAS,
    Domain: _HAS,
    Language: ("it is in", "it is not in"),
    Origin: ("it comes from", "it does not come from"),
    MinLikes: _HAS,
    Regex: ("it fits", "it does not fit"),
}


def _name(node: Node) -> str:
    match node:
        case Term(text, mode, is_prefix):
            return f'"{text}"{"…" if is_prefix else ""}{_MODES[mode]}'
        case Tag(text):
            return f"the hashtag #{text}"
        case Handle(name):
            return f"a mention of @{name}"
        case Domain(name):
            return f"a link to {name} or a site below it"
        case Language(tag):
            return f"the language {tag}"
        case Origin(source):
            return f"the source {platform_label(source)}"
        case MinLikes(count):
            return f"{count:,} likes or more"
        case _:
            return f"the pattern {printed(node)}"


_MODES = {"usual": "", "exact": " written exactly so", "loose": " or what sounds alike or is a slip"}


def _near(node: Near) -> str:
    return f"{_inner(node.left)} and {_inner(node.right)}, in either order, {_between(node.distance)}"


def _between(distance: int) -> str:
    return f"at most {many(distance, 'word')} between" if distance else "side by side"


def _inner(node: Node) -> str:
    return f"({sentence(node)})" if isinstance(node, And | Or) else sentence(node)
