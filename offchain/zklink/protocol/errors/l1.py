"""Errors of chains, their nodes and contracts, and of deployments."""

from dataclasses import dataclass

from zklink.primitives.base58 import encode_base58
from zklink.protocol.errors.base import L1Error

CLUSTERS = 2**64
"""From here on a number of a chain is the hash of a genesis: a cluster of Solana."""


@dataclass(eq=False)
class RpcUnavailable(L1Error):
    """A chain's node did not answer, after all attempts.
    Do: Check the node's address and that it runs. A node of this package goes on asking by itself; a command can be
    run again.
    """

    chain: str
    method: str
    attempts: int
    detail: str

    def __str__(self) -> str:
        times = f"failed {self.attempts} times" if self.attempts else "was not asked"
        return f"{self.chain}: {self.method} {times}: {self.detail}"


@dataclass(eq=False)
class RpcRefused(L1Error):
    """A node will not answer a question, however often it is asked: it lacks the method, or refuses the caller. If the
    detail is HTTP 401, 402, 403 or 404, the key or the path in the node's URL is wrong, or its plan has ended.
    Do: Correct the node's URL, renew its plan, or use another node.
    """

    chain: str
    method: str
    detail: str

    def __str__(self) -> str:
        return f"{self.chain}: the node refuses {self.method}: {self.detail}"


@dataclass(eq=False)
class NodesDisagree(L1Error):
    """Fewer nodes of a chain than the quorum gave the same answer. So many have asked to be left `alone` that no quorum
    is reached for `rest_seconds` more.
    Do: Ask later; if it stays, add nodes or lower `PoolPolicy.quorum`.
    """

    chain: str
    method: str
    quorum: int
    answers: int
    alone: int = 0
    rest_seconds: float = 0.0

    def __str__(self) -> str:
        said = f"{self.chain}: {self.method}: only {self.answers} nodes agree, and the quorum is {self.quorum}; "
        if self.alone:
            said += f"nodes that want to be left alone: {self.alone}, so ask again in {self.rest_seconds:.0f} seconds; "
        return said + "give more nodes or a lower quorum"


@dataclass(eq=False)
class WrongChain(L1Error):
    """A node serves another chain than its profile says. Of several nodes, all do; where one does, the log names it.
    Do: Give the address of a node of the expected chain.
    """

    chain: str
    expected: int
    found: int

    def __str__(self) -> str:
        if self.expected < CLUSTERS:
            return f"{self.chain}: the node serves EVM chain {self.found}, not {self.expected}"
        found, expected = (encode_base58(number.to_bytes(32, "big")) for number in (self.found, self.expected))
        return f"{self.chain}: the node serves cluster {found}, not {expected}"


@dataclass(eq=False)
class CallReverted(L1Error):
    """A contract refuses a call; nothing was sent. `reason` is its own, or empty if it gave none.
    Do: Look `reason` up among the revert reasons. Nothing was sent and nothing is lost but the question.
    """

    chain: str
    call: str
    reason: str

    def __str__(self) -> str:
        return f"{self.chain}: {self.call} is refused: {self.reason or 'no reason given'}"


@dataclass(eq=False)
class TransactionReverted(L1Error):
    """A transaction was mined and reverted.
    Do: Look `reason` up among the revert reasons. The state changed between question and mining; ask again before
    you send again. Until the reverted transaction has the chain's confirmations, the same call gives this error
    again: a reorganisation could give both an effect.
    """

    chain: str
    call: str
    reason: str
    tx_hash: bytes

    def __str__(self) -> str:
        return f"{self.chain}: {self.call} reverted in 0x{self.tx_hash.hex()}: {self.reason or 'no reason given'}"


@dataclass(eq=False)
class TransactionRejected(L1Error):
    """The node does not take a transaction (no funds, wrong shape), and does not show it under its hash either. The
    same call, sent again, keeps its nonce until it is proven that no node took it all the same.
    Do: Read `detail`: fund the account if it is short of coins, or correct the transaction.
    """

    chain: str
    call: str
    detail: str

    def __str__(self) -> str:
        return f"{self.chain}: {self.call} was not accepted by the node: {self.detail}"


@dataclass(eq=False)
class TransactionStuck(L1Error):
    """A transaction is neither mined nor dropped after all fee bumps, or its nonce is used and nothing proves by whom;
    any of `tx_hashes` may still be mined.
    Do: Send the identical call again: it continues this submission, never a second one. If that lasts, look whether
    the node takes part in the network and whether gas is dearer than the account can pay.
    """

    chain: str
    call: str
    nonce: int
    tx_hashes: tuple[bytes, ...]

    def __str__(self) -> str:
        tries = len(self.tx_hashes)
        return f"{self.chain}: {self.call} with nonce {self.nonce} is not known to be mined; {tries} versions were sent"


