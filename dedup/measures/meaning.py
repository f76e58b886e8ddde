"""Whether they are about the same kind of thing, and want the same."""

from collections.abc import Mapping

from dedup.pair import UNKNOWN, Pair, Soft, covered, share, smaller
from dedup.reading import Kinds, Reading, share_of

Values = tuple[int, ...]

MEANING = (
    "of_new",
    "of_old",
    "same_of_new",
    "same_of_old",
    "beyond_of_new",
    "beyond_of_old",
    "lead_of_new",
    "lead_of_old",
    "lead_min",
    "min",
    "max",
    "beyond_min",
    "same_weight",
    "topic",
    "beyond_topic",
    "lead_topic",
)


def meaning(pair: Pair) -> Values:
    """用词: known words met in the other text, or near ones (停水/断水), by rarity: all, no names, those of the lead; topics."""
    new, old = pair.new, pair.old
    (one, beyond_one, lead_one, same_one), weight = _met(pair.soft_new, new)
    (two, beyond_two, lead_two, same_two), _ = _met(pair.soft_old, old)
    return (
        one,
        two,
        same_one,
        same_two,
        beyond_one,
        beyond_two,
        lead_one,
        lead_two,
        smaller(lead_one, lead_two),
        smaller(one, two),
        max(one, two),
        smaller(beyond_one, beyond_two),
        weight,
        *map(share_of, (new.topics * old.topics).sum(1).tolist(), new.topic_squares, old.topic_squares),
    )


def _met(soft: Soft, reading: Reading) -> tuple[list[int], int]:
    """Permille of all words, of those beyond names, of those in the lead that are met, of all that stand there too; rarity of these."""
    (met, same), (beyond, _), (lead, _) = (reading.word_weights @ soft).tolist()
    parts, wholes = (met, beyond, lead, same * 1000), (*reading.word_sums, reading.word_sums[0])
    return [part // whole if whole else UNKNOWN for part, whole in zip(parts, wholes, strict=True)], same


PROBLEM = (
    "types",
    "head_types",
    "groups",
    "head_of_new",
    "head_of_old",
    "leading",
    "disjoint",
    "words_of_new",
    "words_of_old",
    "both_heads",
    "words_share",
    "words_weight",
    "at_subject",
    "beside_name",
)


def problem(pair: Pair) -> Values:
    """问题: likeness of problem types (whole, head, groups), whether none is shared, problem words met, problem times subject."""
    new, old = pair.new, pair.old
    heads = bool(new.head_types.weights and old.head_types.weights)
    types = _cosine(new.types, old.types)
    both = new.problems.keys() & old.problems.keys()
    least = min(new.problem_weight, old.problem_weight)
    weight = _rarity(new, both)
    subject = max(share(pair.subject_new, new.subject), share(pair.subject_old, old.subject), 0)
    return (
        types,
        _cosine(new.head_types, old.head_types) if heads else UNKNOWN,
        _cosine(new.groups, old.groups),
        _cosine(new.head_types, old.types) if new.head_types.weights else UNKNOWN,
        _cosine(old.head_types, new.types) if old.head_types.weights else UNKNOWN,
        2 * (new.head_types.leading == old.head_types.leading) if heads else UNKNOWN,
        heads and _disjoint(new.head_types, old.types) and _disjoint(old.head_types, new.types),
        _words(new, old),
        _words(old, new),
        _rarity(new, new.head_problems & old.head_problems),
        weight * 1000 // least if least else UNKNOWN,
        weight,
        subject * types // 1000,
        max(beside_name(new, old), beside_name(old, new)),
    )


def beside_name(one: Reading, other: Reading) -> int:
    """How near a problem word of one's head stands to one of its names in the other text: 100 at once, 0 far away, UNKNOWN if not both."""
    words = [other.problems[word] for word in one.head_problems if word in other.problems]
    names = [other.plain.find(name.text) for name in one.head_names] if words else []
    gaps = [abs(place - word) for place in names if place >= 0 for word in words]
    return max(0, 100 - min(gaps)) if gaps else UNKNOWN


def _cosine(one: Kinds, two: Kinds) -> int:
    few, many = (one.weights, two.weights) if len(one.weights) < len(two.weights) else (two.weights, one.weights)
    dot = sum([value * many[kind] for kind, value in few.items() if kind in many])
    return share_of(dot, one.square, two.square) if dot else 0


def _disjoint(one: Kinds, two: Kinds) -> bool:
    return one.weights.keys().isdisjoint(two.weights)


def _rarity(reading: Reading, words: Mapping[str, int] | set[str] | frozenset[str]) -> int:
    return sum([reading.problem_rarity[word] for word in words])


def _words(one: Reading, other: Reading) -> int:
    whole = _rarity(one, one.head_problems)
    return _rarity(one, one.head_problems & other.problems.keys()) * 1000 // whole if whole else UNKNOWN


DEMAND = ("types", "of_new", "of_old", "words_of_new", "words_of_old", "words_min", "requests")


def demand(pair: Pair) -> Values:
    """诉求: what the clauses that ask for something ask for: problem types, share of their wording in the other text, request types."""
    new, old = pair.new, pair.old
    one = covered(new.asked, pair.shared, new.weights)
    two = covered(old.asked, pair.shared, old.weights)
    either = len(new.requests | old.requests)
    return (
        _cosine(new.ask_types, old.ask_types),
        _cosine(new.ask_types, old.types),
        _cosine(old.ask_types, new.types),
        one,
        two,
        smaller(one, two),
        len(new.requests & old.requests) * 1000 // either if either else UNKNOWN,
    )


STANCE = ("differing", "lead", "against", "same", "opposite")
EVEN_BITS = 0x55555555


def stance(pair: Pair) -> Values:
    """态度: words of agreement that only one has; whether the leads agree or oppose; wishes of which one is the other's opposite."""
    new, old = pair.new, pair.old
    against = (new.leads_agreeing and old.leads_opposing and not old.leads_agreeing) or (
        old.leads_agreeing and new.leads_opposing and not new.leads_agreeing
    )
    return (
        len(new.agrees ^ old.agrees),
        new.leads_agreeing - old.leads_agreeing,
        against,
        new.leads_agreeing == old.leads_agreeing,
        bool(opposite(pair)),
    )


def opposite(pair: Pair) -> int:
    """Bits (the first side's) of the wishes about which the two say opposite things. Who uses words of both sides says neither."""
    one, two = _one_sided(pair.new.wishes), _one_sided(pair.old.wishes)
    return (one & EVEN_BITS & (two >> 1)) | ((one >> 1) & two & EVEN_BITS)


def _one_sided(bits: int) -> int:
    both = bits & (bits >> 1) & EVEN_BITS
    return bits & ~(both | (both << 1))
