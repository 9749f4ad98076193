"""One chain: reads with retries, sends with signing, nonces and fees, typed errors with the contract's own reasons.

Takes a profile and a connected web3; gives answers, receipts and typed errors. Every request to a node goes through
here. Never knows anything of the protocol.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final, TypeVar

from eth_abi import encode
from eth_account.signers.local import LocalAccount
from eth_typing import BlockNumber
from eth_utils import to_checksum_address
from hexbytes import HexBytes
from web3 import Web3
from web3.contract import Contract
from web3.contract.contract import ContractFunction
from web3.exceptions import TransactionNotFound
from web3.types import BlockIdentifier, FilterParams, TxParams, Wei

from zklink.l1.contract_artifacts import ContractArtifact
from zklink.l1.transport.arguments import check_arguments, check_creation, spell_type
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.l1.transport.guard import guard
from zklink.l1.transport.ranges import Ranges
from zklink.l1.transport.receipts import BlockInfo, Log, Receipt, check_logs, decode_block, decode_logs
from zklink.l1.transport.rpc import Asker, take_over_retries
from zklink.l1.transport.submission import Call, Request, SendPolicy, Submission
from zklink.l1.transport.submission_log import UNLOGGED, SubmissionLog
from zklink.l1.transport.transactions import Sender
from zklink.l1.transport.views import decode_view, encode_view
from zklink.protocol.errors import CallReverted, L1Error, RpcRefused, RpcUnavailable, WrongChain

__all__ = ["Call", "ChainClient", "ChainProfile", "Receipt", "Request", "SendPolicy", "Submission"]

T = TypeVar("T")

ABSENT_ANSWERS: Final = 3
"""How often a node is asked for a transaction or a contract before it is believed that there is none."""


class ChainClient:
    """A chain as the rest of the package sees it. Safe to use from several threads if its web3 is."""

    def __init__(
        self,
        profile: ChainProfile,
        w3: Web3,
        policy: SendPolicy | None = None,
        *,
        gas_limit: int | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        kept: SubmissionLog = UNLOGGED,
    ) -> None:
        """`kept` is where submissions outlive a restart."""
        self.profile = profile
        self.w3 = w3
        guard(w3, profile.name)
        policy = policy or SendPolicy()
        take_over_retries(w3, policy.retry)
        self._asker = Asker(profile.name, policy.retry, sleep, clock)
        self._ranges = Ranges(policy.ranges)
        self._sender = Sender(
            profile, w3, policy, self._asker, gas_limit=gas_limit, sleep=sleep, clock=clock, kept=kept
        )

    def check_chain_id(self) -> None:
        """Raise WrongChain unless the node serves the chain of the profile."""
        found = self.ask("eth_chainId", lambda: int(self.w3.eth.chain_id))
        if found != self.profile.evm_chain_id:
            raise WrongChain(self.profile.name, self.profile.evm_chain_id, found)

    # -- reading -------------------------------------------------------------------------------------------------

    def ask(self, what: str, request: Callable[[], T], shrink: Callable[[], bool] | None = None) -> T:
        """Any read, retried while there is no answer; `request` also decodes it, so that a `null` is no answer.
        `shrink` makes the question smaller, if it can be. Raises CallReverted, RpcRefused, RpcUnavailable.
        """
        return self._asker.ask(what, request, shrink)

    def pause(self, attempt: int) -> None:
        """Wait before something is asked again that a node answered wrongly; `attempt` counts from 0."""
        self._asker.sleep(self._asker.policy.pause(attempt))

    def contract(self, address: str, artifact: ContractArtifact) -> Contract:
        """web3.py's view of a contract."""
        return self.w3.eth.contract(address=to_checksum_address(address), abi=artifact.abi_list())

    def read(self, contract: Contract, function: str, *arguments: object, block: int | None = None) -> Any:
        """Call a view. Raises ArgumentsRefused, CallReverted with the contract's reason, RpcUnavailable."""
        view = check_arguments(contract.abi, function, arguments)
        question: TxParams = {"to": contract.address, "data": HexBytes(encode_view(self.w3.codec, view, arguments))}
        at: BlockIdentifier = "latest" if block is None else block
        return self.ask(function, lambda: decode_view(self.w3.codec, view, bytes(self.w3.eth.call(question, at))))

    def call(self, address: str, data: bytes, label: str, sender: str | None = None) -> bytes:
        """The bytes that a contract answers, as it gives them; `label` names the call in errors. Raises CallReverted,
        RpcUnavailable.
        """
        question: TxParams = {"to": to_checksum_address(address), "data": HexBytes(data)}
        if sender is not None:
            question["from"] = to_checksum_address(sender)
        return self.ask(label, lambda: bytes(self.w3.eth.call(question)))

    def balance(self, address: str) -> int:
        """Native coins of an account, in wei."""
        checksum = to_checksum_address(address)
        return self.ask("eth_getBalance", lambda: int(self.w3.eth.get_balance(checksum)))

    def gas_price(self) -> int:
        """The node's present price of gas, in wei."""
        return self.ask("eth_gasPrice", lambda: int(self.w3.eth.gas_price))

    def code(self, address: str, block: int | None = None) -> bytes:
        """Runtime code at an address, now or at a block; empty if the node keeps saying that there is none."""
        checksum = to_checksum_address(address)
        at: BlockIdentifier = "latest" if block is None else BlockNumber(block)
        return self._insist("eth_getCode", lambda: bytes(self.w3.eth.get_code(checksum, at))) or b""

    def nonce(self, address: str) -> int:
        """The number of mined transactions of an account."""
        checksum = to_checksum_address(address)
        return self.ask("eth_getTransactionCount", lambda: int(self.w3.eth.get_transaction_count(checksum)))

    def head(self) -> BlockInfo:
        """The newest block."""
        return self.ask("eth_getBlockByNumber", lambda: decode_block(self.w3.eth.get_block("latest")))

    def block(self, number: int) -> BlockInfo:
        """A block by its number."""
        return self.ask("eth_getBlockByNumber", lambda: decode_block(self.w3.eth.get_block(number)))

    def find_input(self, tx_hash: bytes) -> bytes | None:
        """The input of a transaction; None if the node keeps saying that it has none of that hash."""
        return self._insist(
            "eth_getTransactionByHash", lambda: bytes(self.w3.eth.get_transaction(HexBytes(tx_hash))["input"])
        )

    def _insist(self, what: str, request: Callable[[], bytes]) -> bytes | None:
        """Ask several times before nothing is believed: a node may be behind the one that was asked before."""
        found = None
        for attempt in range(ABSENT_ANSWERS):
            if attempt > 0:
                self.pause(attempt - 1)
            with suppress(TransactionNotFound):
                if found := self.ask(what, request):
                    break
        return found

    def confirmed_height(self) -> int:
        """The newest block that has the profile's confirmations; -1 if there is none yet."""
        return self.head().number - self.profile.confirmations + 1

    def logs(
        self,
        address: str,
        from_block: int,
        to_block: int,
        topics: Sequence[bytes | Sequence[bytes] | None] | None = None,
    ) -> list[Log]:
        """Events of one contract in a range of blocks, both ends included, in the chain's order, each once.

        `topics` are the topics wanted, by position: one, any of several, or None for any. Raises RpcUnavailable, also
        when the node mixes two branches of the chain. What a node leaves out is not noticed here, but by a `LogCursor`.
        """
        query: FilterParams = {"address": to_checksum_address(address)}
        if topics is not None:
            query["topics"] = [_topic(topic) for topic in topics]

        def read_piece(first: int, last: int) -> list[Log]:
            piece: FilterParams = {**query, "fromBlock": first, "toBlock": last}
            found = decode_logs(self.w3.eth.get_logs(piece))
            check_logs(found, address, first, last)
            return found

        return self._ranges.read(from_block, to_block, read_piece, partial(self.ask, "eth_getLogs"))

    # -- writing -------------------------------------------------------------------------------------------------

    def send(
        self, account: LocalAccount, call: Call | ContractFunction, value: int = 0, gas: int | None = None
    ) -> Receipt:
        """Submit and wait. Raises CallReverted (nothing was sent), TransactionReverted, TransactionRejected,
        TransactionReplaced, FeeCeilingReached, TransactionStuck, RpcRefused, RpcUnavailable. Repeating the identical
        call after one of the last four continues the same transaction: it cannot be mined twice."""
        return self.wait(self.submit(account, call, value, gas))

    def submit(
        self, account: LocalAccount, call: Call | ContractFunction, value: int = 0, gas: int | None = None
    ) -> Submission:
        """Sign and broadcast without waiting; give the result to `wait`. Raises CallReverted, TransactionRejected,
        RpcUnavailable.
        """
        return self._sender.submit(account, as_call(call), value, gas)

    def send_all(self, account: LocalAccount, requests: Sequence[Request]) -> list[Receipt | L1Error]:
        """Submit several calls, then wait for each: on a slow chain they share a block. What fails has its error in its
        place, and the others go on.

        However this is left, no nonce is left to nobody: what is not waited for is given up, and sent again before the
        account's next transaction.
        """
        flying: list[Submission | L1Error] = []
        try:
            for request in requests:
                flying.append(self._try_submit(account, request))
            return [flight if isinstance(flight, L1Error) else self._try_wait(flight) for flight in flying]
        finally:
            for flight in flying:
                if isinstance(flight, Submission):
                    self._sender.abandon(flight)  # no effect on what has landed

    def _try_submit(self, account: LocalAccount, request: Request) -> Submission | L1Error:
        try:
            gas = request.gas
            if gas is None and request.extra_gas:
                gas = self.estimate_gas(account.address, request.call, request.value_wei) + request.extra_gas
            return self.submit(account, request.call, request.value_wei, gas)
        except L1Error as error:
            return error

    def _try_wait(self, submission: Submission) -> Receipt | L1Error:
        try:
            return self.wait(submission)
        except L1Error as error:
            return error

    def wait(self, submission: Submission) -> Receipt:
        """Wait until a submission is mined, and raise its fee if that takes too long. Raises TransactionReverted,
        TransactionReplaced, TransactionStuck, RpcUnavailable.
        """
        return self._sender.wait(submission)

    def try_call(self, address: str, call: Call, value: int, gas: int) -> None:
        """Make a call with this much gas, without sending it. Raises CallReverted if it is refused or needs more."""
        transaction: TxParams = {
            "from": to_checksum_address(address),
            "data": call.data,
            "value": Wei(value),
            "gas": gas,
        }
        if call.to is not None:
            transaction["to"] = to_checksum_address(call.to)
        try:
            self.ask(call.label, lambda: self.w3.eth.call(transaction))
        except RpcRefused as error:
            if "gas" not in error.detail.lower():
                raise
            raise CallReverted(self.profile.name, call.label, f"needs more than {gas} gas") from error

    def estimate_gas(self, address: str, call: Call | ContractFunction, value: int = 0) -> int:
        """The gas limit that `send` would use; CallReverted if the contract refuses."""
        return self._sender.estimate(address, as_call(call), value)

    def deploy(self, account: LocalAccount, artifact: ContractArtifact, *arguments: object, value: int = 0) -> str:
        """Create a contract and give its address. Raises ArgumentsRefused and the errors of `send`."""
        receipt = self.send(account, encode_creation(artifact, *arguments), value)
        if receipt.contract_address is None:
            raise RpcUnavailable(self.profile.name, f"create {artifact.name}", 1, "the receipt names no contract")
        return to_checksum_address(receipt.contract_address)

    def transfer(self, account: LocalAccount, to: str, value_wei: int) -> Receipt:
        """Send native coins. Raises the errors of `send`."""
        return self.send(account, Call(to, b"", f"transfer to {to}"), value_wei)

    def forget_submissions(self) -> None:
        """Forget the transactions in flight; only for local chains that were set back."""
        self._sender.forget()


