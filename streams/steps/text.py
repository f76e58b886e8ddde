"""One form of text for everything that follows: traditional to simplified characters, full width to half width, blanks."""

import functools
import re
import unicodedata

from opencc import OpenCC

# Control and format characters (zero-width joiners, NUL, direction marks) say nothing about a matter; Postgres refuses NUL.
_INVISIBLE = re.compile(r"[^\S\n]+|[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]+")
_LINES = re.compile(r" *\n[ \n]*")


@functools.cache
def _simplifier() -> OpenCC:
    return OpenCC("t2s")


def clean(text: str) -> str:
    """Any text -> NFKC, simplified, one blank or one line break at a time, nothing invisible. Applying it twice changes nothing."""
    if not text:
        return ""
    text = _simplifier().convert(unicodedata.normalize("NFKC", text.replace("\r\n", "\n").replace("\r", "\n")))
    # NFKC once more: a converted character may have a compatibility form of its own.
    text = unicodedata.normalize("NFKC", text)
    text = _INVISIBLE.sub(lambda found: " " if found[0].isspace() else "", text)
    return _LINES.sub("\n", re.sub(r" {2,}", " ", text)).strip()
