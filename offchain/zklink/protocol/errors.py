"""The one exception tree of the package: one class per cause, its data as fields.

    ZkLinkError
    +-- ProtocolError        malformed data: words, addresses, presets, messages
    +-- StateError           what a state or a block cannot be
    +-- L1Error              chains, contracts and their nodes
    +-- ProverError          witnesses, keys and proofs
    +-- ToolError            programs and packages the product runs

Every class carries what happened as fields and says it in `__str__`. Misuse of `primitives` (a programmer's mistake,
never a matter of data from outside) is a plain ValueError or IndexError.
"""

from dataclasses import dataclass


class ZkLinkError(Exception):
    """Anything this package raises on purpose."""


class ProtocolError(ZkLinkError):
    """Data that does not follow docs/protocol.md."""


class StateError(ZkLinkError):
    """A state or a block that cannot be."""


class L1Error(ZkLinkError):
    """A chain, its node or one of its contracts refused or failed."""


class ProverError(ZkLinkError):
    """A witness, a key or a proof is missing or wrong."""


class ToolError(ZkLinkError):
    """A program or package that the product runs is missing or failed."""


# -- protocol ------------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class FieldOutOfRange(ProtocolError):
    """A value does not fit into its field."""

    layout: str
    field: str
    value: int
    bits: int

    def __str__(self) -> str:
        return f"{self.layout}.{self.field} = {self.value} does not fit into {self.bits} bits"


@dataclass(eq=False)
class FieldMismatch(ProtocolError):
    """A word was packed with missing or unknown fields."""

    layout: str
    missing: tuple[str, ...]
    unknown: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.layout}: missing {list(self.missing)}, unknown {list(self.unknown)}"


@dataclass(eq=False)
class UnusedBitsSet(ProtocolError):
    """A word has bits set that its layout keeps zero, or is longer than 248 bits."""

    layout: str
    word: int

    def __str__(self) -> str:
        return f"{self.layout}: unused bits are set in {self.word:#x}"


@dataclass(eq=False)
class WrongRecordKind(ProtocolError):
    """A record starts with a kind that is not expected there."""

    expected: tuple[int, ...]
    kind: int

    def __str__(self) -> str:
        return f"record of kind {self.kind} where {list(self.expected)} is expected"


@dataclass(eq=False)
class WrongWordCount(ProtocolError):
    """A record or a list of words has the wrong length."""

    what: str
    expected: int
    count: int

    def __str__(self) -> str:
        return f"{self.what} has {self.count} words, not {self.expected}"


@dataclass(eq=False)
class WrongAddressLength(ProtocolError):
    """A universal address is exactly 32 bytes."""

    what: str
    length: int

    def __str__(self) -> str:
        return f"{self.what} has {self.length} bytes, not 32"


@dataclass(eq=False)
class NotAScalar(ProtocolError):
    """A number that must be a canonical field element is not below the modulus."""

    what: str
    value: int

    def __str__(self) -> str:
        return f"{self.what} = {self.value} is not below the scalar field's modulus"


@dataclass(eq=False)
class UnknownPreset(ProtocolError):
    """No preset has this name."""

    name: str
    known: tuple[str, ...]

    def __str__(self) -> str:
        return f"no preset is called {self.name!r}; there are {', '.join(self.known)}"


@dataclass(eq=False)
class BadChainTable(ProtocolError):
    """The deployment's chain table is not ascending, not unique or out of range."""

    reason: str

    def __str__(self) -> str:
        return f"chain table: {self.reason}"


# -- l1 ------------------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class RpcUnavailable(L1Error):
    """A chain's node did not answer, after all attempts."""

    chain: str
    method: str
    attempts: int
    detail: str

    def __str__(self) -> str:
        return f"{self.chain}: {self.method} failed {self.attempts} times: {self.detail}"


@dataclass(eq=False)
class WrongChain(L1Error):
    """A node serves another chain than its profile says."""

    chain: str
    expected: int
    found: int

    def __str__(self) -> str:
        return f"{self.chain}: the node serves EVM chain {self.found}, not {self.expected}"


@dataclass(eq=False)
class CallReverted(L1Error):
    """A contract refuses a call; nothing was sent. `reason` is its own, or empty if it gave none."""

    chain: str
    call: str
    reason: str

    def __str__(self) -> str:
        return f"{self.chain}: {self.call} is refused: {self.reason or 'no reason given'}"


@dataclass(eq=False)
class TransactionReverted(L1Error):
    """A transaction was mined and reverted."""

    chain: str
    call: str
    reason: str
    tx_hash: bytes

    def __str__(self) -> str:
        return f"{self.chain}: {self.call} reverted in 0x{self.tx_hash.hex()}: {self.reason or 'no reason given'}"


@dataclass(eq=False)
class TransactionRejected(L1Error):
    """The node does not take a transaction (no funds, wrong shape); it was never in the pool."""

    chain: str
    call: str
    detail: str

    def __str__(self) -> str:
        return f"{self.chain}: {self.call} was not accepted by the node: {self.detail}"


