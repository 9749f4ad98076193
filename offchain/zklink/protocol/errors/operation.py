"""Signed operations that the state does not allow: each error says how to mend the operation (docs/protocol.md, section
5).
"""

from dataclasses import dataclass

from zklink.protocol.errors.base import OperationError


@dataclass(eq=False)
class SignatureInvalid(OperationError):
    """The signature does not hold for this operation, key and domain.
    Do: Sign again with the account's key, for the domain of this deployment.
    """

    account: int

    def __str__(self) -> str:
        return f"account {self.account}: the signature does not hold for this operation, public key and deployment"


@dataclass(eq=False)
class WrongKey(OperationError):
    """The operation is signed by another key than the account's.
    Do: Sign with the account's present key, or set one with a change of key.
    """

    account: int
    expected: int
    found: int

    def __str__(self) -> str:
        if not self.expected:
            return f"account {self.account} has no public key yet: set one with a change of public key"
        return f"account {self.account} has public key hash {self.expected:#x}, the signature's is {self.found:#x}"


@dataclass(eq=False)
class WrongNonce(OperationError):
    """An operation carries another nonce than the account's next one.
    Do: Sign again with the nonce `expected`.
    """

    account: int
    expected: int
    nonce: int

    def __str__(self) -> str:
        return f"account {self.account}: nonce {self.nonce} where {self.expected} is next"


@dataclass(eq=False)
class NonceExhausted(OperationError):
    """An account's nonce cannot grow any more.
    Do: Leave the account with a full exit on L1.
    """

    account: int
    limit: int

    def __str__(self) -> str:
        return f"account {self.account} has used all of its {self.limit} nonces: use another account"


@dataclass(eq=False)
class OperationExpired(OperationError):
    """The block is later than the operation's `valid_until`.
    Do: Sign again with a later `valid_until`.
    """

    account: int
    valid_until: int
    timestamp: int

    def __str__(self) -> str:
        late = self.timestamp - self.valid_until
        until = f"the operation was valid until {self.valid_until}"
        return f"account {self.account}: {until}, {late} seconds before {self.timestamp}"


@dataclass(eq=False)
class BalanceTooSmall(OperationError):
    """An account's balance is smaller than the amount that an operation takes.
    Do: Ask for less, or deposit what is missing.
    """

    account: int
    token: int
    balance: int
    needed: int

    def __str__(self) -> str:
        missing = self.needed - self.balance
        return (
            f"account {self.account} has {self.balance} of token {self.token} and needs {self.needed}: {missing} more"
        )


@dataclass(eq=False)
class BalanceOverflow(OperationError):
    """A balance, reserve or supply would no longer be an amount.
    Do: Ask for less.
    """

    what: str
    value: int
    limit: int

    def __str__(self) -> str:
        return f"{self.what} would be {self.value}, which is not below {self.limit}"


@dataclass(eq=False)
class ReserveTooSmall(OperationError):
    """A chain's reserve is smaller than the amount that an operation would pay there.
    Do: Ask for less, choose another chain, or wait until the chain's reserve has grown.
    """

    chain: int
    token: int
    reserve: int
    needed: int

    def __str__(self) -> str:
        return f"chain {self.chain} holds {self.reserve} of token {self.token}, not {self.needed}: use another chain"


@dataclass(eq=False)
class FeesTooSmall(OperationError):
    """More fees are claimed than have accrued.
    Do: Claim at most `accrued`.
    """

    token: int
    accrued: int
    claimed: int

    def __str__(self) -> str:
        return f"{self.accrued} of token {self.token} has accrued in fees, not {self.claimed}"


@dataclass(eq=False)
class FeeNotPackable(OperationError):
    """A fee cannot be written with 11 bits and a power of ten; the nearest that can are given (0 <= below < above).
    Do: Use the fee `above`, or `below` if it suffices.
    """

    fee: int
    below: int
    above: int | None

    def __str__(self) -> str:
        nearest = f"{self.below}" if self.above is None else f"{self.below} or {self.above}"
        return f"fee {self.fee} cannot be packed; the nearest that can: {nearest}"


@dataclass(eq=False)
class FieldInvalid(OperationError):
    """A field of an operation has a value that is never valid.
    Do: Put a value into the field that `required` describes.
    """

    operation: str
    field: str
    value: int | bytes
    required: str

    def __str__(self) -> str:
        value = self.value.hex() if isinstance(self.value, bytes) else self.value
        return f"{self.operation}: {self.field} is {value} and must be {self.required}"


@dataclass(eq=False)
class NoSuchToken(OperationError):
    """A token id that cannot be used here.
    Do: Use a token id of the deployment file.
    """

    token: int
    lowest: int
    limit: int

    def __str__(self) -> str:
        return f"token {self.token} cannot be used here: ids are {self.lowest}..{self.limit - 1}"


@dataclass(eq=False)
class NoSuchAccount(OperationError):
    """No account has this id.
    Do: Use an account that exists; ask for the owner's account by its address.
    """

    account: int

    def __str__(self) -> str:
        return f"account {self.account} does not exist: a deposit or a transfer to its owner creates one"


@dataclass(eq=False)
class AccountsExhausted(OperationError):
    """The account tree of this preset is full.
    Do: Send to an owner who has an account already.
    """

    limit: int

    def __str__(self) -> str:
        return f"all {self.limit} accounts are in use: pay an owner who already has one"


@dataclass(eq=False)
class TargetHasKey(OperationError):
    """A forced exit of an account whose owner holds a key and can withdraw.
    Do: Leave it to the owner, who can withdraw.
    """

    target: int

    def __str__(self) -> str:
        return f"account {self.target} has a public key: others can force an exit only of an account without one"


@dataclass(eq=False)
class OwnerNotKnown(OperationError):
    """A forced exit to a chain on which the owner has never acted for the account.
    Do: Let the owner deposit for itself or ask for a full exit on that chain, or choose a chain where it has.
    """

    account: int
    chain: int
    owner: bytes

    def __str__(self) -> str:
        return (
            f"account {self.account}: owner 0x{self.owner.hex()} has not acted for it on chain {self.chain}, so nobody"
            " else can have the account paid out there; the owner can deposit there for itself once, or ask for a full"
            " exit"
        )


@dataclass(eq=False)
class NoAccountYet(OperationError):
    """An owner has no account on layer 2.
    Do: Deposit first, or let somebody transfer to the owner.
    """

    owner: str

    def __str__(self) -> str:
        return f"{self.owner} has no account yet: a deposit or a transfer to it creates one"
