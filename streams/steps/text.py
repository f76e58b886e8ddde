"""One form of text for everything that follows: traditional to simplified characters, full width to half width, blanks."""

import functools
import re
import unicodedata

from opencc import OpenCC

# Control and format characters (zero-width joiners, direction marks, variant selectors) say nothing about a matter; Postgres refuses NUL.
_INVISIBLE = re.compile(
    r"[\u0000-\u0008\u000e-\u001b\u007f-\u0084\u0086-\u009f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    r"\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f\U000e0100-\U000e01ef]+"
)
_BLANKS = re.compile(r"[^\S\n]+")
_CHINESE_MARKS = re.compile("([，；：！？]+)")
_LINES = re.compile(r" *\n[ \n]*")


@functools.cache
def _simplifier() -> OpenCC:
    return OpenCC("t2s")


def clean(text: str) -> str:
    """Any text -> NFKC, simplified, one blank or one line break at a time, nothing invisible. Applying it twice changes nothing."""
    if not text:
        return ""
    # First of all, because what stood between two characters hides that they belong together.
    text = _INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _simplified(_half_width(text))
    return _LINES.sub("\n", _BLANKS.sub(" ", text)).strip()


def _half_width(text: str) -> str:
    """NFKC, but Chinese punctuation stays Chinese: excerpts are read by people."""
    parts = _CHINESE_MARKS.split(text)
    return "".join(part if odd % 2 else unicodedata.normalize("NFKC", part) for odd, part in enumerate(parts))


def _simplified(text: str) -> str:
    # Until nothing changes: 薴 becomes 苧 and that becomes 苎, and a converted character may have a compatibility form.
    while (again := _half_width(_simplifier().convert(text))) != text:
        text = again
    return text
