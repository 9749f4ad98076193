"""Errors of the sequencer: of blocks that it builds, journals and sends, and of operations that it does not take."""

from dataclasses import dataclass

from zklink.protocol.errors.base import OperationError, StateError


@dataclass(eq=False)
class RequestOutOfOrder(StateError):
    """A request came to the request queue before an earlier one of its chain, or differs from the one there."""

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
    """Nothing waits, or the next block of an earlier run waits for requests that are not confirmed yet."""

    def __str__(self) -> str:
        return "no confirmed request and no signed operation is waiting"


@dataclass(eq=False)
class UnknownBlock(StateError):
    """No block with this number is sealed."""

    number: int
    height: int

    def __str__(self) -> str:
        return f"block {self.number} is not sealed; the last one is {self.height}"


@dataclass(eq=False)
class JournalOutdated(StateError):
    """A request changed after a block of an earlier run was sealed with it; that block and all later ones are
    dropped.
    Do: Nothing: the node seals the block and those after it anew.
    """

    number: int

    def __str__(self) -> str:
        return f"a request of block {self.number} changed while the node was down"


@dataclass(eq=False)
class HistoryDiverged(StateError):
    """An accepted block is not the one sealed here, or a chain no longer has its requests; nothing can be sent on
    top of it.
    Do: Check the journal, the deployment file and the chain's node. If all are right, a chain has taken back what
    another has accepted: nothing can be built on it, and owners leave by exodus.
    """

    chain: int
    number: int

    def __str__(self) -> str:
        return f"chain {self.chain} and the accepted block {self.number} sealed here do not agree"


@dataclass(eq=False)
class UnknownChain(OperationError):
    """An operation names a chain that the deployment does not have: no block with it could be accepted.
    Do: Use one of `chains`.
    """

    chain: int
    chains: tuple[int, ...]

    def __str__(self) -> str:
        return f"there is no chain {self.chain}: the deployment's are {', '.join(map(str, self.chains))}"


@dataclass(eq=False)
class RecipientFormatInvalid(OperationError):
    """A payout would go to a recipient that is not an address of its chain.
    Do: Write the recipient as an address of its chain: 12 zero bytes, then the EVM address.
    """

    chain: int
    recipient: bytes

    def __str__(self) -> str:
        form = "12 zero bytes, then 20 that are not all zero"
        return f"0x{self.recipient.hex()} is not an address on chain {self.chain}, which is {form}"


@dataclass(eq=False)
class RecipientIsBridge(OperationError):
    """A payout would go to the bridge of its own chain, where nobody could ever take it out; the primary refuses it.
    Do: Name another recipient.
    """

    chain: int
    recipient: bytes

    def __str__(self) -> str:
        return f"0x{self.recipient.hex()} is the bridge of chain {self.chain}"


@dataclass(eq=False)
class ConsentMissing(OperationError):
    """A new key without its owner's consent: no block with it could be accepted.
    Do: Let the owner sign for this key and nonce.
    """

    account: int
    nonce: int
    chain: int
    owner: bytes

    def __str__(self) -> str:
        return f"account {self.account}: owner 0x{self.owner.hex()} has not signed for this key and nonce {self.nonce}"


@dataclass(eq=False)
class KeyChangeElsewhere(OperationError):
    """A change of key names a chain other than the primary, where alone consents to new keys are shown.
    Do: Sign it for chain `primary`.
    """

    chain: int
    primary: int

    def __str__(self) -> str:
        return f"a change of key names chain {self.chain}: consents are shown on chain {self.primary}"


@dataclass(eq=False)
class AlreadyPending(OperationError):
    """The same operation already waits for a block.
    Do: Nothing: it waits for its block.
    """

    id: bytes

    def __str__(self) -> str:
        return f"operation 0x{self.id.hex()} is waiting already"


@dataclass(eq=False)
class QueueFull(OperationError):
    """Too many operations wait, of one account or of all.
    Do: Try again when some are sealed.
    """

    what: str
    limit: int

    def __str__(self) -> str:
        return f"{self.limit} operations of {self.what} are waiting: try again when some are sealed"


@dataclass(eq=False)
class SequencerReplaying(OperationError):
    """The sequencer is sealing the blocks of an earlier run again and does not know the present state yet.
    Do: Try again later.
    """

    height: int

    def __str__(self) -> str:
        return f"the blocks of an earlier run are being sealed again, {self.height} so far: try again later"


@dataclass(eq=False)
class MalformedOperation(OperationError):
    """The data that was handed in is not a signed operation.
    Do: Write the operation in the form of `schema/operations.py`.
    """

    detail: str

    def __str__(self) -> str:
        return f"not a signed operation: {self.detail}"


@dataclass(eq=False)
class FeeTooLow(OperationError):
    """An operation pays less than the operator's least fee; `least` can be packed. For an order, `fee` is the fee that
    it pays when it is filled in full.
    Do: Sign again with a fee of `least`.
    """

    operation: str
    fee: int
    token: int
    least: int

    def __str__(self) -> str:
        return f"{self.operation}: a fee of {self.fee} of token {self.token} is too low; the least is {self.least}"


@dataclass(eq=False)
class FeeTokenRefused(OperationError):
    """A fee in a token that the operator has no price for.
    Do: Pay the fee in one of `tokens`.
    """

    token: int
    tokens: tuple[int, ...]

    def __str__(self) -> str:
        return f"fees are not taken in token {self.token}, but in tokens {', '.join(map(str, self.tokens))}"


@dataclass(eq=False)
class MatchFeesTooLow(OperationError):
    """Maker and taker together do not pay for the order slot. The maker sells token a.
    Do: Match orders with higher fee rates, or larger amounts of them.
    """

    fee_a: int
    token_a: int
    least_a: int
    fee_b: int
    token_b: int
    least_b: int

    def __str__(self) -> str:
        return (
            f"fees of {self.fee_a} of token {self.token_a} and {self.fee_b} of token {self.token_b} do not pay for a"
            f" match: {self.least_a} of token {self.token_a} or {self.least_b} of token {self.token_b} would"
        )


@dataclass(eq=False)
class PoolCreationReserved(OperationError):
    """Only the operator's account creates pools here.
    Do: Ask the operator to create the pool.
    """

    account: int
    operator: int

    def __str__(self) -> str:
        return f"account {self.account} cannot create pools here: only account {self.operator} can"


@dataclass(eq=False)
class PoolTokenUnknown(OperationError):
    """A pool of a token that the deployment does not have.
    Do: Use one of `tokens`.
    """

    token: int
    tokens: tuple[int, ...]

    def __str__(self) -> str:
        return f"the deployment has no token {self.token}: its tokens are {', '.join(map(str, self.tokens))}"


@dataclass(eq=False)
class CheckpointRefused(StateError):
    """A checkpoint is damaged, or not of this history: the node goes on without it.
    Do: Nothing: the node uses an older one, or seals the blocks of its journal again, which takes longer.
    """

    reason: str

    def __str__(self) -> str:
        return f"the checkpoint does not hold: {self.reason}"
