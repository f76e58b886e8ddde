"""Whether the subjects meet: what is left of title or first words without stock phrases is mostly the name of the thing."""

from rapidfuzz.distance import LCSseq

from dedup.pair import UNKNOWN, Pair, covered, mass, share, smaller
from dedup.reading import Part, Reading

Values = tuple[int, ...]

SUBJECT = (
    "of_new",
    "of_old",
    "min",
    "max",
    "weight_min",
    "weight_max",
    "both_heads",
    "both_heads_share",
    "rest_of_new",
    "rest_of_old",
    "heads_alike",
    "heads_in_order",
    "passage_of_new",
    "passage_of_old",
)
PASSAGE = 60
"""Characters within which a subject must be met to be met in one place."""


def subject(pair: Pair) -> Values:
    """主题: share of each subject in the other text, in both directions; in both heads; in one passage of the other text."""
    new, old, shared = pair.new, pair.old, pair.shared
    one, two = share(pair.subject_new, new.subject), share(pair.subject_old, old.subject)
    both = mass(new.subject.codes, old.subject.codes, new.weights)
    least = min(new.subject.weight, old.subject.weight)
    common = LCSseq.similarity(new.head, old.head)
    return (
        one,
        two,
        smaller(one, two),
        max(one, two),
        min(pair.subject_new, pair.subject_old),
        max(pair.subject_new, pair.subject_old),
        both,
        both * 1000 // least if least else UNKNOWN,
        covered(new.subject_rest, shared, new.weights),
        covered(old.subject_rest, shared, old.weights),
        common * 2000 // (len(new.head) + len(old.head) or 1),
        common * 1000 // (min(len(new.head), len(old.head)) or 1),
        passage(new, old),
        passage(old, new),
    )


def passage(one: Reading, other: Reading) -> int:
    """Permille of one's subject that stands within one passage of the other text: 多事一信 has its main point somewhere."""
    if not one.subject.weight:
        return UNKNOWN
    found = sorted([(other.places[code], one.weights[code]) for code in one.subject.codes if code in other.places])
    best = held = first = 0
    for place, weight in found:
        held += weight
        while found[first][0] < place - PASSAGE:
            held -= found[first][1]
            first += 1
        best = max(best, held)
    return best * 1000 // one.subject.weight


SOUND = ("cosine", "subject_min", "subject_max", "names_min", "names_max")


def sound(pair: Pair) -> Values:
    """读音: the same by ear, for 余易贷 and 余宜贷: cosine of syllable pairs, subjects and names of the heads."""
    new, old = pair.new, pair.old
    one, two = _heard(new.subject_sounds, pair, new), _heard(old.subject_sounds, pair, old)
    three, four = _heard(new.subject_name_sounds, pair, new), _heard(old.subject_name_sounds, pair, old)
    return pair.heard_cosine, smaller(one, two), max(one, two), smaller(three, four), max(three, four)


def _heard(part: Part, pair: Pair, reading: Reading) -> int:
    return covered(part, pair.heard, reading.sounds)
