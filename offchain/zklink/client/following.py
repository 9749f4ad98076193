"""What becomes of a swap, by the hash of its transaction alone.

Takes the hash; asks the node whenever its stream of events names the swap, or now and then where it has none, and the
source chain while the node knows nothing. Nothing that passes ends a wait: a
node that is away, a chain that does not answer. Money that the node says has arrived is looked up in the chain's
receipt.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from zklink.client.bell import Bell
from zklink.client.book import is_program
from zklink.client.contract_calls import EVENTS, decode_answer
from zklink.client.patience import Patience
from zklink.client.program_rpc import check_done, check_not_failed, open_program_rpc
from zklink.client.session import Session
from zklink.primitives.keccak import keccak256
from zklink.protocol.errors import (
    NodeUnreachable,
    ReceiptUntrue,
    RequestRefused,
    RpcRefused,
    RpcUnavailable,
    StillWaiting,
    TransactionReverted,
)
from zklink.schema.api.refusals import REFUSALS
from zklink.schema.api.scalars import read_tx_hash
from zklink.schema.api.transfers import ReceiptInfo, Transfer, TransferAnswer, TransferRequest

WAIT_SECONDS: Final = 1_800.0
"""How long a swap is waited for, unless the caller says otherwise."""
ONE_LOOK_SECONDS: Final = 5.0
"""How long one look may ask a node that does not answer."""
LONGEST_POLL_SECONDS: Final = 15.0
TOPICS: Final = {
    "pay": keccak256(EVENTS["PayoutPaid"].encode()),
    "refund": keccak256(EVENTS["PayoutPaid"].encode()),
    "fill": keccak256(EVENTS["PayoutFilled"].encode()),
}
"""The events that show money, by how it came."""
RECEIVER_TOPIC: Final = 2


@dataclass(frozen=True, slots=True)
class Sent:
    """A transaction that the chain's node has taken. Its hash is all that is needed to come back to it."""

    chain: str
    tx_hash: str

    def __str__(self) -> str:
        return f"{self.tx_hash} on {self.chain}"


async def look(session: Session, tx_hash: str, seconds: float = ONE_LOOK_SECONDS) -> TransferAnswer:
    """What the node knows now. Raises RequestRefused, NodeUnreachable."""
    request = TransferRequest(tx_hash=tx_hash)
    answer: TransferAnswer = await session.caller.ask("transfer", request, seconds)
    return answer


async def follow(session: Session, tx_hash: str, seconds: float) -> Transfer:
    """The swap of a transaction in its final state. Raises StillWaiting, TransactionReverted, ReceiptUntrue."""
    bell = Bell(session, tx_hash)
    try:
        return await _follow(session, tx_hash, seconds, bell)
    finally:
        await bell.close()


async def _follow(session: Session, tx_hash: str, seconds: float, bell: Bell) -> Transfer:
    patience, state, pause = Patience(session.transport, seconds), "unknown to the node", session.poll_seconds
    while True:
        await bell.open(patience.left)
        try:
            answer = await look(session, tx_hash)
            if answer.is_final:
                (transfer, *_) = answer.transfers
                await check_receipts(session, transfer)
                return transfer
            if answer.transfers:
                wait = answer.transfers[0].wait
                state = f"{answer.state}, and waits for {wait.waits_for}"
            else:
                await _look_at_chains(session, tx_hash)
            pause = min(max(session.poll_seconds, float(answer.retry_after_seconds or 0)), LONGEST_POLL_SECONDS)
        except (NodeUnreachable, RpcUnavailable, RpcRefused) as error:
            state = f"not to be seen: {error}"
        except RequestRefused as error:
            if not REFUSALS[error.code].retries:
                raise
            state = f"not to be seen: {error}"
        if patience.is_over:
            raise StillWaiting(f"the swap of {tx_hash}", seconds, state)
        await bell.wait(patience, pause)


async def check_receipts(session: Session, transfer: Transfer) -> None:
    """Raise ReceiptUntrue unless a chain shows the money that the node says has come, to the one who is to have it; of
    chains whose node is known. Cancelled swaps are left to their chain.
    """
    wanted = transfer.recipient if transfer.state == "arrived" else transfer.refund_to
    receiver = wanted.rpartition(":")[2].lower()
    shown = [receipt for receipt in transfer.receipts if receipt.how in TOPICS]
    for receipt in shown:
        if receipt.receiver.lower() == receiver:
            await _check_receipt(session, receipt)
    if transfer.state != "cancelled" and receiver not in [receipt.receiver.lower() for receipt in shown]:
        name = (await session.book()).find_chain(transfer.destination).name
        raise ReceiptUntrue(name, read_tx_hash("tx_hash", transfer.tx_hash), f"no receipt names {wanted}")


async def _check_receipt(session: Session, shown: ReceiptInfo) -> None:
    if not await session.has_chain(shown.chain):
        return
    info = (await session.book()).find_chain(shown.chain)
    if is_program(info):
        await check_done(await open_program_rpc(session, info), shown.tx_hash)
        return
    place = await session.place(shown.chain)
    mined = await place.rpc.receipt(shown.tx_hash)
    if mined is None or not mined.is_success:
        raise ReceiptUntrue(place.name, bytes.fromhex(shown.tx_hash[2:]), "it is not mined, or reverted")
    receiver = bytes(12) + bytes.fromhex(shown.receiver.removeprefix("0x"))
    events = [log for log in mined.logs if log[0] == place.bridge and log[1][:1] == (TOPICS[shown.how],)]
    if not any(read_event(shown.how, topics, data) == (receiver, int(shown.amount)) for _, topics, data in events):
        detail = f"no event of the bridge pays {shown.amount} to {shown.receiver}"
        raise ReceiptUntrue(place.name, bytes.fromhex(shown.tx_hash[2:]), detail)


def read_event(how: str, topics: Sequence[bytes], data: bytes) -> tuple[bytes, int]:
    """(receiver, amount) of an event that shows money: L1 units, or a fill's layer-2 units without its fee."""
    types = "bytes32 uint16 uint112 uint112" if how == "fill" else "uint16 uint256 uint8"
    values = decode_answer(types, data)
    if values is None or len(topics) <= RECEIVER_TOPIC:
        return b"", 0
    return (values[0], values[2] - values[3]) if how == "fill" else (topics[RECEIVER_TOPIC], values[1])


async def _look_at_chains(session: Session, tx_hash: str) -> None:
    """Raise TransactionReverted if a chain whose node is known says so."""
    for info in (await session.book()).chains.values():
        if is_program(info) == tx_hash.startswith("0x"):
            continue
        if is_program(info) and await session.has_chain(info.chain):
            await check_not_failed(await open_program_rpc(session, info), tx_hash)
        elif await session.has_chain(info.chain):
            place = await session.place(info.chain)
            mined = await place.rpc.receipt(tx_hash)
            if mined is not None and not mined.is_success:
                raise TransactionReverted(place.name, "the swap", "", bytes.fromhex(tx_hash[2:]))
