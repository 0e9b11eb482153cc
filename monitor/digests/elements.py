"""HTML by functions: the one place where text is escaped. What is not `Html` already becomes text."""

from html import escape


class Html(str):
    """Markup that may go into a page as it stands. Only `element`, `join` and `document` make it."""

    __slots__ = ()


def element(name: str, /, *content: str, **attributes: str | None) -> Html:
    """Return an element. Attributes that are None are left out; `class_` stands for class, `_` for a hyphen."""
    named = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_clean(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Html(f"<{name}{named}>{join(*content)}</{name}>")


def void(name: str, /, **attributes: str) -> Html:
    """Return an element that holds nothing, as <meta> and <link>."""
    return Html(element(name, **attributes).removesuffix(f"</{name}>"))


def join(*content: str) -> Html:
    """Return content one after the other, escaped where it is text."""
    return Html("".join(each if isinstance(each, Html) else escape(_clean(each)) for each in content))


def document(*content: str, lang: str) -> Html:
    """Return a whole page."""
    return Html(f"<!doctype html>\n{element('html', *content, lang=lang)}\n")


def _clean(text: str) -> str:
    """Replace what HTML cannot hold: NUL and other controls, and halves of characters."""
    return "".join("\ufffd" if _is_forbidden(char) else char for char in text)


def _is_forbidden(char: str) -> bool:
    return (char < " " and char not in "\n\t") or "\x7f" <= char <= "\x9f" or "\ud800" <= char <= "\udfff"
