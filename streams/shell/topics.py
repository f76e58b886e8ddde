"""Creation and check of the topics, from the table in schemas/topics.py."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from aiokafka.admin import NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from schemas.topics import TOPICS, Naming, Topic
from streams.errors import Unreachable
from streams.kafka import admin


@dataclass(frozen=True, slots=True)
class Finding:
    """A topic that is not as the table has it. `fatal`: a worker must not start on it."""

    topic: str
    sentence: str
    fatal: bool


async def apply(bootstrap: str, naming: Naming, *, replication: int = 1, topics: Sequence[Topic] = TOPICS) -> list[str]:
    """Creates what is missing and returns the names. Existing topics are left as they are; `check` says how they differ."""
    created = []
    async with admin(bootstrap) as client:
        for topic in topics:
            name = naming.of(topic)
            wish = NewTopic(name, topic.partitions, replication, topic_configs=topic.config())
            answer = await client.create_topics([wish])
            code = answer.topic_errors[0][1]
            if code == 0:
                created.append(name)
            elif code != TopicAlreadyExistsError.errno:
                raise KafkaError(f"Topic {name} could not be created: {for_code(code).__name__} {answer.topic_errors[0][2] or ''}")
    if created:
        await settled(bootstrap, naming, topics=topics)
    return created


async def settled(bootstrap: str, naming: Naming, *, topics: Sequence[Topic] = TOPICS, wait_s: float = 20.0) -> None:
    """Waits until the brokers know of every topic: creation is answered before all of them have heard."""
    end = asyncio.get_running_loop().time() + wait_s
    while True:
        async with admin(bootstrap) as client:
            described = await client.describe_topics([naming.of(topic) for topic in topics])
        missing = [topic["topic"] for topic in described if topic["error_code"] or any(p["leader"] < 0 for p in topic["partitions"])]
        if not missing:
            return
        if asyncio.get_running_loop().time() > end:
            raise Unreachable(f"Kafka at {bootstrap} has created {', '.join(missing)} but gives them no leader; look at its log.")
        await asyncio.sleep(0.1)


async def check(bootstrap: str, naming: Naming, *, topics: Sequence[Topic] = TOPICS) -> list[Finding]:
    """What differs from the table: missing topics, other partition counts (fatal), other settings."""
    findings = []
    async with admin(bootstrap) as client:
        names = {naming.of(topic): topic for topic in topics}
        described = {t["topic"]: t for t in await client.describe_topics(list(names))}
        for name, topic in names.items():
            state = described.get(name)
            if state is None or state["error_code"]:
                findings.append(Finding(name, "does not exist; run `onecase topics apply`.", fatal=True))
            elif len(state["partitions"]) != topic.partitions:
                count = len(state["partitions"])
                sentence = f"has {count} partitions, not {topic.partitions}; a journal's number of partitions is for ever."
                findings.append(Finding(name, sentence, fatal=topic.owner in ("normalise", "consolidate")))
        present = [name for name in names if name in described and not described[name]["error_code"]]
        answers = await client.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in present])
        for resource in (resource for answer in answers for resource in answer.resources):
            name, settings = resource[3], {entry[0]: entry[1] for entry in resource[4]}
            for key, value in names[name].config().items():
                if key != "min.insync.replicas" and settings.get(key) != value:
                    findings.append(Finding(name, f"has {key}={settings.get(key)}, not {value}.", fatal=False))
    return findings