@dataclass(eq=False)
class TransactionStuck(L1Error):
    """A transaction is neither mined nor gone after all fee bumps; any of the hashes may still be mined."""

    chain: str
    call: str
    nonce: int
    tx_hashes: tuple[bytes, ...]

    def __str__(self) -> str:
        return f"{self.chain}: {self.call} with nonce {self.nonce} is not mined after {len(self.tx_hashes)} fees"


@dataclass(eq=False)
class TransactionReplaced(L1Error):
    """Another transaction of the same account took the nonce: ours can never be mined."""

    chain: str
    call: str
    nonce: int
    tx_hashes: tuple[bytes, ...]

    def __str__(self) -> str:
        return f"{self.chain}: nonce {self.nonce} of {self.call} was used by another transaction"


@dataclass(eq=False)
class RequestGap(L1Error):
    """A node left out a priority request, or gave one twice."""

    chain: str
    expected: int
    found: int

    def __str__(self) -> str:
        return f"{self.chain}: request {self.found} where {self.expected} is next"


@dataclass(eq=False)
class RequestRewritten(L1Error):
    """A reorg deeper than the confirmations changed a request that was already given out."""

    chain: str
    request_id: int

    def __str__(self) -> str:
        return f"{self.chain}: confirmed request {self.request_id} is no longer what it was"


@dataclass(eq=False)
class ContractNotFound(L1Error):
    """No source, or more than one, has this contract's name."""

    name: str
    found: tuple[str, ...]

    def __str__(self) -> str:
        return f"contract {self.name}: " + (f"several sources: {', '.join(self.found)}" if self.found else "no source")


@dataclass(eq=False)
class ContractNotCompiled(L1Error):
    """The compiler refuses a contract."""

    name: str
    detail: str

    def __str__(self) -> str:
        return f"contract {self.name} does not compile: {self.detail}"


@dataclass(eq=False)
class DeploymentRefused(L1Error):
    """A deployment plan that must not be carried out; nothing was sent."""

    reason: str

    def __str__(self) -> str:
        return f"the deployment is refused: {self.reason}"


@dataclass(eq=False)
class DeploymentInterrupted(L1Error):
    """A deployment stopped half-way. What exists is named; a bridge address is spent with its deployer's nonce."""

    chain: str
    step: str
    deployed: tuple[str, ...]
    detail: str

    def __str__(self) -> str:
        done = ", ".join(self.deployed) or "nothing yet"
        return f"{self.chain}: deployment stopped at {self.step} ({self.detail}); deployed so far: {done}"


@dataclass(eq=False)
class AnvilFailed(ToolError):
    """A local chain did not start."""

    chain: str
    detail: str

    def __str__(self) -> str:
        return f"anvil for {self.chain} did not start: {self.detail}"


# -- tools ---------------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class ToolMissing(ToolError):
    """A program or package is not where it should be."""

    name: str

    def __str__(self) -> str:
        return f"{self.name} is not installed; run `zklink setup`"


@dataclass(eq=False)
class ToolFailed(ToolError):
    """A program ended with an error."""

    name: str
    output: str

    def __str__(self) -> str:
        return f"{self.name} failed: {self.output.strip()}"


# -- prover --------------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class CircuitSourceInvalid(ProverError):
    """A circuit's sources are incomplete."""

    circuit: str
    reason: str

    def __str__(self) -> str:
        return f"circuit {self.circuit}: {self.reason}"


@dataclass(eq=False)
class CircuitCompileFailed(ProverError):
    """The circuit compiler refused a circuit."""

    circuit: str
    output: str

    def __str__(self) -> str:
        return f"circuit {self.circuit} does not compile: {self.output}"


@dataclass(eq=False)
class WitnessInputInvalid(ProverError):
    """An input signal is unknown, missing, of the wrong size or not a field element."""

    circuit: str
    signal: str
    reason: str

    def __str__(self) -> str:
        return f"circuit {self.circuit}, input {self.signal}: {self.reason}"


@dataclass(eq=False)
class WitnessUnsatisfied(ProverError):
    """The inputs do not satisfy the circuit: a constraint or an assertion failed."""

    circuit: str
    message: str

    def __str__(self) -> str:
        return f"the inputs do not satisfy circuit {self.circuit}: {self.message}"


@dataclass(eq=False)
class VerificationKeyInvalid(ProverError):
    """A verification key is malformed or unsafe."""

    reason: str

    def __str__(self) -> str:
        return f"verification key: {self.reason}"


