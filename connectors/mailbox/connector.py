from functools import partial

from connectors.base import Connector
from connectors.files import FollowedFolder
from connectors.mailbox.parse import CHANNEL, CONTENT_TYPE, parse
from connectors.mailbox.settings import MailboxSettings
from connectors.registry import Spec


def build(settings: MailboxSettings) -> Connector:
    """Follows the folder of letters."""
    return FollowedFolder(
        settings.instance,
        CHANNEL,
        settings.jurisdiction,
        settings.zone,
        settings.path,
        CONTENT_TYPE,
        partial(parse, source_system=settings.source_system),
    )


CONNECTOR = Spec("mailbox", CHANNEL, "mayor's mailbox (市长信箱): a folder of letters", MailboxSettings, build)
