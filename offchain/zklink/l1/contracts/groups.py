"""The groups of a deployment as one chain knows them, typed: who may say what, and whether evidence is good.

Takes a chain's client and the contract's address. Never signs anything.
"""

from collections.abc import Sequence
from typing import Final

from eth_account.signers.local import LocalAccount
from eth_utils import to_checksum_address

from zklink.l1.contracts.bridge_structs import ComingGroup, GroupMembers
from zklink.l1.contracts.contract_client import ContractClient
from zklink.l1.contracts.governed import read_acting_governor
from zklink.l1.transport.receipts import Receipt
from zklink.protocol.facts import Accepted, End, EndDenial, Fact, Frozen, Group, Queues, Seal

NO_EVIDENCE: Final = b""
"""In place of a group's evidence: that group does not say it."""


class GroupsClient(ContractClient):
    """Validators, watchers and governor. Checks raise CallReverted with the contract's reason."""

    contract_name = "Groups"

    def governor(self) -> str:
        """The address whose voids act at once."""
        return to_checksum_address(self._read("governor"))

    def acting_governor(self) -> str:
        """The account that acts as governor: the owner, if the governor is a timelock."""
        return read_acting_governor(self.client, self.governor())

    def members(self, group: Group, block: int | None = None) -> GroupMembers:
        """The signers of a group, and how many of them it takes."""
        members, threshold = self._read("members", int(group), block=block)
        return GroupMembers(tuple(map(to_checksum_address, members)), threshold)

    def coming(self, block: int | None = None) -> ComingGroup | None:
        """What the governor has announced; None for nothing."""
        group, members, threshold, time, height = self._read("coming", block=block)
        if not group:
            return None
        signers = GroupMembers(tuple(map(to_checksum_address, members)), threshold)
        return ComingGroup(Group(group), signers, time, height)

    def blocks_per_day(self) -> int:
        """The blocks of this chain that a window needs for each of its days."""
        return int(self._read("blocks_per_day"))

    def announce_members(self, governor: LocalAccount, group: Group, members: Sequence[str], threshold: int) -> Receipt:
        """The governor announces a group's new members; they have a word GROUP_DELAY_SECONDS later."""
        arguments = (int(group), list(map(to_checksum_address, members)), threshold)
        return self._govern(governor, self.governor(), "announce_members", *arguments)

    def remove_member(self, governor: LocalAccount, group: Group, member: str) -> Receipt:
        """The governor removes a member of a group, at once."""
        return self._govern(governor, self.governor(), "remove_member", int(group), to_checksum_address(member))

    def replace_members(self, account: LocalAccount) -> Receipt:
        """Anybody carries out what was announced, when the delay is over."""
        return self._send(account, "replace_members")

    def check_seal(self, deployment_hash: bytes, fact: Seal, validators: bytes) -> None:
        """Raise unless the validators have sealed this block."""
        self._read("check_seal", deployment_hash, fact.number, fact.sync_hash, validators)

    def check_accepted(self, deployment_hash: bytes, fact: Accepted, validators: bytes, watchers: bytes) -> None:
        """Raise unless both groups say that the primary has accepted this block."""
        self._read("check_accepted", deployment_hash, fact.number, fact.sync_hash, validators, watchers)

    def check_queues(self, deployment_hash: bytes, fact: Queues, watchers: bytes) -> None:
        """Raise unless the watchers say that these queues have these hashes."""
        self._read("check_queues", deployment_hash, [queue.abi() for queue in fact.queues], watchers)

    def check_frozen(self, deployment_hash: bytes, fact: Frozen, watchers: bytes) -> None:
        """Raise unless the watchers say that the member is frozen."""
        self._read("check_frozen", deployment_hash, fact.chain, fact.round, watchers)

    def check_end(self, deployment_hash: bytes, fact: End, group: Group, evidence: bytes) -> None:
        """Raise unless a group says that the history ends with this block."""
        self._read("check_end", deployment_hash, *_end_arguments(fact), int(group), evidence)

    def check_denial(self, deployment_hash: bytes, fact: EndDenial, group: Group, evidence: bytes) -> None:
        """Raise unless a group says that this END is false."""
        self._read("check_denial", deployment_hash, *_end_arguments(fact), int(group), evidence)

    def compute_digest(self, deployment_hash: bytes, fact: Fact) -> bytes:
        """What the group signs for a fact, as the contract computes it."""
        match fact:
            case Seal(number, sync_hash):
                answer = self._read("compute_seal_digest", deployment_hash, number, sync_hash)
            case Accepted(number, sync_hash):
                answer = self._read("compute_accepted_digest", deployment_hash, number, sync_hash)
            case Queues(queues):
                answer = self._read("compute_queues_digest", deployment_hash, [queue.abi() for queue in queues])
            case Frozen(chain, round_):
                answer = self._read("compute_frozen_digest", deployment_hash, chain, round_)
            case End():
                answer = self._read("compute_end_digest", deployment_hash, *_end_arguments(fact))
            case EndDenial():
                answer = self._read("compute_denial_digest", deployment_hash, *_end_arguments(fact))
            case _:
                raise TypeError(f"{fact!r} is no fact of a deployment")
        return bytes(answer)


def _end_arguments(fact: End | EndDenial) -> tuple[object, ...]:
    return (fact.member, fact.number, fact.sync_hash, fact.round)
