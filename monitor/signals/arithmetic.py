"""The sentences that explain numbers: inputs, formula, source. Whoever reads them can repeat the numbers."""

from collections import Counter
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from monitor.models import Mention, Phrase
from monitor.nouns.burst import Burst
from monitor.nouns.coverage import Counted
from monitor.signals.baseline import Usual
from monitor.signals.phases import BURST

MOST_TERMS = 5
"""Keywords that are named, most posts first."""

_SOURCES = "(Farrington et al. 1996, Noufaily et al. 2013)"
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def explained(burst: Burst, usual: Usual, zone: ZoneInfo) -> tuple[str, ...]:
    """Return how a burst was found, a sentence a line."""
    said = f"{burst.voices:,} voices (each wording once, then each account once){_change(burst)}"
    spreads = f"{burst.platform_spread:.1f} platforms, {burst.script_spread:.1f} scripts"
    tail = f"-log10 P(X ≥ {burst.voices:,})"
    return (
        f"Stood out: {_when(burst, zone)}, {burst.posts:,} posts, {burst.accounts:,} accounts; {said}.",
        _mean(usual),
        _variance(usual),
        f"Surprise {burst.surprise:.2f} = {tail}, X negative binomial with that mean and variance {_SOURCES}.",
        f"It is a burst from {BURST} on. Spread, as 1 ÷ Σ share² (Hill 1973): {spreads}.",
        f"In its newest hour {burst.latest:,} voices: {burst.phase}.",
    )


def tallied(counted: Sequence[Counted]) -> tuple[str, ...]:
    """Return how much of a count is a platform's own word."""
    return tuple(
        f"{each.source} counted {each.posts:,} posts, {each.read:,} of them were read; the others count too, "
        "copies among them as often as among those that were read."
        for each in counted
    )


def makeup(mentions: Sequence[Mention], loudest: int | None) -> tuple[str, ...]:
    """Return what a count is made of: copies, the posts of the account with most, and of each keyword."""
    if not mentions:
        return ()
    wordings = {mention.group or str(mention.post.key) for mention in mentions}
    terms = Counter(hit.term for mention in mentions for hit in mention.terms)
    most = sorted(terms.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_TERMS]
    sentences = [f"Copies once: {len(wordings):,} of {len(mentions):,}."]
    sentences += [f"Loudest account: {loudest:,} of them."] if loudest else []
    sentences += [f"Matched: {' · '.join(f'{term} {count:,}' for term, count in most)}."] if most else []
    return (" ".join(sentences),)


def phrased(phrases: Sequence[Phrase]) -> tuple[str, ...]:
    """Return how words were found to be new, and beside how much."""
    if not phrases:
        return ()
    first = phrases[0]
    read = f"{first.read:,} voices{' read' if first.is_sample else ''}"
    counts = ", ".join(f"{each.text} {each.voices:,} (before {each.earlier:,}; {each.score:.1f})" for each in phrases)
    return (f"New with it: {counts}; of {read}, before of {first.earlier_read:,}; by G² (Dunning 1993).",)


def _when(burst: Burst, zone: ZoneInfo) -> str:
    start, end = burst.start.astimezone(zone), burst.end.astimezone(zone)
    return f"{_WEEKDAYS[start.weekday()]} {start:%H:%M} to {end:%H:%M}"


def _change(burst: Burst) -> str:
    return "" if burst.before is None else f", {burst.voices - burst.before:+,} on the {burst.before:,} before"


def _mean(usual: Usual) -> str:
    counts = f"{usual.counts} earlier counts at that time of day"
    if usual.is_weekday:
        counts = f"{usual.weekdays} counts of the same weekday, more than ({usual.sum:,} + 0.5) ÷ {usual.counts} of all"
    total, number = (usual.weekday_sum, usual.weekdays) if usual.is_weekday else (usual.sum, usual.counts)
    capped = f"; {usual.capped} above {usual.cap:,} count as that" if usual.capped else ""
    return (
        f"Usual {_number(usual.mean)} = ({total:,} + 0.5) ÷ {number}: {counts}, all read whole{capped} (Jeffreys 1961)."
    )


def _variance(usual: Usual) -> str:
    return (
        f"Variance {_number(usual.variance)} = {_number(usual.dispersion)} × usual × (1 + 1 ÷ {usual.counts}); "
        f"{_number(usual.dispersion)} = max(1, s² ÷ mean) of counts with sum {usual.sum:,}, squares {usual.squares:,}."
    )


def _number(value: float) -> str:
    return f"{value:,.2f}" if value >= 1 else f"{value:.2g}"
