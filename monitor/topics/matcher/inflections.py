"""English inflections of a keyword's words: plurals and verb forms, by rule, with the common irregular ones listed.

Forms that no text holds cost nothing; forms that mean another word cost false hits. So a rule would rather make a word
that is none (carred) than take another's (cared), and words of three letters or fewer keep their ends.
"""

import re
from functools import cache, lru_cache

_IRREGULAR = """
arise arises arose arisen arising|awake awakes awoke awoken awaking|bear bears bore borne bearing
beat beats beaten beating|become becomes became becoming|begin begins began begun beginning|bend bends bent bending
bet bets betting|bind binds bound binding|bite bites bit bitten biting|bleed bleeds bled bleeding
blow blows blew blown blowing|break breaks broke broken breaking|breed breeds bred breeding
bring brings brought bringing|build builds built building|burn burns burned burnt burning|burst bursts bursting
buy buys bought buying|cast casts casting|catch catches caught catching|choose chooses chose chosen choosing
cling clings clung clinging|come comes came coming|cost costs costing|creep creeps crept creeping|cut cuts cutting
deal deals dealt dealing|dig digs dug digging|do does did done doing|draw draws drew drawn drawing
dream dreams dreamed dreamt dreaming|drink drinks drank drunk drinking|drive drives drove driven driving
eat eats ate eaten eating|embed embeds embedded embedding|fall falls fell fallen falling|feed feeds fed feeding
feel feels felt feeling
fight fights fought fighting|find finds found finding|flee flees fled fleeing|fly flies flew flown flying
forbid forbids forbade forbidden forbidding|forget forgets forgot forgotten forgetting
forgive forgives forgave forgiven forgiving|freeze freezes froze frozen freezing|get gets got gotten getting
give gives gave given giving|go goes went gone going|grind grinds ground grinding|grow grows grew grown growing
hang hangs hung hanged hanging|have has had having|hear hears heard hearing|hide hides hid hidden hiding
hit hits hitting|hold holds held holding|hurt hurts hurting|keep keeps kept keeping|kneel kneels knelt kneeling
know knows knew known knowing|lay lays laid laying|lead leads led leading|learn learns learned learnt learning
leave leaves left leaving|lend lends lent lending|let lets letting|lie lies lied lying
light lights lit lighted lighting|lose loses lost losing|make makes made making|mean means meant meaning
meet meets met meeting|pay pays paid paying|put puts putting|quit quits quitting|read reads reading
ride rides rode ridden riding|ring rings rang rung ringing|rise rises rose risen rising|run runs ran running
say says said saying|see sees saw seen seeing|seek seeks sought seeking|sell sells sold selling
send sends sent sending|set sets setting|shake shakes shook shaken shaking|shine shines shone shining
shoot shoots shot shooting|shred shreds shredded shredding|show shows showed shown showing
shrink shrinks shrank shrunk shrinking
shut shuts shutting|sing sings sang sung singing|sink sinks sank sunk sinking|sit sits sat sitting
sleep sleeps slept sleeping|slide slides slid sliding|speak speaks spoke spoken speaking
spend spends spent spending|spin spins spun spinning|split splits splitting|spread spreads spreading
stand stands stood standing|steal steals stole stolen stealing|stick sticks stuck sticking
sting stings stung stinging|strike strikes struck striking|strive strives strove striven striving
swear swears swore sworn swearing|sweep sweeps swept sweeping|swim swims swam swum swimming
swing swings swung swinging|take takes took taken taking|teach teaches taught teaching|tear tears tore torn tearing
tell tells told telling|think thinks thought thinking|throw throws threw thrown throwing
understand understands understood understanding|wake wakes woke woken waking|wear wears wore worn wearing
weep weeps wept weeping|win wins won winning|wind winds wound winding
withdraw withdraws withdrew withdrawn withdrawing|write writes wrote written writing
"""
"""Verbs, a paradigm each."""

_PLURALS = """
analysis analyses|axis axes|basis bases|calf calves|child children|crisis crises|criterion criteria
curriculum curricula|diagnosis diagnoses|foot feet|goose geese|half halves|hypothesis hypotheses|knife knives
leaf leaves|life lives|loaf loaves|man men|mouse mice|oasis oases|ox oxen|person persons people
phenomenon phenomena|policeman policemen|policewoman policewomen|self selves|shelf shelves|thesis theses
thief thieves|tooth teeth|wife wives|wolf wolves|woman women|fireman firemen|fisherman fishermen
businessman businessmen|congressman congressmen|spokesman spokesmen
"""
"""Nouns, a paradigm each."""

_FIXED_WORDS = """
about above after again all also always amid among and another any are around based because been before behind being
below beside besides between both but can could does down during each else ever every few for former from good has
her here hers him his how into its just last less like many more most much must need never new news next none nor
not now off often once only onto other others our ours out over own per plus same she should since some such than
that the their theirs them then there these they thing this those thus too under until upon was were what when
where which while who whom whose why will with within without would yes yet you your yours custom customs
afghanistan america athens brussels cyprus dallas ethics gas honduras james lens mars mathematics media memphis
mumps naples netherlands paris physics politics series species syria texas tunis united wales alas atlas bias bonus
campus canvas census chaos christmas citrus congress corps cosmos diabetes economics electronics focus genius
headquarters humus kudos lotus means minus mucus nexus oasis olympics philippines rabies stimulus surplus tennis
one two three four five six seven eight nine ten may might shall though although unless whether either neither
across along against through throughout toward towards whatever whenever wherever whoever anyone someone everyone
nobody nothing something anything everything today tomorrow yesterday
thermos tetanus venus versus virus bore born bound felt ground lay left lit rose saw wound
"""
"""Words that have no other forms, or whose other form is another word."""

