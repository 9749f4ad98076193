"""Things that break on demand: a prover that crashes, a node that is away, receipts that get lost."""

from dataclasses import dataclass, field

from eth_account.signers.local import LocalAccount
from web3.contract.contract import ContractFunction

from zklink.devnet.devnet_chain import GAS_LIMIT_ON_PY_EVM, WorldChain
from zklink.l1.transport.client import Call, ChainClient, Submission
from zklink.l1.transport.receipts import Receipt
from zklink.node.ports import BlockProver, Proved
from zklink.protocol.errors import RpcUnavailable, TransactionReplaced
from zklink.transition.block_frame import LaneBlock


@dataclass
class CrashingProver:
    """Fails `crashes` times, then proves."""

    prover: BlockProver
    crashes: int
    calls: int = 0

    def prove(self, block: LaneBlock) -> Proved:
        self.calls += 1
        if self.calls <= self.crashes:
            raise RuntimeError("killed")
        return self.prover.prove(block)


@dataclass
class Faults:
    """What is wrong with a chain's node at the moment; `labels` of calls whose receipt is lost or which are replaced,
    once each.
    """

    is_down: bool = False
    lost_receipts: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)


class FaultyClient(ChainClient):
    """A client whose node fails as `faults` says."""

    def __init__(self, chain: WorldChain) -> None:
        gas_limit = GAS_LIMIT_ON_PY_EVM if chain.is_py_evm else None
        super().__init__(chain.profile, chain.w3, gas_limit=gas_limit)
        self.faults = Faults()

    def ask(self, what, request, shrink=None):  # type: ignore[no-untyped-def]
        self._check(what)
        return super().ask(what, request, shrink)

    def submit(
        self, account: LocalAccount, call: Call | ContractFunction, value: int = 0, gas: int | None = None
    ) -> Submission:
        self._check("eth_sendRawTransaction")
        label = call.label if isinstance(call, Call) else call.fn_name
        if label in self.faults.replaced:
            self.faults.replaced.remove(label)
            raise TransactionReplaced(self.profile.name, label, 0, ())
        return super().submit(account, call, value, gas)

    def wait(self, submission: Submission) -> Receipt:
        receipt = super().wait(submission)
        if submission.call.label in self.faults.lost_receipts:
            self.faults.lost_receipts.remove(submission.call.label)
            raise RpcUnavailable(self.profile.name, "eth_getTransactionReceipt", 1, "connection reset")
        return receipt

    def _check(self, what: str) -> None:
        if self.faults.is_down:
            raise RpcUnavailable(self.profile.name, what, 1, "connection refused")
