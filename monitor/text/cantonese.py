"""Whether Han text is written Cantonese: its frame is made of words that written Mandarin does not have.

Words of Cantonese count against words that only Mandarin uses, so that a Cantonese word in a Mandarin sentence leaves
the frame as it is. The lists are from knowledge of the two, none from labelled data.
"""

import re

FEWEST = 2
"""Points that make a sentence Cantonese, if Mandarin has fewer. A clear word is two, every other one is one."""

_CLEAR = re.compile("[嘅喺冇佢咗啲嚟哋嗰嘢噉㗎瞓]|[唔咁](?=[\u4e00-\u9fff])")
_LIKELY = (
    # Words are told apart behind their first letters: so they are found by a search for them.
    "[啱冚嘥乜噏嗌攞揾搵睇俾畀喎嘞噃哂靚咩係點邊呢依而宜鍾仲得搞識聽尋琴返食傾我你人講做賺玩用寫等買既有好]"
    "(?:(?<=[啱冚嘥乜噏嗌攞揾搵睇俾畀喎嘞噃哂靚咩])|(?<=係)(?!數|列)(?<![關體体干維维確确派譜语語聯]係)|(?<=點)[解樣]"
    "|(?<=邊)[個度]|(?<=呢)[個度隻間次D]|(?<=[依而宜])家|(?<=鍾)意|(?<=仲)[有要未可係]|(?<=得)閒|(?<=搞)掂|(?<=識)得"
    "|(?<=[聽尋琴])日|(?<=返)(?=[工學屋去])|(?<=食)飯|(?<=傾)偈|(?<=[我你人])地(?![方位址區上下點])"
    "|(?<=[講做賺食玩用寫等搞買聽])緊|(?<=既)(?![然是有要能不得定已可往無成])|(?<=[有好])\\s?D\\b)"
)
_LIKELY_WORD = re.compile(_LIKELY)
_LIKELY_WORD_OR_DONE = re.compile(f"{_LIKELY}|[\u4e00-\u9fff]左(?![右邊手轉側翼派傾])")
"""Also with 左 behind a verb, which may be any: a slow search, for texts that have that letter."""

_MANDARIN = re.compile(
    "[這这们們沒没她它您吗嗎吧]|的(?!士|確|确)|了(?!解)|不(?=[是會会能要知想過过好用在同])|是(?!否|次|日)|在(?=[這这那])"
)


def is_cantonese(text: str) -> bool:
    """Tell whether the text, whose letters are mostly Han, is Cantonese rather than Mandarin."""
    likely = _LIKELY_WORD_OR_DONE if "左" in text else _LIKELY_WORD
    points = 2 * len(_CLEAR.findall(text)) + len(likely.findall(text))
    return points >= FEWEST and points > mandarin_words(text)


def mandarin_words(text: str) -> int:
    """Return how many words a text has that only Mandarin uses."""
    return len(_MANDARIN.findall(text))
