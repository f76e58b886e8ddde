"""Contacts for the integration tests: a stretch of invented reports with edits, redeliveries and withdrawals among them."""

from bench.reports import reports
from schemas.contact import Contact


def stretch(count: int, *, prefix: str = "") -> list[Contact]:
    """`count` contacts; every 11th is delivered again, every 13th edited, every 17th withdrawn, later on."""
    found: list[Contact] = []
    for number, invented in enumerate(reports(count)):
        contact = invented.model_copy(update={"source_id": prefix + invented.source_id})
        found.append(contact)
        if number > 40:
            earlier = found[number - 40]
            if number % 11 == 0:
                found.append(earlier)
            if number % 13 == 0:
                found.append(earlier.model_copy(update={"body": earlier.body + "补充：今天又去看了一次，还是没有人处理。"}))
            if number % 17 == 0:
                found.append(earlier.model_copy(update={"withdrawn": True}))
    return found
