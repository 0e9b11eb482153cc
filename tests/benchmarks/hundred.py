"""The hundred keywords of the benchmark: everyday words of the test data's three languages.

Each stands alone in its spelling: simplified and traditional forms are listed apart, so that a plain `in` finds both.
"""

SIMPLIFIED = (
    *("天气", "学校", "医院", "记者", "新闻", "问题", "电影", "音乐", "妈妈", "老师", "孩子", "朋友", "手机", "飞机"),
    *("火车", "广州", "台湾", "工资", "房价", "吃饭", "睡觉", "辟谣", "谣言", "转发", "真相", "道歉", "牛奶", "法律"),
)
TRADITIONAL = (
    *("天氣", "學校", "醫院", "記者", "新聞", "問題", "電影", "音樂", "媽媽", "電話", "開始", "時間", "東西", "點解"),
    *("邊個", "睇到", "食飯", "網站", "電腦", "廣東", "國家", "選舉", "遊行", "議員", "終於", "應該", "覺得", "老師"),
)
SHARED = (
    *("香港", "北京", "上海", "城市", "公司", "政府", "警察", "安全", "地震", "事故", "食品", "希望", "生活", "注意"),
    *("小心", "回家", "早晨", "晚上", "今天", "明天", "昨天", "高速"),
)
LATIN = (
    *("earthquake", "flood", "fire", "help", "people", "please", "news", "police", "bomb", "victims", "water"),
    *("power", "school", "hospital", "rescue", "donate", "pray", "explosion", "train", "storm", "bridge", "smoke"),
)
KEYWORDS = (*SIMPLIFIED, *TRADITIONAL, *SHARED, *LATIN)
