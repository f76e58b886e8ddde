from functools import partial

from connectors.base import Connector
from connectors.board.parse import CHANNEL, CONTENT_TYPE, parse
from connectors.board.settings import BoardSettings
from connectors.files import FollowedLines
from connectors.registry import Spec


def build(settings: BoardSettings) -> Connector:
    """Follows the file of posts."""
    return FollowedLines(
        settings.instance,
        CHANNEL,
        settings.jurisdiction,
        settings.zone,
        settings.path,
        CONTENT_TYPE,
        partial(parse, source_system=settings.source_system),
    )


CONNECTOR = Spec(
    "board", CHANNEL, "leaders' message board (领导留言板): a growing file of posts, a JSON object a line", BoardSettings, build
)
