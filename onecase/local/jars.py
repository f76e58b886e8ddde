"""Kafka's jars: resolved and downloaded once, then taken from the cache without network or resolver."""

import errno
import fcntl
import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from onecase.local import process
from onecase.local.process import LocalServerError

VERSION = "4.1.0"
COORDINATES = f"org.apache.kafka:kafka_2.13:{VERSION}", "org.apache.logging.log4j:log4j-slf4j-impl:2.24.3"


def cache_folder() -> Path:
    """`ONECASE_CACHE`, else `~/.cache/onecase`."""
    return Path(os.environ.get("ONECASE_CACHE") or Path.home() / ".cache/onecase").resolve()


def classpath(cache: Path, *, say: Callable[[str], None]) -> str:
    """The broker's class path as `java -cp` takes it. Raises `LocalServerError` when the jars can be had nowhere."""
    jars = cache / f"kafka-{VERSION}"
    if not jars.exists():
        process.need_space(cache)
        cache.mkdir(parents=True, exist_ok=True)
        with (cache / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not jars.exists():
                say(f"Downloading Kafka {VERSION} (42 MiB, this once) into {jars}")
                _download(jars, cache / "unfinished")
    return f"{jars}/*"


def _download(jars: Path, work: Path) -> None:
    """Fill a folder beside and rename it at the end: jgo writes in place and takes half a file for a whole one the next time."""
    shutil.rmtree(work, ignore_errors=True)
    (work / "jars").mkdir(parents=True)
    try:
        for jar in _resolve(work / "m2"):
            with zipfile.ZipFile(jar) as archive:
                if broken := archive.testzip():
                    raise zipfile.BadZipFile(f"{jar.name} is damaged at {broken}")
            jar.rename(work / "jars" / jar.name)
        (work / "jars").rename(jars)
    except LocalServerError:
        raise
    except Exception as error:  # jgo passes on what requests, its XML parser and itself raise
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise
        raise LocalServerError(
            f"Kafka {VERSION} could not be downloaded ({type(error).__name__}): connect to the network and try again, or copy {jars} "
            "from a machine that has it, or set ONECASE_KAFKA_BOOTSTRAP to a broker that runs."
        ) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _resolve(m2: Path) -> list[Path]:
    try:
        from jgo.maven import MavenContext
    except ImportError as error:
        raise process.not_installed("jgo") from error
    context = MavenContext(repo_cache=m2, timeout=60)
    found: dict[tuple[str, str], Any] = {}
    for coordinate in COORDINATES:  # one at a time: together, log4j's managed versions would replace kafka-clients by 3.8.0
        top, rest = context.resolver.resolve([context.create_dependency(coordinate)])
        for dependency in (*top, *rest):
            found.setdefault((dependency.groupId, dependency.artifactId), dependency.artifact)
    return [Path(artifact.resolve()) for artifact in found.values()]
