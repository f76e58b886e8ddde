from functools import partial

from connectors.base import Connector
from connectors.files import FollowedFolder
from connectors.petition.parse import CHANNEL, CONTENT_TYPE, parse
from connectors.petition.settings import PetitionSettings
from connectors.registry import Spec


def build(settings: PetitionSettings) -> Connector:
    """Follows the folder of documents."""
    return FollowedFolder(
        settings.instance,
        CHANNEL,
        settings.jurisdiction,
        settings.zone,
        settings.path,
        CONTENT_TYPE,
        partial(parse, source_system=settings.source_system),
    )


CONNECTOR = Spec("petition", CHANNEL, "petitions (信访): a folder of JSON documents", PetitionSettings, build)
