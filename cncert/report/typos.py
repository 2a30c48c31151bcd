"""Counts the typos with which a text matches a label of the report.

The report is typed by hand: labels lose a character (重点处640起, 恶意URL链16个) or have one twice. Callers forgive one
typo and not two. A wrong character counts as two, because it could make another label. All functions return 2 for any
larger number.
"""


def typos_at_start(text: str, label: str) -> int:
    """Return the number of typos with which *text* begins with *label*."""
    if text.startswith(label):
        return 0
    same = 0
    for of_text, of_label in zip(text, label, strict=False):
        if of_text != of_label:
            break
        same += 1
    lost = text.startswith(label[same + 1 :], same)
    gained = text.startswith(label[same:], same + 1)
    return 1 if lost or gained else 2


def typos_at_end(text: str, label: str) -> int:
    """Return the number of typos with which *text* ends with *label*."""
    if text.endswith(label):
        return 0
    return typos_at_start(text[: -len(label) - 2 : -1], label[::-1])


def typos_in(text: str, label: str) -> int:
    """Return the number of typos with which *text* is *label*."""
    if text == label:
        return 0
    if abs(len(text) - len(label)) != 1:
        return 2
    longer, shorter = (text, label) if len(text) > len(label) else (label, text)
    same = 0
    while same < len(shorter) and shorter[same] == longer[same]:
        same += 1
    return 1 if longer[same + 1 :] == shorter[same:] else 2


def without_one_character(label: str) -> list[str]:
    """Return *label* without one of its characters, in all ways."""
    return [label[:n] + label[n + 1 :] for n in range(len(label))]


def with_one_doubled(label: str) -> list[str]:
    """Return *label* with one of its characters twice, in all ways."""
    return [label[: n + 1] + label[n:] for n in range(len(label))]
