"""Addresses: which ones mean an article or a picture, which of them may be fetched."""

from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cncert.wechat.address import (
    ARTICLE_HOST,
    FORMS,
    PICTURE_HOSTS,
    Address,
    ArticleKey,
    biz_number,
    biz_text,
    is_verification,
    may_fetch,
    rank,
    read_address,
    read_picture,
    read_proxied_picture,
    read_sn,
    unescape,
)

HOSTS = {ARTICLE_HOST, *PICTURE_HOSTS}
SN = "5a3c0d9e7b1f4826a0c4e8d2f6b71935"
CHKSM = "973acc0aa04d451c" + "6f" * 30
TOKEN = "KDWh_qGpFN5Vu1TR9t30Mw"
KEY = ArticleKey(3204940813, 2247499624, 1)
BIZ = "MzIwNDk0MDgxMw=="
SHORT = f"https://mp.weixin.qq.com/s/{TOKEN}"
LONG = f"https://mp.weixin.qq.com/s?__biz={BIZ}&mid=2247499624&idx=1&sn={SN}"
SIGNED = f"{LONG}&chksm={CHKSM}"
TEMPORARY = "https://mp.weixin.qq.com/s?src=11&timestamp=1700000000&ver=5000&signature=a*b-c_d&new=1"
PICTURE = "https://mmbiz.qpic.cn/sz_mmbiz_png/SampleibPictureic0123456789/640?wx_fmt=png&from=appmsg"
PICTURE_KEY = "sz_mmbiz_png/SampleibPictureic0123456789"


def read(text: str, base: str | None = None) -> Address:
    address = read_address(text, base)
    assert address is not None, text
    return address


# ---------------------------------------------------------------------------------------------------------------------
# Articles


@pytest.mark.parametrize(
    ("text", "form", "key"),
    [
        (SHORT, "short", None),
        (SHORT + "/", "short", None),
        (SHORT + "?nwr_flag=1#rd", "short", None),
        (SIGNED, "signed", KEY),
        (SIGNED + "#rd", "signed", KEY),
        (LONG, "unsigned", KEY),
        (LONG + "&scene=21#wechat_redirect", "unsigned", KEY),
        (LONG + "&chksm=", "unsigned", KEY),
        (LONG.replace("/s?", "/s/?"), "unsigned", KEY),
        (LONG.replace("/s?", "/mp/appmsg/show?"), "unsigned", KEY),
        (TEMPORARY, "temporary", None),
        (TEMPORARY.replace("&", "&amp;"), "temporary", None),
    ],
)
def test_the_forms_of_an_article_s_address(text, form, key):
    address = read(text)
    assert (address.form, address.key) == (form, key)


def test_a_short_address_is_its_token():
    assert read(SHORT + "?scene=1&key=secret#rd") == Address(SHORT, "short", token=TOKEN)


def test_a_long_address_is_kept_as_found():
    found = f"http://mp.weixin.qq.com/s?scene=21&__biz={BIZ}&mid=2247499624&idx=1&sn={SN}&chksm={CHKSM}&x=%E4%B8%AD#rd"
    address = read(found)
    assert address.url == found.replace("http:", "https:").removesuffix("#rd")
    assert address.sn == SN


def test_a_temporary_address_is_kept_as_found():
    # html.unescape makes ×tamp of &timestamp.
    assert read(TEMPORARY).url == TEMPORARY


@pytest.mark.parametrize(
    "text",
    [
        f"https://mp.weixin.qq.com/s?__biz={BIZ}&appmsgid=2247499624&itemidx=1&sign={SN}",
        f"https://mp.weixin.qq.com/mp/appmsg/show?__biz={BIZ}&appmsgid=2247499624&itemidx=1&sign={SN}#wechat_redirect",
        LONG.replace("&", "&amp;"),
        LONG.replace("&", "&amp;amp;"),
        LONG.replace("&", "&amp;amp;amp;amp;"),
        LONG.replace("&", "&#38;"),
        LONG.replace("&", "&#x26;"),
        LONG.replace("&", "\\x26"),
        LONG.replace("&", "\\x26amp;"),
        LONG.replace("&", "\\x26amp;amp;"),
        LONG.replace("&", "\\u0026"),
        LONG.replace("/", "\\/"),
        LONG.replace("==", "%3D%3D"),
        LONG.replace("==", "%3d%3d"),
        LONG.replace("==", ""),
        LONG.replace("==", "="),
        LONG.replace("https:", "http:"),
        LONG.replace("https:", "HTTP:"),
        LONG.replace("https:", ""),
        LONG.replace("mp.weixin", "MP.Weixin"),
        LONG.replace(".com/", ".com:443/"),
        LONG.replace("https", "http").replace(".com/", ".com:80/"),
        LONG.replace(".com/", ".com./"),
        f"  {LONG}\n",
    ],
)
def test_however_it_is_written_it_is_the_same_article(text):
    address = read(text)
    assert (address.key, address.sn) == (KEY, SN)
    assert address.url.startswith("https://mp.weixin.qq.com/")
    assert "&amp;" not in address.url
    assert "#" not in address.url


