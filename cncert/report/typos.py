"""Comparing text with a label that may have lost or gained a character.

The report is typed by hand: labels lose a character (重点处640起, 恶意URL链16个) or have one twice. One slip is
forgiven, two are not. A wrong character counts as two: it could make another label. All functions answer 2 for any
larger number.
"""


def leading(text: str, label: str) -> int:
    """Slips with which *text* begins with *label*."""
    if text.startswith(label):
        return 0
    same = 0
    for ours, theirs in zip(text, label, strict=False):
        if ours != theirs:
            break
        same += 1
    lost = text.startswith(label[same + 1 :], same)
    gained = text.startswith(label[same:], same + 1)
    return 1 if lost or gained else 2


def trailing(text: str, label: str) -> int:
    """Slips with which *text* ends with *label*."""
    if text.endswith(label):
        return 0
    return leading(text[: -len(label) - 2 : -1], label[::-1])


def whole(text: str, label: str) -> int:
    """Slips with which *text* is *label*."""
    if text == label:
        return 0
    if abs(len(text) - len(label)) != 1:
        return 2
    longer, shorter = (text, label) if len(text) > len(label) else (label, text)
    same = 0
    while same < len(shorter) and shorter[same] == longer[same]:
        same += 1
    return 1 if longer[same + 1 :] == shorter[same:] else 2


def lost_one(label: str) -> list[str]:
    """*label* without one of its characters, in all ways."""
    return [label[:n] + label[n + 1 :] for n in range(len(label))]


def doubled_one(label: str) -> list[str]:
    """*label* with one of its characters twice, in all ways."""
    return [label[: n + 1] + label[n:] for n in range(len(label))]
