"""Text from elsewhere made harmless for a terminal, in what is printed and in the log."""

import logging
import re

# Control characters, those that format (invisible ones and those that turn the direction of writing), separators of
# lines, halves of surrogate pairs: Unicode's Cc, Cf, Zl, Zp and Cs.
UNSAFE_CHARACTERS = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001345f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
)
"""Each character that could move the cursor, ring, hide, reorder, or break a line."""
_USER_AND_PASSWORD = re.compile(r"""([A-Za-z][A-Za-z0-9+.-]{0,20}://)[^\s/:@'"]{0,256}:[^\s'"]{0,512}@""")


def safe(text: object) -> str:
    """Return *text* on one line, unsafe characters written out, such as ``\\x1b`` or ``\\u202e``."""
    return UNSAFE_CHARACTERS.sub(_written_out, str(text))


def without_passwords(text: str) -> str:
    """Return *text* without user and password in addresses: up to the last @, which a password may contain itself."""
    return _USER_AND_PASSWORD.sub(r"\1***@", text)


def _written_out(found: re.Match[str]) -> str:
    return repr(found[0])[1:-1]


def _written_out_in_lines(found: re.Match[str]) -> str:
    return found[0] if found[0] in "\n\t" else _written_out(found)


class SafeLogRecord(logging.LogRecord):
    """A log record whose message and traceback are safe and have no passwords of addresses, whoever logs them.

    A message of this project, which quotes pages, is one line.
    """

    def getMessage(self) -> str:  # noqa: N802  # logging's name
        """Return the message without unsafe characters."""
        message = without_passwords(super().getMessage())
        return (
            safe(message) if self.name.startswith("cncert") else UNSAFE_CHARACTERS.sub(_written_out_in_lines, message)
        )

    @property
    def exc_text(self) -> str | None:  # logging keeps the formatted traceback here
        """The traceback without unsafe characters."""
        return self._exc_text

    @exc_text.setter
    def exc_text(self, text: str | None) -> None:
        if text is not None:
            text = UNSAFE_CHARACTERS.sub(_written_out_in_lines, without_passwords(text))
        self._exc_text = text