@dataclass(eq=False)
class TransactionReplaced(L1Error):
    """Another transaction of the same account took the nonce: ours can never be mined. Said only once the nonce has
    been used for the chain's confirmations, and no node has known any of `tx_hashes` for `SendPolicy.proof_seconds`.
    Do: Let no other program send from this account. Ask the contract whether the call is still due, then send it
    again.
    """

    chain: str
    call: str
    nonce: int
    tx_hashes: tuple[bytes, ...]

    def __str__(self) -> str:
        return f"{self.chain}: nonce {self.nonce} of {self.call} was used by another transaction"


@dataclass(eq=False)
class FeeCeilingReached(L1Error):
    """The price that a transaction would need is above a ceiling. `setting` is what to raise. If `tx_hashes` is empty,
    nothing was sent; else any of them may still be mined, and the same call, sent again, continues it.
    Do: Wait for a lower price, or raise `setting`.
    """

    chain: str
    call: str
    wanted_wei: int
    ceiling_wei: int
    setting: str
    tx_hashes: tuple[bytes, ...] = ()

    def __str__(self) -> str:
        sent = "the versions sent may still be mined" if self.tx_hashes else "nothing was sent"
        return (
            f"{self.chain}: {self.call} would need {self.wanted_wei} wei and the ceiling is {self.ceiling_wei} wei; "
            f"{sent}; wait for a lower price or raise {self.setting}"
        )


@dataclass(eq=False)
class LogsIncomplete(L1Error):
    """A node's logs do not give what the contract's own views say at the same block: it left some out, or made some
    up.
    Do: Wait: the logs are read again. If it stays, check the deployment file's `from_block`, or give another node.
    """

    chain: str
    detail: str

    def __str__(self) -> str:
        return f"{self.chain}: the node's logs are incomplete: {self.detail}"


@dataclass(eq=False)
class RequestGap(L1Error):
    """A node left out a priority request, or gave one twice.
    Do: Use another node of the chain: this one's logs are incomplete.
    """

    chain: str
    expected: int
    found: int

    def __str__(self) -> str:
        return f"{self.chain}: request {self.found} where {self.expected} is next"


@dataclass(eq=False)
class RequestRewritten(L1Error):
    """A reorganisation deeper than the confirmations changed a request that was already given out.
    Do: Set the chain's confirmations higher. The node unseals what stood on the request, unless a chain has
    accepted it (`HistoryDiverged`).
    """

    chain: str
    request_id: int

    def __str__(self) -> str:
        return f"{self.chain}: a reorganisation changed request {self.request_id} after it was confirmed"


@dataclass(eq=False)
class CalldataUnreadable(L1Error):
    """The input of a transaction by which the primary took blocks does not contain them in a form that can be read
    back.
    Do: Give another node of the chain: this one shows another input than the chain has.
    """

    chain: str
    tx_hash: bytes
    detail: str

    def __str__(self) -> str:
        return f"{self.chain}: no blocks can be read out of 0x{self.tx_hash.hex()}: {self.detail}"


@dataclass(eq=False)
class ArgumentsRefused(L1Error):
    """Arguments that a contract's function does not take; nothing was sent. `detail` names the argument.
    Do: Correct the argument that `detail` names.
    """

    function: str
    detail: str

    def __str__(self) -> str:
        return f"{self.function}: {self.detail}"


@dataclass(eq=False)
class ContractNotFound(L1Error):
    """No source, or more than one, has this contract's name.
    Do: Check the contract's name, and that the sources are the whole repository.
    """

    name: str
    found: tuple[str, ...]

    def __str__(self) -> str:
        return f"contract {self.name}: " + (f"several sources: {', '.join(self.found)}" if self.found else "no source")


@dataclass(eq=False)
class ContractNotCompiled(L1Error):
    """The compiler refuses a contract.
    Do: Read `detail`; with untouched sources, compile again with `ape compile -f`.
    """

    name: str
    detail: str

    def __str__(self) -> str:
        return f"contract {self.name} does not compile: {self.detail}"


@dataclass(eq=False)
class DeploymentRefused(L1Error):
    """A deployment plan that must not be carried out; nothing was sent.
    Do: Correct the plan or the file as `reason` says, and start again.
    """

    reason: str

    def __str__(self) -> str:
        return f"the deployment is refused: {self.reason}"


@dataclass(eq=False)
class DeploymentInterrupted(L1Error):
    """A deployment stopped half-way. `deployed` names the contracts that exist; the predicted bridge address is spent
    with its deployer's nonce.
    Do: Mend what `detail` says and deploy anew, with all contracts but the tokens.
    """

    chain: str
    step: str
    deployed: tuple[str, ...]
    detail: str

    def __str__(self) -> str:
        done = ", ".join(self.deployed) or "nothing yet"
        return f"{self.chain}: deployment stopped at {self.step} ({self.detail}); deployed so far: {done}"