def test_base64_may_hold_a_plus_sign():
    assert biz_number("+/+/") is None
    assert read_address(LONG.replace(BIZ, "Mz+wNDk0")) is None
    assert read(LONG.replace(BIZ, "ODUzMjkwMzYx")).key == ArticleKey(853290361, 2247499624, 1)


@pytest.mark.parametrize(
    "name",
    ["key", "uin", "pass_ticket", "exportkey", "wxtoken", "appmsg_token", "poc_token", "KEY", "%6Bey", "Pass_Ticket"],
)
def test_credentials_of_who_copied_the_link_go(name):
    address = read(SIGNED.replace("&mid", f"&{name}=SECRET&mid") + f"&{name}=SECRET2&ascene=1")
    assert "SECRET" not in address.url
    assert address.url == SIGNED + "&ascene=1"


def test_what_only_sounds_like_a_credential_stays():
    assert read(SIGNED + "&keyword=x&user=y").url == SIGNED + "&keyword=x&user=y"


def test_an_address_relative_to_its_page():
    assert read(f"/s/{TOKEN}", SIGNED).url == SHORT
    assert read("?" + SIGNED.partition("?")[2], LONG).url == SIGNED
    assert read_address("//[", SIGNED) is None
    assert read_address("//evil.example/s/" + TOKEN, SIGNED) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "#",
        "##",
        "javascript:void(0)",
        "javascript:;",
        "data:text/html,x",
        "mailto:x@mp.weixin.qq.com",
        f"ftp://mp.weixin.qq.com/s/{TOKEN}",
        f"file:///s/{TOKEN}",
        f"/s/{TOKEN}",
        f"mp.weixin.qq.com/s/{TOKEN}",
        "https://mp.weixin.qq.com/",
        "https://mp.weixin.qq.com/s",
        "https://mp.weixin.qq.com/s/",
        "https://mp.weixin.qq.com/s/short",
        f"https://mp.weixin.qq.com/s/{TOKEN}/more",
        f"https://mp.weixin.qq.com/s/../s/{TOKEN}",
        f"https://mp.weixin.qq.com/S/{TOKEN}",
        f"https://mp.weixin.qq.com//s/{TOKEN}",
        f"https://mp.weixin.qq.com/s/{TOKEN}~",
        f"https://mp.weixin.qq.com/s/{TOKEN[:-1]}中",
        "https://mp.weixin.qq.com/s/" + "a" * 65,
        "https://mp.weixin.qq.com/s?src=11&ver=1",
        f"https://mp.weixin.qq.com/mp/wappoc_appmsgcaptcha?poc_token=X&target_url={quote(LONG)}",
        "https://mp.weixin.qq.com/mp/appmsgalbum?action=getalbum&album_id=1&__biz=" + BIZ,
        LONG.replace("/s?", "/mp/profile_ext?"),
        LONG.replace("/s?", "/mp/rumor?"),
        LONG.replace("/s?", "/cgi-bin/readtemplate?"),
        LONG.replace(BIZ, ""),
        LONG.replace(BIZ, "x"),
        LONG.replace(BIZ, "中文"),
        LONG.replace(BIZ, "bm90IGRpZ2l0cw=="),
        LONG.replace("2247499624", "-1"),
        LONG.replace("2247499624", "1" * 13),
        LONG.replace("2247499624", "２２"),
        LONG.replace("idx=1", "idx=100"),
        LONG.replace("idx=1", "idx="),
        SIGNED + "&x=" + "y" * 3000,
    ],
)
def test_what_is_no_article_s_address(text):
    assert read_address(text) is None
    assert not may_fetch(text)


