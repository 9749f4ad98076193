"""A Solana node, asked by JSON-RPC over the client's transport.

Takes methods and parameters; gives accounts, blockhashes and what became of transactions. Asks again while there is no
answer. Never signs.
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from zklink.client.asking import ask_until_answered
from zklink.client.book import find_chain_number
from zklink.client.patience import ASK_SECONDS
from zklink.client.session import Session
from zklink.client.transport import Transport, name_host
from zklink.primitives.base58 import decode_base58
from zklink.protocol.errors import (
    NodeUnreachable,
    ReceiptUntrue,
    RpcRefused,
    TransactionReverted,
    WrongChain,
)
from zklink.schema.api.chains import ChainInfo

BUSY: Final = (-32004, -32005, -32014, -32016, -32603)
"""JSON-RPC's numbers of nodes that are behind or asked too often."""
UNIQUE: Final = 1


@dataclass(frozen=True, slots=True)
class Held:
    """What an account holds; `owner` is the program that may write it, in base58."""

    lamports: int
    owner: str
    data: bytes


class ProgramRpc:
    """A cluster at the address of a node."""

    def __init__(self, transport: Transport, name: str, url: str) -> None:
        self.name, self.transport, self._url = name, transport, url

    async def ask(self, method: str, *params: object) -> Any:
        """The result of a question, asked until there is one. Raises RpcUnavailable, RpcRefused."""
        return await ask_until_answered(
            self.transport, self.name, self._url, method, ASK_SECONDS, lambda: self._ask_once(method, params)
        )

    async def _ask_once(self, method: str, params: tuple[object, ...]) -> Any:
        body = json.dumps({"jsonrpc": "2.0", "id": UNIQUE, "method": method, "params": list(params)}).encode()
        reply = await self.transport.send("POST", self._url, {}, body)
        if reply.status != 200:
            raise NodeUnreachable(name_host(self._url), f"HTTP {reply.status}")
        try:
            answer = json.loads(reply.body)
            if "error" not in answer:
                return answer["result"]
            code, text = int(answer["error"]["code"]), str(answer["error"]["message"])
        except (ValueError, KeyError, TypeError):
            raise NodeUnreachable(name_host(self._url), "it does not answer in JSON-RPC") from None
        if code in BUSY:
            raise NodeUnreachable(name_host(self._url), f"{text} ({code})")
        raise RpcRefused(self.name, method, f"{text} ({code})")

    async def check_genesis(self, expected: int) -> None:
        """Raise WrongChain unless the cluster is that of the deployment."""
        found = int.from_bytes(decode_base58(str(await self.ask("getGenesisHash")), 32), "big")
        if found != expected:
            raise WrongChain(self.name, expected, found)

    async def accounts(self, keys: Sequence[str]) -> list[Held | None]:
        """Accounts at `confirmed`; None for one that is not there."""
        options = {"commitment": "confirmed", "encoding": "base64"}
        found = (await self.ask("getMultipleAccounts", list(keys), options))["value"]
        return [
            None if each is None else Held(int(each["lamports"]), each["owner"], base64.b64decode(each["data"][0]))
            for each in found
        ]

    async def status(self, signature: str) -> Any | None:
        """What is known of a transaction; None if nothing is."""
        found = await self.ask("getSignatureStatuses", [signature], {"searchTransactionHistory": True})
        return found["value"][0]


async def open_program_rpc(session: Session, info: ChainInfo) -> ProgramRpc:
    """A chain's node, which serves the chain of the deployment. Raises NodeOfChainMissing, WrongChain."""
    rpc = ProgramRpc(session.transport, info.name, await session.find_url(info.chain))
    await rpc.check_genesis(find_chain_number(info))
    return rpc


async def check_done(rpc: ProgramRpc, signature: str) -> None:
    """Raise ReceiptUntrue unless the cluster has the transaction, and it did not fail."""
    found = await rpc.status(signature)
    if found is None or found["err"] is not None:
        raise ReceiptUntrue(rpc.name, decode_base58(signature), "it is not there, or failed")


async def check_not_failed(rpc: ProgramRpc, signature: str) -> None:
    """Raise TransactionReverted if the cluster says that the transaction failed."""
    found = await rpc.status(signature)
    if found is not None and found["err"] is not None:
        raise TransactionReverted(rpc.name, "the swap", str(found["err"]), decode_base58(signature))
