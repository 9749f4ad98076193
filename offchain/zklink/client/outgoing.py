"""Transactions of one account: completed, signed, handed in, and waited for.

Takes a call and a signer; gives the transaction's hash as soon as the chain's node has it, and its receipt when it is
mined. Keeps nothing: the hash is all that a caller needs to come back. Never raises a fee by itself.
"""

from dataclasses import dataclass
from typing import Any, Final

from eth_utils import to_checksum_address

from zklink.client.chain_rpc import ChainRpc, Mined, RpcAnswerError
from zklink.client.patience import Patience
from zklink.client.signers import Signer
from zklink.client.transport import Transport
from zklink.primitives.keccak import keccak256
from zklink.protocol.errors import (
    CallReverted,
    RpcUnavailable,
    StillWaiting,
    TokensShort,
    TransactionRejected,
    TransactionReverted,
)

GAS_MARGIN_PERCENT: Final = 25
"""More gas than the estimate: the state can change before the transaction is mined."""
TIP_WEI: Final = 10**9
"""What a block's maker is paid for gas where the node names no price."""
KNOWN: Final = ("already known", "known transaction", "already imported", "already in pool", "already in mempool")
"""What nodes say of a transaction that they have."""
COIN: Final = "the chain's own coin"


@dataclass(frozen=True, slots=True)
class Step:
    """One transaction to be sent: a call of a contract, and the coin that goes with it."""

    label: str
    to: str
    data: bytes
    value_wei: int = 0


@dataclass(frozen=True, slots=True)
class Fees:
    """What gas may cost: fields of a transaction, and the most that a unit of gas costs, in wei."""

    fields: dict[str, int]
    most_wei: int


async def estimate_step(rpc: ChainRpc, sender: str, step: Step) -> int:
    """The gas limit of a step. Raises CallReverted: it would be refused."""
    call = {"from": sender, "to": step.to, "data": f"0x{step.data.hex()}", "value": hex(step.value_wei)}
    return await rpc.estimate(call, step.label) * (100 + GAS_MARGIN_PERCENT) // 100


async def find_fees(rpc: ChainRpc) -> Fees:
    """What gas may cost now: twice the base fee and a tip, or the node's price on a chain without a base fee."""
    head = await rpc.head()
    if head.base_fee_wei is None:
        price = await rpc.gas_price()
        return Fees({"gasPrice": price}, price)
    told = await rpc.priority_fee()
    tip = TIP_WEI if told is None else told
    most = 2 * head.base_fee_wei + tip
    return Fees({"maxFeePerGas": most, "maxPriorityFeePerGas": tip, "type": 2}, most)


async def send_step(transport: Transport, rpc: ChainRpc, signer: Signer, step: Step) -> str:
    """The hash of the transaction, which the chain's node has taken. Raises CallReverted, TokensShort,
    TransactionRejected, RpcUnavailable; only after the last one may it have been sent, and its text has the hash.
    """
    gas, fees = await estimate_step(rpc, signer.address, step), await find_fees(rpc)
    needed = step.value_wei + gas * fees.most_wei
    found = await rpc.balance(signer.address)
    if found < needed:
        raise TokensShort(rpc.name, COIN, signer.address, needed, found)
    transaction: dict[str, Any] = {
        "chainId": rpc.evm_chain_id,
        "nonce": await rpc.next_nonce(signer.address),
        "to": to_checksum_address(step.to),
        "data": f"0x{step.data.hex()}",
        "value": step.value_wei,
        "gas": gas,
        **fees.fields,
    }
    raw = await transport.work(lambda: signer.sign_transaction(transaction))
    tx_hash = f"0x{keccak256(raw).hex()}"
    await _hand_in(rpc, step, raw, tx_hash)
    return tx_hash


async def wait_mined(transport: Transport, rpc: ChainRpc, tx_hash: str, seconds: float, poll_seconds: float) -> Mined:
    """The receipt of a transaction that succeeded. Raises TransactionReverted, StillWaiting."""
    patience = Patience(transport, seconds)
    while True:
        try:
            if (mined := await rpc.receipt(tx_hash)) is not None:
                if not mined.is_success:
                    raise TransactionReverted(rpc.name, "the transaction", "", bytes.fromhex(tx_hash[2:]))
                return mined
        except RpcUnavailable:
            pass  # a node that is away for a while ends no wait
        if patience.is_over:
            raise StillWaiting(f"the receipt of {tx_hash} on {rpc.name}", seconds, "not mined")
        await patience.tick(poll_seconds)


async def _hand_in(rpc: ChainRpc, step: Step, raw: bytes, tx_hash: str) -> None:
    try:
        await rpc.send_raw(raw)
    except RpcAnswerError as error:
        text = error.message.lower()
        if any(said in text for said in KNOWN) or await rpc.is_known(tx_hash):
            return
        if "revert" in text:
            raise CallReverted(rpc.name, step.label, error.message) from None
        raise TransactionRejected(rpc.name, step.label, error.message) from None
    except RpcUnavailable as error:
        detail = f"{error.detail}; {tx_hash} may have been sent: look it up before you send again"
        raise RpcUnavailable(error.chain, error.method, error.attempts, detail) from None