_VOWELS = "aeiou"
_NO_MUTE_E = re.compile(r".*(?:sh|x|ck|w|ff|nk|mp|rk|pt|ght|lk|sk|ft|ct|[nrl]t|rn|[lr]m|[nl]d|[lr]p)")
"""Ends of a past form's stem behind which no verb has an e: smashed is of smash, and no smashe."""

_SIBILANT = re.compile(r".*(?:s|x|z|ch|sh)")
_MONOSYLLABLE = re.compile(r"[^aeiou]*[aeiou][^aeiouwxy]")
_DOUBLED_LATE = re.compile(r".*(?:[^aeiou](?:[aeiou]l|mit|fer|cur|pel|bel)|bed|gram|hip)")


@lru_cache(maxsize=50_000)
def forms_of(word: str) -> frozenset[str]:
    """Return a word of lower-case ASCII letters and its other forms; the word alone where there are none.

    A plural stands for its singular too, a past form that is listed or ends with "ed" for its verb. A form in "ing" is
    mostly a noun of its own (building, training): it stands for itself and its plural.
    """
    if not (word.isascii() and word.isalpha()) or len(word) < 2 or word in _fixed():
        return frozenset((word,))
    if word.endswith("ing") and len(word) > 5:
        return frozenset((word, f"{word}s"))
    if word in _paradigms():
        return _paradigms()[word]
    if len(word) < 3:
        return frozenset((word,))
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return frozenset((word, *_singulars(word)))
    if len(word) > 4 and word.endswith("ed") and not word.endswith("eed") and (bases := _bases_of_past(word)):
        return frozenset((word, *(form for base in bases for form in (base, *_regular(base)))))
    return frozenset((word, *_regular(word)))


def is_verb(word: str) -> bool:
    """Tell whether a word is a form of a listed verb, or ends as forms of verbs do."""
    return word in _verbs() or (len(word) > 4 and word.endswith(("ed", "ing")) and not word.endswith("eed"))


@cache
def _verbs() -> frozenset[str]:
    return frozenset(_IRREGULAR.replace("|", " ").split())


@cache
def _fixed() -> frozenset[str]:
    return frozenset(_FIXED_WORDS.split())


@cache
def _paradigms() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for line in (*_IRREGULAR.split("\n"), *_PLURALS.split("\n")):
        for paradigm in filter(None, line.split("|")):
            forms = paradigm.split()
            for form in forms:
                # A form of two words (lay, found, left) stands for both.
                found[form] = found.get(form, frozenset()) | frozenset(forms)
    return found


def _regular(word: str) -> tuple[str, ...]:
    """Return the plural or third person, the past and the form in "ing" of a base."""
    if word.endswith("y") and word[-2] not in _VOWELS:
        return (f"{word[:-1]}ies", f"{word[:-1]}ied", f"{word}ing")
    plural = f"{word}es" if _SIBILANT.fullmatch(word) else f"{word}s"
    if word.endswith("ie"):
        return (plural, f"{word}d", f"{word[:-2]}ying")
    if word.endswith("e"):
        progressive = f"{word}ing" if word.endswith(("ee", "oe", "ye")) else f"{word[:-1]}ing"
        return (plural, f"{word}d", progressive)
    plurals = (plural, f"{word}es") if word.endswith("o") else (plural,)
    if _MONOSYLLABLE.fullmatch(word):
        return (*plurals, f"{word}{word[-1]}ed", f"{word}{word[-1]}ing")
    forms = (*plurals, f"{word}ed", f"{word}ing")
    return (*forms, f"{word}{word[-1]}ed", f"{word}{word[-1]}ing") if _DOUBLED_LATE.fullmatch(word) else forms


def _singulars(word: str) -> tuple[str, ...]:
    if word.endswith("ies"):
        return (f"{word[:-3]}y", word[:-1])
    if len(word) > 5 and word.endswith("es") and (_SIBILANT.fullmatch(word[:-2]) or word.endswith("oes")):
        return (word[:-1], word[:-2])
    return (word[:-1],)


def _bases_of_past(word: str) -> tuple[str, ...]:
    """Return the bases that a regular past form may have; one that is no word is harmless."""
    stem = word[:-2]
    if not re.search("[aeiouy]", stem):
        return ()
    if stem.endswith("i"):
        return (f"{stem[:-1]}y",)
    if stem[-1] == stem[-2] and stem[-1] not in "aeiouls":
        return (stem[:-1],)
    bases = (stem,) if _NO_MUTE_E.fullmatch(stem) else (stem, f"{stem}e")
    return tuple(base for base in bases if word in _regular(base))
