"""What the sample topics file brings: its keywords and feeds, for those who begin with a file of their own."""

KEYWORDS = "砸锅卖铁, 砸鍋賣鐵, smash pots and sell iron"
NAME = "smash-pots"

FEEDS = (
    "https://feeds.bbci.co.uk/zhongwen/simp/rss.xml",
    "https://www.rfi.fr/cn/rss",
    "https://www.rfi.fr/tw/rss",
    "https://rss.dw.com/rdf/rss-chi-all",
    "https://chinadigitaltimes.net/chinese/feed/",
    "https://cn.nytimes.com/rss/",
    "https://news.ltn.com.tw/rss/all.xml",
    "https://hongkongfp.com/feed/",
    "https://feeds.bbci.co.uk/news/world/asia/china/rss.xml",
)
"""News of China, Hong Kong and Taiwan: those of `config/topics.toml`, which a test compares."""
