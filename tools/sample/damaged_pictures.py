"""What can happen to a picture after it was drawn: each distortion makes one picture, or slices of it, from one."""

import random
from collections.abc import Callable, Mapping
from itertools import pairwise

from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter

from tools.sample.canvas import encode, open_font, reopen

Distortion = Callable[[Image.Image, random.Random], list[Image.Image]]


def plain(image: Image.Image, _: random.Random) -> list[Image.Image]:
    """The picture as it was drawn."""
    return [image]


def tilted(image: Image.Image, rng: random.Random) -> list[Image.Image]:
    """Turned by one to three degrees."""
    angle = rng.choice((-1, 1)) * rng.uniform(1, 3)
    ground = image.getpixel((2, image.height - 3))
    return [image.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=ground)]


def coarse(image: Image.Image, rng: random.Random) -> list[Image.Image]:
    """Saved as a JPEG of low quality."""
    return [reopen(encode(image, "JPEG", rng.randint(18, 34)))]


def shrunk(image: Image.Image, rng: random.Random) -> list[Image.Image]:
    """Half to three quarters as large, but no narrower than 480 pixels."""
    part = max(rng.uniform(0.55, 0.75), 480 / image.width)
    size = round(image.width * part), round(image.height * part)
    return [image.resize(size, Image.Resampling.BILINEAR)]


def noisy(image: Image.Image, rng: random.Random) -> list[Image.Image]:
    """With grain over it."""
    strength = rng.uniform(0.2, 0.42)
    grain = Image.frombytes("L", image.size, rng.randbytes(image.width * image.height))
    soft = grain.point([round(128 + (level - 128) * strength) for level in range(256)])
    return [ImageChops.add(image, soft.convert("RGB"), 1, -128)]


def pale(image: Image.Image, rng: random.Random) -> list[Image.Image]:
    """With little contrast."""
    return [ImageEnhance.Contrast(image).enhance(rng.uniform(0.42, 0.6))]


def cut(image: Image.Image, rng: random.Random) -> list[Image.Image]:
    """In two or three slices, each cut through the rows with most ink near its place: through a number or a label."""
    if image.height < 200:
        return [image]
    edges = image.convert("L").filter(ImageFilter.FIND_EDGES).resize((1, image.height), Image.Resampling.BOX)
    ink = [int(value) for value in edges.tobytes()]
    count = 3 if image.height > 500 and rng.random() < 0.5 else 2
    reach = image.height // (count * 4)
    places = [image.height * n // count + rng.randint(-reach // 2, reach // 2) for n in range(1, count)]
    cuts = [max(range(place - reach, place + reach), key=ink.__getitem__) for place in places]
    return [image.crop((0, top, image.width, bottom)) for top, bottom in pairwise([0, *cuts, image.height])]


def watermark(image: Image.Image, rng: random.Random) -> list[Image.Image]:
    """With pale words across all of it."""
    words, size = rng.choice(("国家互联网应急中心", "内部资料 请勿外传", "CNCERT/CC")), image.width // 18
    side = image.width + image.height
    layer = Image.new("L", (side, side))
    pen = ImageDraw.Draw(layer)
    for n in range(side // (size * 4) + 1):
        pen.text((n % 2 * size * 4, n * size * 4), f"{words}      " * 6, font=open_font(size), fill=rng.randint(34, 58))
    left, top = (side - image.width) // 2, (side - image.height) // 2
    mask = layer.rotate(rng.uniform(20, 35)).crop((left, top, left + image.width, top + image.height))
    dark = sum(image.resize((1, 1)).tobytes()) < 300
    shade = Image.new("RGB", image.size, (255, 255, 255) if dark else (90, 90, 100))
    return [Image.composite(shade, image, mask)]


def turned(image: Image.Image, rng: random.Random) -> list[Image.Image]:
    """Turned on its side."""
    return [image.transpose(rng.choice((Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_270)))]


DISTORTIONS: Mapping[str, Distortion] = {
    distortion.__name__: distortion
    for distortion in (plain, tilted, coarse, shrunk, noisy, pale, cut, watermark, turned)
}