# Addresses that lead, or might lead, elsewhere than they seem to.
ELSEWHERE = [
    "https://evil.example/s/" + TOKEN,
    "https://evil.example/?u=" + SHORT,
    "https://evil.example#" + SHORT,
    "https://user@mp.weixin.qq.com/s/" + TOKEN,
    "https://user:word@mp.weixin.qq.com/s/" + TOKEN,
    "https://@mp.weixin.qq.com/s/" + TOKEN,
    "https://mp.weixin.qq.com@evil.example/s/" + TOKEN,
    "https://mp.weixin.qq.com:80@evil.example/s/" + TOKEN,
    "https://mp.weixin.qq.com:8443/s/" + TOKEN,
    "https://mp.weixin.qq.com:0/s/" + TOKEN,
    "https://mp.weixin.qq.com:x/s/" + TOKEN,
    "https://mp.weixin.qq.com:99999/s/" + TOKEN,
    "https://mp.weixin.qq.com\\@evil.example/s/" + TOKEN,
    "https://mp.weixin.qq.com\\.evil.example/s/" + TOKEN,
    "https:\\\\mp.weixin.qq.com\\s\\" + TOKEN,
    "https://evil.example\\/@mp.weixin.qq.com/s/" + TOKEN,
    "https://evil.example\\x2f@mp.weixin.qq.com/s/" + TOKEN,
    "https://evil.example/@mp.weixin.qq.com/s/" + TOKEN,
    "https://mp.weixin.qq.com.evil.example/s/" + TOKEN,
    "https://evil-mp.weixin.qq.com/s/" + TOKEN,
    "https://x.mp.weixin.qq.com/s/" + TOKEN,
    "https://weixin.qq.com/s/" + TOKEN,
    "https://mp-weixin.qq.com/s/" + TOKEN,
    "https://mp.weixin.qq.co/s/" + TOKEN,
    "https://mp。weixin。qq。com/s/" + TOKEN,
    "https://ｍｐ.weixin.qq.com/s/" + TOKEN,
    "https://mр.weixin.qq.com/s/" + TOKEN,  # a Cyrillic letter
    "https://xn--m-xtb.weixin.qq.com/s/" + TOKEN,
    "https://mp.weixin.qq.com%2eevil.example/s/" + TOKEN,
    "https://mp.weixin.qq.com%00.evil.example/s/" + TOKEN,
    "https://mp.weixin.qq.com\x00.evil.example/s/" + TOKEN,
    "https://mp.weixin.qq.com\t.evil.example/s/" + TOKEN,
    "https://mp.wei\nxin.qq.com/s/" + TOKEN,
    "https://mp.weixin.qq.com\u2028/s/" + TOKEN,
    "https://mp.weixin.qq.com\u2100/s/" + TOKEN,
    "https://[mp.weixin.qq.com]/s/" + TOKEN,
    "https://x[mp.weixin.qq.com]/s/" + TOKEN,
    "https://[::1]/s/" + TOKEN,
    "https://[/s/" + TOKEN,
    "https:///mp.weixin.qq.com/s/" + TOKEN,
    "https://",
    "https:",
    SHORT + "\x00",
    SHORT + "?x=\ud800",
    SHORT + '"onload="x',
    SHORT + "<script>",
]


@pytest.mark.parametrize("text", ELSEWHERE)
def test_hostile_addresses_are_none(text):
    assert read_address(text) is None
    assert read_picture(text) is None
    assert not may_fetch(text)


@pytest.mark.parametrize(
    "url",
    [
        "https://mp.weixin.qq.com&sol;s&quest;__biz=MzA&mid=1&idx=1&z=.evil.example",
        "https://mp.weixin.qq.com&#47;s/" + TOKEN,
        "https://&#109;p.weixin.qq.com/s/" + TOKEN,
        "https:\\/\\/mp.weixin.qq.com/s/" + TOKEN,
        " " + SHORT,
        SHORT.replace("https", "http"),
        "//mp.weixin.qq.com/s/" + TOKEN,
    ],
)
def test_what_needs_reading_first_may_not_be_fetched(url):
    assert not may_fetch(url)


