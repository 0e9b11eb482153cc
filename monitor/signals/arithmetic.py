"""The sentences that explain numbers: inputs, formula, source. Whoever reads them can repeat the numbers."""

from collections import Counter
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from monitor.digests.platforms import platform_label
from monitor.models import Mention, Phrase
from monitor.nouns.burst import Burst, Phase
from monitor.nouns.coverage import Counted
from monitor.saying import phrase, say
from monitor.signals.baseline import Usual
from monitor.signals.phases import BURST

MOST_TERMS = 5
"""Keywords that are named, most posts first."""

_SOURCES = phrase("(Farrington et al. 1996, Noufaily et al. 2013)")
WEEKDAYS = (phrase("Mon"), phrase("Tue"), phrase("Wed"), phrase("Thu"), phrase("Fri"), phrase("Sat"), phrase("Sun"))
PHASES: dict[Phase, str] = {
    "rising": phrase("rising"),
    "peak": phrase("peak"),
    "fading": phrase("fading"),
    "back": phrase("back"),
}


def explained(burst: Burst, usual: Usual, zone: ZoneInfo) -> tuple[str, ...]:
    """Return how a burst was found, a sentence a line."""
    counts = {"posts": f"{burst.posts:,}", "accounts": f"{burst.accounts:,}", "voices": f"{burst.voices:,}"}
    spread = {"platforms": f"{burst.platform_spread:.1f}", "scripts": f"{burst.script_spread:.1f}"}
    stood_out = say(
        "Stood out: {time}, {posts} posts, {accounts} accounts; {voices} voices (each wording once, then each account"
        " once){change}.",
        time=_when(burst, zone),
        change=_change(burst),
        **counts,
    )
    surprise = say(
        "Surprise {surprise} = -log10 P(X ≥ {voices}), X negative binomial with that mean and variance {sources}.",
        surprise=f"{burst.surprise:.2f}",
        voices=counts["voices"],
        sources=say(_SOURCES),
    )
    return (
        stood_out,
        _mean(usual),
        _variance(usual),
        surprise,
        say(
            "It is a burst from {least} on. Spread, as 1 ÷ Σ share² (Hill 1973): {platforms} platforms,"
            " {scripts} scripts.",
            least=BURST,
            **spread,
        ),
        say("In its newest hour {voices} voices: {phase}.", voices=f"{burst.latest:,}", phase=say(PHASES[burst.phase])),
    )


def tallied(counted: Sequence[Counted]) -> tuple[str, ...]:
    """Return how much of a count is a platform's own word."""
    return tuple(
        say(
            "{platform} counted {count} posts and {read} were read; the others count too, copied as often as these.",
            platform=platform_label(each.source),
            count=f"{each.posts:,}",
            read=f"{each.read:,}",
        )
        for each in counted
    )


def makeup(mentions: Sequence[Mention], loudest: int | None) -> tuple[str, ...]:
    """Return what a count is made of: copies, the posts of the account with most, and of each keyword."""
    if not mentions:
        return ()
    wordings = {mention.group or str(mention.post.key) for mention in mentions}
    terms = Counter(hit.term for mention in mentions for hit in mention.terms)
    most = sorted(terms.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_TERMS]
    sentences = [
        say("Each wording once: {count} of {all} posts.", count=f"{len(wordings):,}", all=f"{len(mentions):,}")
    ]
    sentences += [say("Loudest account: {count} of them.", count=f"{loudest:,}")] if loudest else []
    if most:
        sentences.append(say("Matched: {terms}.", terms=" · ".join(f"{term} {count:,}" for term, count in most)))
    return (say("{first} {second}", first="", second="").join(sentences),)


def phrased(phrases: Sequence[Phrase]) -> tuple[str, ...]:
    """Return how words were found to be new, and beside how much."""
    if not phrases:
        return ()
    first = phrases[0]
    voices = {"read": f"{first.read:,}", "earlier": f"{first.earlier_read:,}"}
    words = say(", ").join(
        say(
            "{word} {voices} (before {earlier}; {score})",
            word=each.text,
            voices=f"{each.voices:,}",
            earlier=f"{each.earlier:,}",
            score=f"{each.score:.1f}",
        )
        for each in phrases
    )
    if first.is_sample:
        said = say(
            "New with it: {words}; of {read} voices read, before of {earlier}; by G² (Dunning 1993).",
            words=words,
            **voices,
        )
    else:
        said = say(
            "New with it: {words}; of {read} voices, before of {earlier}; by G² (Dunning 1993).", words=words, **voices
        )
    return (said,)


def _when(burst: Burst, zone: ZoneInfo) -> str:
    start, end = burst.start.astimezone(zone), burst.end.astimezone(zone)
    day = say("{day} {clock}", day=say(WEEKDAYS[start.weekday()]), clock=f"{start:%H:%M}")
    return say("{start} to {end}", start=day, end=f"{end:%H:%M}")


def _change(burst: Burst) -> str:
    if burst.before is None:
        return ""
    grown, before = f"{burst.voices - burst.before:+,}", f"{burst.before:,}"
    return say(", {grown} on the {before} before", grown=grown, before=before)


def _mean(usual: Usual) -> str:
    said = {"sum": f"{usual.sum:,}", "counts": usual.counts}
    total, number = (usual.weekday_sum, usual.weekdays) if usual.is_weekday else (usual.sum, usual.counts)
    counts = (
        say("{weekdays} counts of the same weekday, more than ({sum} + 0.5) ÷ {counts} of all", weekdays=number, **said)
        if usual.is_weekday
        else say("{counts} earlier counts at that time of day", counts=usual.counts)
    )
    capped = (
        say("; {count} above {cap} count as that", count=usual.capped, cap=f"{usual.cap:,}") if usual.capped else ""
    )
    return say(
        "Usual at that time of day {usual} = ({total} + 0.5) ÷ {number}: {counts}, all read whole{capped}"
        " (Jeffreys 1961).",
        usual=_number(usual.mean),
        total=f"{total:,}",
        number=number,
        counts=counts,
        capped=capped,
    )


def _variance(usual: Usual) -> str:
    return say(
        "Variance {variance} = {dispersion} × usual × (1 + 1 ÷ {counts}); {dispersion} = max(1, s² ÷ mean) of counts"
        " with sum {sum}, squares {squares}.",
        variance=_number(usual.variance),
        dispersion=_number(usual.dispersion),
        counts=usual.counts,
        sum=f"{usual.sum:,}",
        squares=f"{usual.squares:,}",
    )


def _number(value: float) -> str:
    return f"{value:,.2f}" if value >= 1 else f"{value:.2g}"
