"""The groups of a deployment as their signers' processes answer for them. Takes where those are, and a secret; asks
nobody before somebody needs a word.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from eth_utils import to_checksum_address

from zklink.files import read_file
from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.contracts.bridge_structs import GroupMembers
from zklink.l1.deployment.records import Deployment
from zklink.l1.transport.secrets import keep_words
from zklink.protocol.errors import RpcUnavailable, SettingsInvalid
from zklink.protocol.facts import Group
from zklink.protocol.ids import ChainId
from zklink.recovery.groups_asked import GroupsAsked
from zklink.service.settings.model import SignersSettings
from zklink.service.settings.source import read_asked_signers
from zklink.service.signing.remote import RemoteSigner
from zklink.signers.groups import ValidatorGroup, WatcherGroup

Signers = tuple[RemoteSigner, ...]


def find_signers(settings: SignersSettings, deployment: Deployment) -> tuple[Signers, Signers]:
    """The validators and the watchers that run as processes. Raises FileUnreadable."""
    if settings.secret_file is None:
        return (), ()
    secret = read_file(settings.secret_file).strip()
    keep_words([secret])
    validators, watchers = (
        tuple(
            RemoteSigner(place.url, to_checksum_address(place.address), deployment.deployment_hash, secret)
            for place in places
        )
        for places in (settings.validators, settings.watchers)
    )
    return validators, watchers


def open_asked_groups(path: Path, deployment: Deployment, bridges: Mapping[ChainId, BridgeClient]) -> GroupsAsked:
    """The groups whose signers the table [signers] of a file names; one of which it names none is not asked. The chains
    of `bridges` say who is a member, and how many must sign. Raises SettingsInvalid, FileUnreadable, RpcUnavailable.
    """
    validators, watchers = find_signers(read_asked_signers(path), deployment)
    if not validators and not watchers:
        raise SettingsInvalid(str(path), "signers", "it names neither validators nor watchers")

    read = partial(_read_members, tuple(bridges.values()))
    return GroupsAsked(
        ValidatorGroup(validators, read_members=partial(read, Group.VALIDATORS)) if validators else None,
        WatcherGroup(watchers, read_members=partial(read, Group.WATCHERS)) if watchers else None,
    )


def _read_members(bridges: Sequence[BridgeClient], group: Group) -> list[GroupMembers]:
    """A group as each chain that answers has it. Raises RpcUnavailable if none does."""
    found, errors = list[GroupMembers](), list[RpcUnavailable]()
    for bridge in bridges:
        try:
            found.append(bridge.groups.members(group))
        except RpcUnavailable as error:
            errors.append(error)
    if errors and not found:
        raise errors[0]
    return found