@dataclass(eq=False)
class ConstraintSystemInvalid(ProverError):
    """An .r1cs file is malformed or of another field."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


@dataclass(eq=False)
class ProofMalformed(ProverError):
    """A proof is not eight coordinates of the base field."""

    reason: str

    def __str__(self) -> str:
        return f"proof: {self.reason}"


@dataclass(eq=False)
class ProofRejected(ProverError):
    """A prover made a proof that does not verify; it must not be sent."""

    circuit: str
    prover: str

    def __str__(self) -> str:
        return f"{self.prover} made a proof of {self.circuit} that does not verify"


# -- sequencing ----------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class RequestOutOfOrder(StateError):
    """A request was given to the mempool before an earlier one of its chain, or differs from the one it holds."""

    chain: int
    expected: int
    found: int

    def __str__(self) -> str:
        return f"chain {self.chain}: request {self.found} where {self.expected} is next"


@dataclass(eq=False)
class NoSuchTransition(StateError):
    """A block cannot take this step from the status it has."""

    status: str
    step: str

    def __str__(self) -> str:
        return f"a {self.status} block cannot {self.step}"


@dataclass(eq=False)
class NothingToSeal(StateError):
    """No confirmed request waits, or the next block of an earlier run waits for requests that are not confirmed yet."""

    def __str__(self) -> str:
        return "no confirmed request is waiting"


@dataclass(eq=False)
class UnknownBlock(StateError):
    """No block with this number is sealed."""

    number: int
    height: int

    def __str__(self) -> str:
        return f"block {self.number} is not sealed; the last one is {self.height}"


@dataclass(eq=False)
class JournalBroken(StateError):
    """A line of the sequencer's journal cannot be read."""

    line: int
    detail: str

    def __str__(self) -> str:
        return f"journal, line {self.line}: {self.detail}"


@dataclass(eq=False)
class JournalOutdated(StateError):
    """A request is no longer what it was when a block of an earlier run was sealed: that block and all after it are
    given up.
    """

    number: int

    def __str__(self) -> str:
        return f"a request of block {self.number} changed while the node was down"


@dataclass(eq=False)
class HistoryDiverged(StateError):
    """An accepted block is not the one sealed here, or the chain no longer has its requests; nothing can be sent on
    top of it.
    """

    chain: int
    number: int

    def __str__(self) -> str:
        return f"chain {self.chain} and the accepted block {self.number} sealed here do not agree"


# -- state ---------------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class TokenOutOfRange(StateError):
    """A token id has no place in the token tree of this preset."""

    token_id: int
    limit: int

    def __str__(self) -> str:
        return f"token {self.token_id} is not in 0..{self.limit - 1}"


@dataclass(eq=False)
class NotAPool(StateError):
    """A pool is between two different tokens, the lower id first."""

    lower: int
    higher: int

    def __str__(self) -> str:
        return f"({self.lower}, {self.higher}) is not a pair of ascending token ids"


@dataclass(eq=False)
class AmountOutOfRange(StateError):
    """A reserve, fee or supply left the range of an amount, or a pool fee its own."""

    what: str
    value: int
    limit: int

    def __str__(self) -> str:
        return f"{self.what} = {self.value} is not in 0..{self.limit - 1}"


@dataclass(eq=False)
class WrongReserveCount(StateError):
    """A token row has one reserve for each of the MAX_CHAINS chains."""

    expected: int
    count: int

    def __str__(self) -> str:
        return f"a token row has {self.expected} reserves, not {self.count}"


@dataclass(eq=False)
class ConservationBroken(StateError):
    """What the chains hold of a token is not what the state owes (SOL-2)."""

    token_id: int
    held: int
    owed: int

    def __str__(self) -> str:
        return f"token {self.token_id}: the chains hold {self.held}, the state owes {self.owed}"


@dataclass(eq=False)
class GenesisInvalid(StateError):
    """A genesis that no deployment can start from."""

    reason: str

    def __str__(self) -> str:
        return f"genesis: {self.reason}"


@dataclass(eq=False)
class InadmissibleRequest(StateError):
    """A request that no bridge admits, so no block can contain it."""

    source: int
    request_id: int
    reason: str

    def __str__(self) -> str:
        return f"request {self.request_id} of chain {self.source}: {self.reason}"


@dataclass(eq=False)
class BlockFull(StateError):
    """The requests need more slots, token rows or pools than a block of this preset has."""

    what: str
    needed: int
    available: int

    def __str__(self) -> str:
        return f"the block needs {self.needed} {self.what} and has {self.available}"


# -- sync ----------------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class NotFinal(StateError):
    """A committee member was asked to sign something that it has not itself seen accepted and final."""

    chain: int
    number: int

    def __str__(self) -> str:
        return f"chain {self.chain} has not been seen to accept this block {self.number} for good"


@dataclass(eq=False)
class ConflictingAcceptance(StateError):
    """A chain shows two different acceptances of one block number: a reorganisation deeper than the confirmations."""

    chain: int
    number: int

    def __str__(self) -> str:
        return f"chain {self.chain} has accepted two different blocks {self.number}"


@dataclass(eq=False)
class QuorumMissing(StateError):
    """Fewer members than the threshold sign a message."""

    chain: int
    number: int
    signatures: int
    threshold: int

    def __str__(self) -> str:
        return f"chain {self.chain}, block {self.number}: {self.signatures} of {self.threshold} signatures"


# -- demo ----------------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class TapeInvalid(ToolError):
    """A tape of swaps cannot be read."""

    line: int
    detail: str

    def __str__(self) -> str:
        return f"tape, line {self.line}: {self.detail}"
