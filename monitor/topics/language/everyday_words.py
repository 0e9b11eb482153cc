"""Words that stand in most posts of their language: who looks for one of them alone finds everything."""

from monitor.text.folding import fold

_COMMON = frozenset(
    (
        *("the", "a", "an", "of", "to", "in", "is", "it", "that", "was", "for", "on", "are", "with", "as", "his"),
        *("they", "will", "up", "out", "them", "then", "she"),
        *("at", "be", "this", "from", "have", "by", "had", "but", "what", "all", "were", "when", "we", "there", "can"),
        *("your", "which", "their", "said", "if", "do", "about", "how"),
        *("的", "是", "了", "我", "在", "人", "有", "他", "这", "中", "大", "来", "上", "个", "们", "你", "说", "要"),
        *("我们", "他们", "这个", "一个", "没有", "什么", "可以", "现在", "自己", "就是", "不是", "知道"),
    )
)
"""Folded."""


def is_common(text: str) -> bool:
    """Tell whether a keyword stands in most posts."""
    return fold(text) in _COMMON


def why_common(text: str) -> str:
    """Word why a keyword cannot stand alone."""
    beside = "砸锅" if not text.isascii() else "pots"
    return f'"{text}" stands in most posts; write a longer word, or another beside it: {text} {beside}'