def check_receipts(results: Sequence[Receipt | L1Error]) -> list[Receipt]:
    """The receipts of `send_all`; raises the first error among them."""
    receipts = []
    for result in results:
        if isinstance(result, L1Error):
            raise result
        receipts.append(result)
    return receipts


def as_call(call: Call | ContractFunction) -> Call:
    """Encode a bound web3.py function; a Call stays as it is."""
    if isinstance(call, Call):
        return call
    return Call(str(call.address), bytes.fromhex(str(call._encode_transaction_data())[2:]), call.fn_name)


def encode_call(contract: Contract, function: str, *arguments: object) -> Call:
    """A call of a contract's function. Raises ArgumentsRefused."""
    check_arguments(contract.abi, function, arguments)
    data = contract.encode_abi(function, args=list(arguments))
    return Call(str(contract.address), bytes.fromhex(data[2:]), function)


def encode_creation(artifact: ContractArtifact, *arguments: object) -> Call:
    """A call that creates a contract with these constructor arguments. Raises ArgumentsRefused."""
    inputs: list[dict[str, Any]] = next(
        (entry["inputs"] for entry in artifact.abi if entry["type"] == "constructor"), []
    )
    check_creation(artifact.name, inputs, arguments)
    encoded = encode([spell_type(item) for item in inputs], arguments) if inputs else b""
    return Call(None, artifact.bytecode + encoded, f"create {artifact.name}")


def _topic(topic: bytes | Sequence[bytes] | None) -> Any:
    if topic is None or isinstance(topic, bytes):
        return None if topic is None else _hex(topic)
    return [_hex(choice) for choice in topic]


def _hex(data: bytes) -> Any:
    return f"0x{data.hex()}"