@pytest.mark.parametrize("url", [SHORT, LONG, SIGNED, TEMPORARY, PICTURE, "https://mmbiz.qlogo.cn/mmbiz/abcdefgh12/0"])
def test_articles_and_pictures_may_be_fetched(url):
    assert may_fetch(url)


@pytest.mark.parametrize(
    "url", ["https://mp.weixin.qq.com/robots.txt", "https://mp.weixin.qq.com/mp/profile_ext", "https://mmbiz.qpic.cn/"]
)
def test_nothing_else_may_be_fetched(url):
    assert not may_fetch(url)


def test_forms_are_ranked_the_best_first():
    assert sorted(FORMS, key=rank) == ["signed", "short", "unsigned", "temporary"]


# ---------------------------------------------------------------------------------------------------------------------
# Numbers


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (BIZ, 3204940813),
        ("MzIwNDk0MDgxMw", 3204940813),
        ("MzIwNDk0MDgxMw=", 3204940813),
        (f" {BIZ}\n", 3204940813),
        ("MzIyNjMxOTY0NA==", 3226319644),
        ("ODUzMjkwMzYx", 853290361),
        ("", None),
        ("=", None),
        ("M", None),
        ("MzI=wNDk0", None),
        ("LTE=", None),
        ("4pGg", None),
        ("MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=", None),  # twenty digits: more than a store holds
    ],
)
def test_account_numbers(text, number):
    assert biz_number(text) == number


@given(st.integers(0, 10**18 - 1))
def test_an_account_number_comes_back(number):
    assert biz_number(biz_text(number)) == number
    assert biz_number(biz_text(number).rstrip("=")) == number


@pytest.mark.parametrize("text", ["", "x", SN[:-1], SN + "0", "g" * 32, SN[:-1] + "\n", "０" * 32])
def test_what_is_no_sn(text):
    assert read_sn(text) is None


def test_an_sn_is_lower_case():
    assert read_sn(SN.upper()) == SN


def test_a_key_is_a_safe_name():
    assert str(KEY) == "3204940813-2247499624-1"


# ---------------------------------------------------------------------------------------------------------------------
# Verification


@pytest.mark.parametrize(
    ("url", "is_one"),
    [
        (f"https://mp.weixin.qq.com/mp/wappoc_appmsgcaptcha?poc_token=X&target_url={quote(LONG, safe='')}", True),
        ("http://mp.weixin.qq.com/mp/wappoc_appmsgcaptcha", True),
        ("https://mp.weixin.qq.com/mp/wappoc_appmsgcaptcha?target_url=" + "x" * 5000, True),
        ("https://mp.weixin.qq.com/mp/wappoc_appmsgcaptcha?target_url=a|b c", True),
        (SHORT, False),
        ("https://mp.weixin.qq.com/s/captchacaptchacaptcha0", False),
        (LONG + "&scene=captcha", False),
        ("https://evil.example/captcha", False),
        ("https://[", False),
        ("", False),
    ],
)
def test_where_a_request_is_sent_for_verification(url, is_one):
    assert is_verification(url) is is_one


# ---------------------------------------------------------------------------------------------------------------------
# Pictures


@pytest.mark.parametrize(
    "text",
    [
        PICTURE,
        PICTURE.replace("https:", "http:"),
        PICTURE.replace("https:", ""),
        PICTURE.replace("&", "&amp;"),
        PICTURE.replace("&", "&amp;amp;"),
        PICTURE.replace("&", "\\x26amp;"),
        PICTURE.replace("/640", "/0"),
        PICTURE.replace("/640", "/300"),
        PICTURE.replace("/640", "/"),
        PICTURE.replace("/640", ""),
        PICTURE.partition("?")[0],
        PICTURE.partition("?")[0] + "?",
        PICTURE + "&tp=webp&wxfrom=5&wx_lazy=1&wx_co=1#imgIndex=3",
        PICTURE.replace("mmbiz.qpic.cn", "mmbiz.qlogo.cn"),
        PICTURE.replace("mmbiz.qpic.cn", "mmecoa.qpic.cn"),
        PICTURE.replace("mmbiz.qpic.cn", "MMBIZ.QPIC.CN"),
    ],
)
def test_a_picture_is_its_bucket_and_id(text):
    picture = read_picture(text)
    assert picture is not None
    assert picture.key == PICTURE_KEY
    assert picture.url.startswith("https://")


