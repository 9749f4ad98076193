"""Signed operations that the state does not allow: each error says how to mend the operation (docs/protocol.md, section
5).
"""

from dataclasses import dataclass

from zklink.protocol.errors.base import OperationError


@dataclass(eq=False)
class SignatureInvalid(OperationError):
    """The signature does not hold for this operation, key and domain."""

    account: int

    def __str__(self) -> str:
        return f"account {self.account}: the signature does not hold for this operation, public key and deployment"


@dataclass(eq=False)
class WrongKey(OperationError):
    """The operation is signed by another key than the account's."""

    account: int
    expected: int
    found: int

    def __str__(self) -> str:
        if not self.expected:
            return f"account {self.account} has no public key yet: set one with a change of public key"
        return f"account {self.account} has public key hash {self.expected:#x}, the signature's is {self.found:#x}"


@dataclass(eq=False)
class WrongNonce(OperationError):
    """An operation carries another nonce than the account's next one."""

    account: int
    expected: int
    nonce: int

    def __str__(self) -> str:
        return f"account {self.account}: nonce {self.nonce} where {self.expected} is next"


@dataclass(eq=False)
class NonceExhausted(OperationError):
    """An account's nonce cannot grow any more."""

    account: int
    limit: int

    def __str__(self) -> str:
        return f"account {self.account} has used all of its {self.limit} nonces: use another account"


@dataclass(eq=False)
class OperationExpired(OperationError):
    """The block is later than the operation's `valid_until`."""

    account: int
    valid_until: int
    timestamp: int

    def __str__(self) -> str:
        late = self.timestamp - self.valid_until
        until = f"the operation was valid until {self.valid_until}"
        return f"account {self.account}: {until}, {late} seconds before {self.timestamp}"


@dataclass(eq=False)
class BalanceTooSmall(OperationError):
    """An account's balance is smaller than the amount that an operation takes."""

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
    """A balance, reserve or supply would no longer be an amount."""

    what: str
    value: int
    limit: int

    def __str__(self) -> str:
        return f"{self.what} would be {self.value}, which is not below {self.limit}"


@dataclass(eq=False)
class ReserveTooSmall(OperationError):
    """A chain's reserve is smaller than the amount that an operation would pay there."""

    chain: int
    token: int
    reserve: int
    needed: int

    def __str__(self) -> str:
        return f"chain {self.chain} holds {self.reserve} of token {self.token}, not {self.needed}: use another chain"


@dataclass(eq=False)
class FeesTooSmall(OperationError):
    """More fees are claimed than have accrued."""

    token: int
    accrued: int
    claimed: int

    def __str__(self) -> str:
        return f"{self.accrued} of token {self.token} has accrued in fees, not {self.claimed}"


@dataclass(eq=False)
class FeeNotPackable(OperationError):
    """A fee cannot be written with 11 bits and a power of ten; the nearest that can are given (0 <= below < above)."""

    fee: int
    below: int
    above: int | None

    def __str__(self) -> str:
        nearest = f"{self.below}" if self.above is None else f"{self.below} or {self.above}"
        return f"fee {self.fee} cannot be packed; the nearest that can: {nearest}"


@dataclass(eq=False)
class FieldInvalid(OperationError):
    """A field of an operation has a value that is never valid."""

    operation: str
    field: str
    value: int | bytes
    required: str

    def __str__(self) -> str:
        value = self.value.hex() if isinstance(self.value, bytes) else self.value
        return f"{self.operation}: {self.field} is {value} and must be {self.required}"


@dataclass(eq=False)
class NoSuchToken(OperationError):
    """A token id that cannot be used here."""

    token: int
    lowest: int
    limit: int

    def __str__(self) -> str:
        return f"token {self.token} cannot be used here: ids are {self.lowest}..{self.limit - 1}"


@dataclass(eq=False)
class NoSuchAccount(OperationError):
    """No account has this id."""

    account: int

    def __str__(self) -> str:
        return f"account {self.account} does not exist: a deposit or a transfer to its owner creates one"


@dataclass(eq=False)
class AccountsExhausted(OperationError):
    """The account tree of this preset is full."""

    limit: int

    def __str__(self) -> str:
        return f"all {self.limit} accounts are in use: pay an owner who already has one"


@dataclass(eq=False)
class TargetHasKey(OperationError):
    """A forced exit of an account whose owner holds a key and can withdraw."""

    target: int

    def __str__(self) -> str:
        return f"account {self.target} has a public key: others can force an exit only of an account without one"


@dataclass(eq=False)
class NoAccountYet(OperationError):
    """An owner has no account on layer 2."""

    owner: str

    def __str__(self) -> str:
        return f"{self.owner} has no account yet: a deposit or a transfer to it creates one"
