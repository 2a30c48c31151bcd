"""Damage to an input: every kind of it that transport, editors and ill will do."""

import tomllib
from collections.abc import Iterator, Sequence
from importlib.resources import files
from random import Random

_PAGE = """
    js_article js_content js_name post-user publish_time activity-name img_list content_tpl js_verify js_author_name
    js_tags_preview_toast content_bottom_area window.cgiDataNew cgiDataNew={ picture_page_info_list:[ text_page_info:{
    copyright_info:{ cdn_url: content_noencode: item_show_type:'8' item_show_type:'10' item_show_type:'5' title:
    nick_name: user_name: bizuin: mid: idx: sn: link: ori_create_time: create_time: modify_time: desc: JsDecode(
    htmlDecode( .html(false) transferTargetLink= PAGE_MID secitptpage/verify poc_token TCaptcha.js document.write(
    .innerHTML= og:title og:url og:image weui-msg__title mesg-block global_error_msg 该内容已被发布者删除 环境异常
    <script> </script> <script <style> </style> <!-- --> <!--> <![CDATA[ ]]> <?xml <!DOCTYPE <title> </title>
    <div <div> </div> <section> </section> <p> </p> <span> </span> <pre> </pre> <br> <br/> <a </a> <img <table> <td>
    <li> <svg> <math> <template> <iframe> <select> <option> <form> <body> <html> </body> </html> <plaintext> <xmp>
    <textarea> id= id=" class=' href=" data-src=" style=" data-w= data-ratio= content=" property=" name="
    https://mp.weixin.qq.com/s?__biz=MzIwNDk0MDgxMw== &mid=1 &idx=1 &sn= &chksm= /s/abcdefghijklmnopqrstuv #rd
    https://mmbiz.qpic.cn/mmbiz_png/SampleSampleSample/640?wx_fmt=png //mmbiz.qlogo.cn/ http:// javascript: data:
    """
_CODE = r"""
    var let window. d. = == === || && ? : ; , ( ) { } [ ] // /* */ ` ' " \ \\ \' \" \n \r \/ \x26 \x3c \x0a \x * *1 1 +
    \u4e2d \ud83d \ude00 \u{1F600} \u{110000} \u null undefined true 0 -1 1e999 0x10 NaN
    """
_ENTITIES = r"""
    & &amp; &amp;amp; &lt; &gt; &quot; &#39; &nbsp; &#0; &#xD800; &#x10FFFF; &#9999999999; &#x; &zwj; &nosuch;
    \x26amp; %00 %3D%3D %ff + %
    """
_TEXT = """
    万 亿 余 约 近 超 % ％ ‰ 起 个 条 次 环比 同比 较上周 增长 下降 上升 减少 其中 分别 占 为 达 至 第 期 年 月 日 周
    总第 本周 上周 累计 优 良 中 差 危 高危 、 ， 。 ； ： （ ） 《 》 【 】 “ ” · — － – ~ ～ ① ⑩ ² Ⅳ ㈠ １２３ ４．５
    ٣ ﷺ ﬀ İ ß 网络安全信息与动态周报 2025年第3期 2024年第53期 （1月13日-1月19日） 20250113-20250119 近期回顾 CNCERT/CC
    国家互联网应急中心
    """
_NUMBERS = """
    0 00 1 -1 7 53 54 99 2009 2025 9999 1,234 1,2,3 1,234,567,890,123 12.5 0.0001 100% 100.1% 27.8万 99999999999亿
    1700000000 99999999999 1e400 1.1.1.1 CVE-2025-1234
    """
_SIGNS = [
    *"\0\x01\t\n\r\x0b\x0c\x1f\x7f\x85\xa0\xad\u0315\u0316\u0301\u061c\u180e\u200b\u200d\u200e\u2028\u2029\u202e\u2060",
    *"\ufe0f\ufeff\ufffd\ufffe\uffff\U0001f468\U000e0001\U0010ffff",
    *(" ", "\r\n", "\n\n", "👨\u200d👩\u200d👧"),
]
_NO_TEXT = (b"\xff", b"\xfe\xff", b"\xed\xa0\x80", b"\xc0\x80", b"\xf5\x80\x80\x80", b"\xe4\xb8", b"\x80", b"\0\0")
_PAIRS = (("<div>", "</div>"), ("<b>", "</i>"), ("{a:", "}"), ("[", "]"), ("f(", ")"), ("<!--", "-->"), ("(", ""))
_CHARSETS = ("gb18030", "utf-16", "big5", "latin-1")


def _labels(value: object) -> Iterator[str]:
    """All strings of the tables that the report's readers work by."""
    if isinstance(value, str):
        yield from (value.replace("{n}", "7").replace("{word}", "良"), *value.split("{n}"))
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _labels(part)