def test_case_tells_pictures_apart():
    one, other = read_picture(PICTURE), read_picture(PICTURE.replace("ibPicture", "IbPicture"))
    assert one is not None
    assert other is not None
    assert one.key != other.key


@pytest.mark.parametrize(
    ("query", "largest"),
    [
        ("?wx_fmt=png&from=appmsg", "?wx_fmt=png"),
        ("?tp=webp&wx_fmt=jpeg&wxfrom=5", "?wx_fmt=jpeg"),
        ("?wx_fmt=other", "?wx_fmt=other"),
        ("?tp=webp", ""),
        ("?", ""),
        ("", ""),
        ("?wx_fmt=../../x", ""),
        ("?wx_fmt=PNG%26x=1", ""),
        ("?wx_fmt=" + "p" * 20, ""),
    ],
)
def test_the_largest_form_of_a_picture(query, largest):
    picture = read_picture(f"http://mmbiz.qpic.cn/{PICTURE_KEY}/640{query}#imgIndex=1")
    assert picture is not None
    assert picture.largest == f"https://mmbiz.qpic.cn/{PICTURE_KEY}/0{largest}"
    assert may_fetch(picture.largest)


@pytest.mark.parametrize("bucket", ["mmbiz", "mmbiz_png", "mmbiz_svg", "sz_mmbiz_jpg", "sz_mmbiz_gif", "sz_mmecoa_png"])
def test_buckets_of_pictures(bucket):
    assert read_picture(f"https://mmbiz.qpic.cn/{bucket}/abcdefgh12/640") is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://res.wx.qq.com/t/wx_fed/we-emoji/res/assets/newemoji/Smart.png",
        "https://wx.qlogo.cn/mmhead/abcdefghijklmnop/132",
        "https://mmbiz.qpic.cn/mmhead/abcdefghijklmnop/0",
        "https://mmbiz.qpic.cn/mmemoticon/abcdefghijklmnop/0",
        "https://mmbiz.qpic.cn/",
        "https://mmbiz.qpic.cn/mmbiz_png/",
        "https://mmbiz.qpic.cn/mmbiz_png/short/0",
        "https://mmbiz.qpic.cn/mmbiz_png/abcdefgh12/640/more",
        "https://mmbiz.qpic.cn/mmbiz_png/abcdefgh12/64000",
        "https://mmbiz.qpic.cn/mmbiz_png/../abcdefgh12/640",
        "https://mmbiz.qpic.cn/../abcdefgh12/640",
        "https://mmbiz.qpic.cn/mmbiz_png/abc%2f..%2fdefgh12/640",
        "https://mmbiz.qpic.cn/MMBIZ/abcdefgh12/640",
        "https://mmbiz.qpic.cn/mmbiz_png/" + "a" * 300,
        "https://mmbiz.qpic.cn.evil.example/mmbiz_png/abcdefgh12/640",
        "https://evil.example/mmbiz.qpic.cn/mmbiz_png/abcdefgh12/640",
        "https://user@mmbiz.qpic.cn/mmbiz_png/abcdefgh12/640",
        "https://mmbiz.qpic.cn:8080/mmbiz_png/abcdefgh12/640",
        "https://mmbiz.qpic.cn/mmbiz_png/abcdefgh12/640?x=\ny",
        "data:image/png;base64,iVBORw0KGgo=",
        "data:image/png;base64," + "A" * 1_000_000,
        "blob:https://mmbiz.qpic.cn/mmbiz_png/abcdefgh12/640",
        "about:blank",
        SHORT,
    ],
)
def test_what_is_no_picture(text):
    assert read_picture(text) is None
    assert text == SHORT or not may_fetch(text)


# ---------------------------------------------------------------------------------------------------------------------
# Whatever may come

