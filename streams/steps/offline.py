"""The same core without a broker: lines in, decisions out. Pure; the files belong to the command line.

A line is a contact (the format of design §6) or a record of an exported journal; both may stand in one file.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from dedup.kernels import NUMPY, Kernels
from dedup.policy import Policy
from schemas import events as ev
from schemas.codec import DecodeError, decode_as
from schemas.contact import Contact
from schemas.journal import JournalFact, ReportReceived
from streams.records import Inbound, Place
from streams.steps.consolidate import JournalRecord, Ledgers
from streams.steps.normalise import Arrival, identity, normalise
from streams.steps.persons import Keyring
from streams.steps.wire import read_journal

DEFAULT_JURISDICTION = "local"
DEFAULT_ZONE = "Asia/Shanghai"
LINE_BYTES_MAX = 24 * 1024 * 1024

# Tokens made offline never leave the program; they only have to be equal where the persons are.
OFFLINE_KEYRING = Keyring("offline", b"tokens of an offline run are compared and thrown away")


def export_line(record: Inbound) -> dict[str, Any]:
    """A Kafka record as one JSON object, from which `journal_line` makes the same record again."""
    return {
        "topic": record.place.topic,
        "partition": record.place.partition,
        "offset": record.offset,
        "timestamp": record.timestamp,
        "key": _text(record.key),
        "headers": [[name, _text(value)] for name, value in record.headers],
        "value": _text(record.value),
    }


def journal_line(line: dict[str, Any]) -> Inbound:
    """The record of an exported line. Raises KeyError, TypeError, ValueError or OverflowError where it is none."""
    if int(line["partition"]) < 0 or int(line["offset"]) < 0:
        raise ValueError("partition or offset, which is negative")
    return Inbound(
        Place(str(line["topic"]), int(line["partition"])),
        int(line["offset"]),
        int(line["timestamp"]),
        _bytes(line["key"]),
        _bytes(line["value"]),
        tuple((str(name), _bytes(value)) for name, value in line["headers"]),
    )


def _text(value: bytes | None) -> str | dict[str, str] | None:
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"base64": b64encode(value).decode()}


def _bytes(value: Any) -> bytes | None:
    if isinstance(value, dict):
        return b64decode(value["base64"], validate=True)
    return None if value is None else str(value).encode()


@dataclass(slots=True)
class Run:
    """One offline run: the ledgers, and the first jurisdiction of each report."""

    policy: Policy
    kernels: Kernels = NUMPY
    ledgers: Ledgers = field(init=False)
    pins: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ledgers = Ledgers(self.policy, kernels=self.kernels)

    def take(self, number: int, line: bytes) -> dict[str, Any]:
        """Line number (from 1) and bytes -> the line of output. Raises DecodeError for a line that cannot be read."""
        record = self._record(number, line)
        if isinstance(record.fact, DecodeError):
            self.ledgers.decide(record)  # the live run numbered it too
            raise record.fact
        return output_line(record, self.ledgers.decide(record))

    def _record(self, number: int, line: bytes) -> JournalRecord:
        if len(line) > LINE_BYTES_MAX:
            raise DecodeError("line.too-long", f"The line has {len(line)} bytes; at most {LINE_BYTES_MAX} are read.")
        found = parse_line(line)
        if {"partition", "offset", "value"} <= found.keys():
            try:
                return read_journal(journal_line(found))
            except (KeyError, TypeError, ValueError, OverflowError) as error:
                sentence = f"The line looks like an exported journal record but lacks or spoils {error}."
                raise DecodeError("journal.unreadable", sentence) from None
        fact = contact_fact(found, self.pins)
        return JournalRecord(fact.jurisdiction, 0, number - 1, fact.effective_at, fact)


def contact_fact(found: dict[str, Any], pins: dict[str, str]) -> JournalFact:
    """A line in the format of design §6 -> the journal fact that the live pipeline would make of it. `pins`: first jurisdictions."""
    contact = contact_of(found)
    wish = contact.jurisdiction or DEFAULT_JURISDICTION
    arrival = Arrival(DEFAULT_JURISDICTION, DEFAULT_ZONE)
    return normalise(contact, arrival, pins.setdefault(identity(contact), wish), OFFLINE_KEYRING).fact


def parse_line(line: bytes) -> dict[str, Any]:
    """Bytes -> JSON object; raises DecodeError."""
    try:
        found = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        try:
            line.decode("gb18030")
        except UnicodeDecodeError:
            hint = ""
        else:
            hint = "; it looks like GB18030, convert the file first"
        raise DecodeError("line.not-utf8", f"The line is not UTF-8 at byte {error.start + 1}{hint}.") from None
    except (ValueError, RecursionError) as error:  # ValueError: not JSON, or a number of too many digits
        raise DecodeError("line.not-json", f"The line is not JSON: {error}.") from None
    if not isinstance(found, dict):
        raise DecodeError("line.not-an-object", "The line is JSON but not an object in braces.")
    return found


def contact_of(found: dict[str, Any]) -> Contact:
    """Fields -> contact; unknown fields are kept aside. Raises DecodeError."""
    known = {name: value for name, value in found.items() if name in Contact.model_fields}
    extra = {name: value for name, value in found.items() if name not in Contact.model_fields}
    if extra and isinstance(known.get("extra", {}), dict):
        known["extra"] = known.get("extra", {}) | extra
    try:
        text = json.dumps(known, ensure_ascii=False).encode()
    except RecursionError:
        raise DecodeError("line.too-deep", "The line's brackets are nested too deeply.") from None
    except UnicodeEncodeError:
        raise DecodeError("text.surrogate", "A text of the line holds half a character (a lone surrogate) and cannot be kept.") from None
    return decode_as(Contact, text)


_ACTIONS: dict[type[ev.CaseEvent], str] = {
    ev.CaseOpened: "opened",
    ev.ReportJoined: "joined",
    ev.ReportRedelivered: "redelivered",
    ev.ReportRevised: "revised",
    ev.ReportSuperseded: "superseded",
    ev.ReportTakenBack: "withdrawn",
    ev.RecordRefused: "refused",
}


def output_line(record: JournalRecord, events: Sequence[ev.CaseEvent]) -> dict[str, Any]:
    """What the events of one record say, as one flat object."""
    fact = record.fact
    assert not isinstance(fact, DecodeError)
    event = next(event for event in events if type(event) in _ACTIONS)
    evidence = getattr(event, "evidence", None) or getattr(event, "nearest", None)
    return {
        "channel": fact.channel,
        "source_id": fact.source_id,
        "report_id": fact.report_id,
        "case_id": getattr(event, "case_id", None),
        "action": _ACTIONS[type(event)],
        "relation": getattr(event, "relation", None),
        "points": evidence.points if evidence else None,
        "evidence": [measure.sentence for measure in evidence.measures] if evidence else [],
        "suggestions": [
            {
                "case_id": other.evidence.case_id,
                "points": other.evidence.points,
                "evidence": [measure.sentence for measure in other.evidence.measures],
            }
            for other in events
            if isinstance(other, ev.JoinSuggested | ev.MergeSuggested)
        ],
    } | ({"flags": [flag.code for flag in fact.flags]} if isinstance(fact, ReportReceived) and fact.flags else {})
