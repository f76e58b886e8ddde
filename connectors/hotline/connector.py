from functools import partial

from connectors.base import Connector
from connectors.files import FollowedLines
from connectors.hotline.parse import CHANNEL, CONTENT_TYPE, parse
from connectors.hotline.settings import HotlineSettings
from connectors.registry import Spec


def build(settings: HotlineSettings) -> Connector:
    """Follows the file of work orders."""
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
    "hotline", CHANNEL, "12345 hotline (12345热线): a growing file of work orders, a JSON object a line", HotlineSettings, build
)