PIECES = st.sampled_from(
    [
        *r"https: http: // / \ \x26 \/ &amp; &#38; &sol; & ? # @ : :443 . % %2f [ ] 中".split(),
        *"mp.weixin.qq.com mmbiz.qpic.cn evil.example /s mid=1 idx=1 timestamp=1 signature=x key=SECRET".split(),
        *("/s/" + TOKEN, "__biz=" + BIZ, "/mmbiz_png/abcdefgh12", "/640", "wx_fmt=png", " ", "\x00", "\ud800"),
    ]
)
ANYTHING = st.one_of(
    st.text(max_size=200),
    st.lists(PIECES, max_size=14).map("".join),
    st.lists(PIECES, max_size=8).map(lambda pieces: "https://mp.weixin.qq.com" + "".join(pieces)),
)


@settings(max_examples=400, deadline=None)
@given(ANYTHING)
def test_an_address_leads_to_wechat_or_is_none(text):
    address = read_address(text)
    if address is not None:
        parts = urlsplit(address.url)
        assert (parts.scheme, parts.netloc, parts.fragment) == ("https", ARTICLE_HOST, "")
        assert "SECRET" not in address.url
        assert may_fetch(address.url)
        assert read_address(address.url) == address


@settings(max_examples=400, deadline=None)
@given(ANYTHING)
def test_a_picture_leads_to_its_hosts_or_is_none(text):
    picture = read_picture(text)
    if picture is not None:
        for url in (picture.url, picture.largest):
            assert urlsplit(url).netloc in PICTURE_HOSTS
            again = read_picture(url)
            assert again is not None
            assert again.key == picture.key


@settings(max_examples=400, deadline=None)
@given(ANYTHING)
def test_only_the_allowed_hosts_are_asked(url):
    if may_fetch(url):
        assert urlsplit(url).scheme == "https"
        assert urlsplit(url).netloc in HOSTS


@settings(max_examples=200, deadline=None)
@given(ANYTHING, ANYTHING)
def test_no_reader_raises(text, base):
    read_address(text, base)
    is_verification(text)
    biz_number(text)
    read_sn(text)
    assert len(unescape(text)) <= len(text)


# ---------------------------------------------------------------------------------------------------------------------
# Pictures behind a proxy


PROXIED = "https://mmbiz.qpic.cn/sz_mmbiz_png/SampleChart0001ib/640?wx_fmt=png"


@pytest.mark.parametrize(
    "address",
    [
        f"https://images.example/?url={quote(PROXIED, safe='')}",
        f"https://images.example/?w=300&url={quote(PROXIED, safe='')}&output=webp",
        f"https://images.example/?url={quote(PROXIED)}&from=appmsg",
        f"https://images.example/?url={quote(quote(PROXIED, safe=''), safe='')}",
        f"https://images.example/?url={PROXIED}&w=300",
        f"https://images.example/?url={PROXIED.removeprefix('https://')}",
        f"https://images.example/?url=ssl:{PROXIED.removeprefix('https://')}",
        f"https://images.example/?URL=http:{PROXIED.removeprefix('https:')}",
        f"https://i0.example/{PROXIED.removeprefix('https://')}",
        f"https://cache.example/fit/{PROXIED}",
        f"https://cache.example/fit/{quote(PROXIED, safe='')}",
        f"/proxy?u={quote(PROXIED, safe='')}",
        f"https://images.example/?url={quote(PROXIED, safe='')}".replace("&", "&amp;"),
    ],
)
def test_a_picture_behind_a_proxy(address):
    assert read_picture(address) is None
    found = read_proxied_picture(address)
    assert found is not None
    assert found.key == "sz_mmbiz_png/SampleChart0001ib"
    assert found.url.startswith(PROXIED)
    assert may_fetch(found.url)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "https://images.example/?url=https://other.example/a.png",
        f"https://images.example/?url={PROXIED.replace('mmbiz.', 'a-mmbiz.')}",
        f"https://images.example/?url={PROXIED.replace('qpic.cn', 'qpic.cn.other.example')}",
        f"https://images.example/?url={PROXIED.replace('sz_mmbiz_png', 'mmhead')}",
        "https://images.example/?url=https://mmbiz.qpic.cn/",
        "https://images.example/?url=" + "mmbiz.qpic.cn/" * 5_000,
        "https://images.example/?" + "a=mmbiz.qpic.cn/&" * 900,
    ],
)
def test_no_picture_behind_a_proxy(address):
    assert read_proxied_picture(address) is None
