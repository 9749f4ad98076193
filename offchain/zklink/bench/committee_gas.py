"""Delivers the committee's messages on one chain, in the place of chains that a benchmark does not run."""

from eth_typing import Hash32

from zklink.devnet.system import LocalSystem
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.protocol.messages import MessageKind, SyncMessage, compute_digest
from zklink.sequencer.sequencer import Sequencer


def deliver_message(
    system: LocalSystem,
    sequencer: Sequencer,
    destination: ChainId,
    source: ChainId,
    kind: MessageKind = MessageKind.ACC,
    unseen: int = 0,
) -> int:
    """Deliver the message that `source` has accepted every sealed block but the last `unseen` (and, for FRZ, has frozen
    there); gives the gas.
    """
    roles, deployment, number = system.world.roles, system.deployment, BlockNumber(sequencer.height - unseen)
    message = SyncMessage(source, number, sequencer.stored(source, number).sync_hash, kind)
    digest = Hash32(compute_digest(message, deployment.deployment_hash))
    members = roles.committee[: deployment.threshold]
    evidence = b"".join(bytes(member.unsafe_sign_hash(digest).signature) for member in members)
    return system.bridges[destination].receive_message(roles.relayer, message, evidence).gas_used