def _words() -> list[bytes]:
    """Words that the readers look for; of each kind as many, be they repeated."""
    labels: list[str] = []
    for name in ("metric_labels.toml", "headings.toml"):
        labels += _labels(tomllib.loads(files("cncert").joinpath("data", name).read_text(encoding="utf-8")))
    kinds = [*(words.split() for words in (_PAGE, _CODE, _ENTITIES, _TEXT, _NUMBERS)), _SIGNS, labels]
    longest = max(map(len, kinds))
    return [word.encode() for kind in kinds for word in (kind * (longest // len(kind) + 1))[:longest]]


WORDS = _words()


def damaged(chance: Random, seeds: Sequence[bytes], longest: int) -> bytes:
    """One of *seeds* after one to eight kinds of damage; at most *longest* bytes."""
    damage, data = Damage(chance, seeds), chance.choice(seeds)
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 5, 8))):
        data = chance.choice(damage.kinds)(data)[:longest]
    return data


class Damage:
    """The kinds of damage, drawn by *chance*; pieces of *seeds* are spliced in."""

    def __init__(self, chance: Random, seeds: Sequence[bytes]) -> None:
        self._chance, self._seeds = chance, seeds
        rare = (self.flip, self.truncate, self.remove, self.repeat, self.move, self.splice, self.nest, self.recode)
        self.kinds = (*rare, *(self.insert, self.insert_at_word) * 3, *(self.change_number,) * 2)

    def _slice(self, data: bytes, most: int) -> tuple[int, int]:
        start = self._chance.randrange(len(data) + 1)
        return start, min(len(data), start + self._chance.randrange(self._chance.choice((4, 40, most))))

    def flip(self, data: bytes) -> bytes:
        found = bytearray(data)
        for _ in range(self._chance.choice((1, 1, 4, 40)) if data else 0):
            found[self._chance.randrange(len(found))] = self._chance.randrange(256)
        return bytes(found)

    def truncate(self, data: bytes) -> bytes:
        at = self._chance.randrange(len(data) + 1)
        return self._chance.choice((data[:at], data[:at], data[at:]))

    def remove(self, data: bytes) -> bytes:
        start, end = self._slice(data, 4000)
        return data[:start] + data[end:]

    def repeat(self, data: bytes) -> bytes:
        start, end = self._slice(data, 400)
        return data[:end] + data[start:end] * self._chance.choice((1, 1, 3, 30, 300)) + data[end:]

    def move(self, data: bytes) -> bytes:
        start, end = self._slice(data, 4000)
        rest = data[:start] + data[end:]
        at = self._chance.randrange(len(rest) + 1)
        return rest[:at] + data[start:end] + rest[at:]

    def splice(self, data: bytes) -> bytes:
        other = self._chance.choice(self._seeds)
        start, end = self._slice(other, 16_000)
        at, until = self._slice(data, 4000)
        return data[:at] + other[start:end] + data[self._chance.choice((at, until)) :]

    def insert(self, data: bytes) -> bytes:
        for _ in range(self._chance.choice((1, 1, 2, 6))):
            word = self._chance.choice((self._chance.choice(_NO_TEXT), *[self._chance.choice(WORDS)] * 9))
            start, end = self._slice(data, 80)
            times = self._chance.choice((1, 1, 1, 1, 2, 50))
            data = data[:start] + word * times + data[self._chance.choice((start, start, end)) :]
        return data

    def insert_at_word(self, data: bytes) -> bytes:
        """Something right behind a word that matters: most bytes of a page do not."""
        at = data.find(self._chance.choice(WORDS), self._chance.randrange(len(data) + 1))
        if at < 0:
            return self.insert(data)
        at += self._chance.randrange(40)
        return data[:at] + self._chance.choice(WORDS) + data[at + self._chance.choice((0, 0, 1, 8)) :]

    def change_number(self, data: bytes) -> bytes:
        start = self._chance.randrange(len(data) + 1)
        while start < len(data) and not 48 <= data[start] <= 57:
            start += 1
        end = start
        while end < len(data) and 48 <= data[end] <= 57:
            end += 1
        new = self._chance.choice((*_NUMBERS.split(), *("9" * length for length in (2, 12, 20, 400, 5000))))
        return data[:start] + new.encode() + data[end:]

    def nest(self, data: bytes) -> bytes:
        start, end = self._slice(data, 4000)
        opening, closing = self._chance.choice(_PAIRS)
        times = self._chance.choice((1, 10, 300, 1500))
        return data[:start] + opening.encode() * times + data[start:end] + closing.encode() * times + data[end:]

    def recode(self, data: bytes) -> bytes:
        """A part, or all, in another charset."""
        start, end = self._chance.choice((self._slice(data, 4000), (0, len(data))))
        text = data[start:end].decode("utf-8", "replace")
        return data[:start] + text.encode(self._chance.choice(_CHARSETS), "replace") + data[end:]
