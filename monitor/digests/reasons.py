"""Why something failed, told in the language that is spoken: errors are worded, stored and logged in English.

"the server answered 503 (Service Unavailable)" ─the template that fits─► say(template, status=…) ─► "服务器回答 503…"
What no template fits, others' words mostly, stays as it is.
"""

import re
from collections.abc import Mapping
from functools import cache
from string import Formatter

from monitor.saying import DEFAULT, phrase, say, spoken_language

AT_LINE = phrase("topics.toml line {line}: {reason}")
"""Where in the file something is wrong, as monitor/topics/report.py says it."""

OF_QUERIES = (
    phrase("the query is empty; write a word to look for, as in 砸锅卖铁"),
    phrase("nothing opens this parenthesis; delete it, or put it in quotes"),
    phrase("this parenthesis is not closed; write ) where it ends"),
    phrase("nothing stands between these parentheses; delete them"),
    phrase("this quote is not closed; write {sign} behind the phrase"),
    phrase("nothing stands behind {sign}; write a word, or delete it"),
    phrase("nothing stands before {sign}; write a word, or delete it"),
    phrase("{one} follows {other}; one of them is enough"),
    phrase("a word is missing here; write it, or delete the sign before"),
    phrase("one sign of exclusion is enough; delete this one"),
    phrase("a - excludes the word directly behind it, as in -手游; put the sign itself in quotes"),
    phrase("OR stands between words to look for; {word} excludes, so leave that OR out"),
    phrase("{word} is sought and excluded at once, so no post fits; delete one of them"),
    phrase("no keyword to look for: exclusions alone would take every post"),
    phrase("this would take every post without {word}; write a word to look for beside it"),
    phrase("{word} alone follows a person, and topics follow words, never people; write a word beside it"),
    phrase("{word} alone would take every such post; write a word to look for beside it"),
    phrase("more than {count} words; make two topics of it"),
    phrase("the query is longer than {count} characters; make two topics of it"),
    phrase('the keyword "{word}" is a single letter and would match nearly everything; write a word'),
    phrase('the keyword "{word}" is a person\'s handle; topics follow words, never people: delete it'),
    phrase('the keyword "{word}…" is longer than {count} characters; a few words are enough'),
    phrase('"{word}" stands in most posts; write a longer word, or another beside it: {example}'),
    phrase('"{word}" holds no letter; write a word, or put the sign in quotes'),
    phrase('unknown language "{word}"{remedy}'),
    phrase('unknown source "{word}"{remedy}'),
    phrase('"{address}" is not a web address; write it in full, as in "https://example.org/feed.xml"'),
    phrase("a feed's address holds a user name or a password, which would be shown to others; leave it out"),
)
"""What is wrong in what somebody wrote, as monitor/topics says it: what is met most."""

OF_SOURCES = (
    phrase("the server answered {status}"),
    phrase("gone for good: {reason}"),
    phrase("{host} cannot be read: {reason}"),
    phrase("{host} cannot be reached: {reason}"),
    phrase("no address found for {host}"),
    phrase("it took too long"),
    phrase("{host} said nothing for {count} s"),
    phrase("{host} ended the stream"),
    phrase("{host} ended the connection ({reason})"),
    phrase("{host} answers no more"),
    phrase("{host}: the stream broke off ({reason})"),
    phrase("the stream broke off ({reason})"),
    phrase("not asked: {reason}"),
    phrase("Connection refused"),
    phrase("Connection reset by peer"),
    phrase("Network is unreachable"),
    phrase("no credit left at X"),
    phrase("X's monthly cap"),
    phrase("brings nothing; {count} posts or more were to be expected"),
    phrase("most of what {count} looks brought could not be read"),
    phrase("the index shows nothing where it told of more"),
    phrase("X shows nothing where it told of more"),
    phrase("more came than could be read"),
    phrase("not one item of the answer could be read"),
    phrase("not one post of the answer could be read"),
)
"""Why a source was not read, as monitor/sources and the store say it; what is short stands in coverage.py."""


OF_HINTS = (
    phrase('"{word}" is taken as a word; if you mean the operator, write {operator}'),
    phrase('"{word}" stands in most posts'),
    phrase('"{word}" is found inside longer words too; two characters or more say more'),
    phrase("{pattern} sees the text as written: no 繁體 for 简体"),
    phrase("{pattern} sees the text as written: no 繁體 for 简体, and capitals count unless it begins with (?i)"),
    phrase("{likes}: counted are the likes when the post was read, often minutes after it was written"),
    phrase("{handle}: posts that mention the account beside your words are found, not what the account writes"),
    phrase('the * behind "{word}" changes nothing: such words are found inside longer ones anyway'),
    phrase('"{word}" is one word; to exclude what stands behind the -, write a space before it'),
    phrase('"{word}" is sought in the text; for links to the site write {operator}'),
    phrase('the sign {sign} at the end of "{word}" must be there too; leave it out to find more'),
    phrase("nothing can be found: it asks for {asked}, and looks at {places} only"),
)
"""What may be meant otherwise in a query, or will disappoint, as monitor/topics says it."""

OF_STORE = (
    phrase("{place}: cannot be used for data ({reason}); free some space"),
    phrase("{place}: cannot be used for data ({reason}); set MONITOR_HOME to a folder of yours"),
    phrase("No space left on device"),
    phrase("Permission denied"),
)
"""Why nothing could be written, as monitor/home.py says it."""

BY_STATUS = {
    401: phrase("it does not let us in"),
    402: phrase("it wants to be paid"),
    403: phrase("it does not let us in"),
    404: phrase("there is nothing at its address"),
    410: phrase("it is gone for good"),
    429: phrase("it asks us to wait"),
    451: phrase("it is blocked for legal reasons"),
}
REFUSED, DOWN = phrase("it refuses what we ask"), phrase("its server is down")
"""What an HTTP status means for whoever waits for posts (RFC 9110, 15)."""

_STATUS = re.compile(
    r"(?:(?:(?P<host>[\w.-]+\.\w+)|not asked|gone for good): )?(?:the server|X) answered (?P<status>[45]\d\d)\b"
)


def plain_reason(reason: str) -> str:
    """Return what a reason means for readers: a status has no number, nor the words that its server had for it.

    Owners are told the number (`told_reason`), in their notices, in /status and by `monitor doctor`.
    """
    found = _STATUS.match(reason)
    if found is None:
        return told_reason(reason)
    status = int(found["status"])
    means = say(DOWN if status >= 500 else BY_STATUS.get(status, REFUSED))
    return say("{host}: {reason}", host=found["host"], reason=means) if found["host"] else means


def told_reason(reason: str) -> str:
    """Return a reason in the language that is spoken, as far as it is ours."""
    if spoken_language() == DEFAULT:
        return reason
    said = say(reason) if "{" not in reason else reason
    if said != reason:
        return said
    for template in (AT_LINE, *OF_QUERIES, *OF_SOURCES, *OF_HINTS, *OF_STORE):
        found = _pattern(template).fullmatch(reason)
        if found is not None:
            return say(template, **_told(found.groupdict()))
    return reason


def _told(values: Mapping[str, str]) -> dict[str, str]:
    """Return what fills a template, a reason within a reason told as well."""
    return {name: told_reason(value) if name == "reason" else value for name, value in values.items()}


@cache
def _pattern(template: str) -> re.Pattern[str]:
    parts = []
    for literal, field, _, _ in Formatter().parse(template):
        parts.append(re.escape(literal))
        parts.append("" if field is None else f"(?P<{field}>.*)" if field == "remedy" else f"(?P<{field}>.+?)")
    return re.compile("".join(parts), re.DOTALL)
