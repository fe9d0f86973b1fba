"""Lines of text that tokenizers find hard, from a seed: many scripts, emoji, code, numbers, white space, controls."""

import random
import unicodedata

SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<s>", "</s>", "<unk>", "<mask>", "<sep>", "wort", "<LOUD>"]
WORDS = {
    "latin": "the of and to kerf measures what each layer costs Größe naïve façade coöperate Straße ŁÓDŹ ǅ ﬁne ªº İı",
    "cyrillic": "слой модель энергия ЁЖ перенос и на что измеряет їжак",
    "greek": "ενέργεια στρώμα Ωμέγα ΐ ᾳ",
    "hebrew": "שכבה אנרגיה מוֹדֶל",
    "arabic": "طبقة النموذج طاقة مُقَدِّمَة لا ﷺ",
    "indic": "परत ऊर्जा मॉडल க்ஷ தமிழ் ক্ষ স্তর ೞ กำลัง ๑๒ ལྷ",
    "cjk": "層 模型 能量 测量每一层的成本 東京 と カタカナ ひらがな 한국어 텍스트 𠮷 豈 ｆｕｌｌ",
}
EMOJI = ["😀", "👩‍👩‍👧", "👍🏽", "🇩🇪", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "❤️", "1️⃣", "🧑🏿‍🚀", "☃", "™"]
CODE = [
    "def f(x):\n    return x**2  # no\n", "for (int i=0; i<10; ++i) {", "\tif err != nil {\n\t\treturn err\n\t}",
    "x->y::z", "a[i] += 0x1F_FF;", "/* … */", "https://example.org/a?b=c&d=%20", "SELECT * FROM t;", "{\"k\": [1, 2]}",
    "$HOME/.cache", "--flag=value", "\\frac{1}{2}", "```swift\nlet a = 1\n```", "!!!", "...", "=====", "snake_case_word",
]
NUMBERS = ["0", "7", "42", "123", "1234", "12345678", "3.14159", "1,000,000", "1e-5", "²", "½", "Ⅷ", "٣٤٥", "१२३४", "①", "㊿"]
SPACES = [
    " ", "  ", "   ", "        ", "\t", "\t\t", "\n", "\n\n", "\r\n", "\r\n\r\n", "\r", " \n", "\n ", "  \n  ", "\u00a0",
    "\u3000", "\u2028", "\u2029", "\u200b", "\u2009", "\v", "\f", "\u0085", "\u1680", "\u202f", "\ufeff", "\x1c",
]
MARKS = ["\u0301", "\u0300\u0301", "\u0323\u0307", "\u0307\u0323", "\u20dd", "\u093c", "\u3099", "\u0345", "\u200d", "\ufe0f"]
CONTRACTIONS = ["'s", "'S", "'t", "'re", "'RE", "'Ve", "'m", "'ll", "'lL", "'d", "'\u017f", "\u2019s", "''", "'x", "'l"]
LITERAL = ["\u2581", "\u2581\u2581", "Ġ", "Ċ", "<0x0A>", "<0xE3>", "\ufffd", "\ue000", "\ufffe", "\U0010ffff", "ﬃ"]
DECOMPOSED = ["e\u0301", "\u1100\u1161\u11a8", "가\u11a8", "Å", "Ω", "A\u030a\u0323", "ΐ", "न\u093c", "క", "\u0f71\u0f72"]


def word(random_source):
    return random_source.choice(random_source.choice(list(WORDS.values())).split())


def scalar(random_source, limit=0x110000):
    while True:
        value = random_source.randrange(limit)
        if not 0xD800 <= value < 0xE000:
            return chr(value)


def chunk(r):
    kind = r.randrange(22)
    if kind < 6:
        return r.choice(["", " ", " "]) + " ".join(word(r) for _ in range(r.randint(1, 4)))
    if kind < 8:
        return "".join(r.choice(SPACES) for _ in range(r.randint(1, 4)))
    if kind == 8:
        return " ".join("".join(word(r)) for _ in range(3)).upper()
    if kind == 9:
        return r.choice(EMOJI) * r.randint(1, 2)
    if kind == 10:
        return r.choice(CODE)
    if kind == 11:
        return r.choice(["", " "]) + r.choice(NUMBERS) + r.choice(["", r.choice(NUMBERS), "kg", "%"])
    if kind == 12:
        return word(r) + r.choice(CONTRACTIONS) + r.choice(["", " ", "x"])
    if kind == 13:
        return r.choice(["", " ", "  ", "\n", "a"]) + r.choice(SPECIAL) + r.choice(["", " ", "  ", "\n", "a", r.choice(SPECIAL)])
    if kind == 14:
        return r.choice(SPECIAL)[: r.randint(1, 8)]
    if kind == 15:
        return chr(r.choice(list(range(32)) + list(range(0x7F, 0xA1))))
    if kind == 16:
        marks = [r.choice(MARKS + [chr(r.randrange(0x300, 0x370))]) for _ in range(r.randint(1, 3))]
        return r.choice(["", "a", " ", "क", "Ự", chr(r.randrange(0xAC00, 0xD7A4))]) + "".join(marks)
    if kind == 17:
        return r.choice(LITERAL)
    if kind == 18:
        jamo = [chr(r.randrange(0x1100, 0x11C3)) for _ in range(r.randint(1, 4))]
        return r.choice(DECOMPOSED + ["".join(jamo)])
    if kind == 19:
        return "".join(scalar(r, r.choice([0x80, 0x800, 0x3000, 0x10000, 0x20000, 0x110000])) for _ in range(r.randint(1, 5)))
    if kind == 20:
        # Bytes that are not UTF-8, as a program sees them that replaces errors.
        return bytes(r.randrange(256) for _ in range(r.randint(1, 6))).decode("utf-8", "replace")
    return r.choice("abz. -_\"'") * r.randint(1, 40)


def line(r):
    text = "".join(chunk(r) for _ in range(r.randint(1, 10)))
    return unicodedata.normalize("NFD", text) if r.randrange(10) == 0 else text


def lines(seed, count):
    r = random.Random(seed)
    fixed = ["", " ", "  ", "\n", "a", " a", "a ", "'", "'s", "<s>", " <s> ", "\u2581", "\r\n", "0", "\u0301", "<|im_start|>"]
    return (fixed + [line(r) for _ in range(count)])[:count]


def every_scalar():
    """All scalars of planes 0 to 3 between letters and digits, 128 a line: where letters, numbers and spaces end."""
    values = [v for v in range(0x40000) if not 0xD800 <= v < 0xE000]
    for start in range(0, len(values), 128):
        yield "".join(f"x{chr(v)}1{chr(v)} " for v in values[start : start + 128])


def plain_lines(seed, count):
    """Text to train on: words of the same letters, most of them in no language."""
    r = random.Random(seed)

    def invented():
        letters = list(word(r) + word(r)[:2])
        r.shuffle(letters)
        return word(r) if r.randrange(3) else "".join(letters)

    return [" ".join(invented() for _ in range(12)) + " " + r.choice(CODE) + r.choice(EMOJI) for _ in range(count)]
