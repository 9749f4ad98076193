"""What a client finds before it sends, and while it waits. Nothing was sent unless a class says so."""

from dataclasses import dataclass

from zklink.protocol.errors.base import ClientError


@dataclass(eq=False)
class QuoteUntrue(ClientError):
    """A node's quote is not what the rule of a swap gives for the reserves that the node publishes, better or worse.
    Do: Do not use this node. Ask another one of the deployment, and report this one.
    """

    what: str
    said: str
    computed: str

    def __str__(self) -> str:
        return f"the node's quote is untrue: {self.what} is {self.said}, and by the rule it is {self.computed}"


@dataclass(eq=False)
class QuotesUnsteady(ClientError):
    """The pools changed between every quote and the reserves that were read to check it.
    Do: Ask again.
    """

    attempts: int

    def __str__(self) -> str:
        return f"{self.attempts} quotes in turn were for other reserves than the node published: ask again"


@dataclass(eq=False)
class SwapImpossible(ClientError):
    """A swap that would be refused or refunded now; `why_not` is the quote's word for it.
    Do: Change what `why_not` names: amount, token, chain or limit.
    """

    why_not: str
    explanation: str

    def __str__(self) -> str:
        return f"this swap is not possible now ({self.why_not}): {self.explanation}"


@dataclass(eq=False)
class AddressUnfit(ClientError):
    """A text is no address of the chain that it is for.
    Do: Give an address of that chain: base58 on Solana, 0x and 40 digits elsewhere. A wallet's own address serves its
    own kind of chain alone: name a recipient for another one.
    """

    chain: str
    address: str

    def __str__(self) -> str:
        return f"{self.address} is no address on {self.chain}: name a recipient that has one there"


@dataclass(eq=False)
class WalletUnfit(ClientError):
    """A wallet has no account on the chain that a request starts from.
    Do: Use a `SolanaWallet` for requests on Solana, and a `Wallet` for the others.
    """

    chain: str
    address: str

    def __str__(self) -> str:
        return f"the wallet of {self.address} has no account on {self.chain}: use one of that chain's kind"


@dataclass(eq=False)
class DeploymentUntrue(ClientError):
    """The chains, bridges and keys that a node publishes are not those of the deployment that the client expects, or
    that the node names.
    Do: Do not use this node. Compare the deployment hash with the one that the operator publishes elsewhere.
    """

    expected: bytes
    computed: bytes

    def __str__(self) -> str:
        return f"what the node publishes is deployment 0x{self.computed.hex()}, not 0x{self.expected.hex()}"


@dataclass(eq=False)
class ContractUntrue(ClientError):
    """A chain's own contracts contradict what a node says of them: the address of a bridge, or of a token.
    Do: Do not use this node, and send nothing to the address that it names.
    """

    chain: str
    what: str
    said: str
    found: str

    def __str__(self) -> str:
        return f"{self.chain}: the node says that {self.what} is {self.said}, and the chain says {self.found}"


@dataclass(eq=False)
class ReceiptUntrue(ClientError):
    """A node says that money has arrived, and the chain's receipt does not show it.
    Do: Do not believe this node: look the transaction up at the chain, and ask another node.
    """

    chain: str
    tx_hash: bytes
    detail: str

    def __str__(self) -> str:
        return f"{self.chain}: the receipt of 0x{self.tx_hash.hex()} does not show what the node says: {self.detail}"


@dataclass(eq=False)
class NodeOfChainMissing(ClientError):
    """The client has no address of a node of this chain, and must ask the chain itself.
    Do: Give one: `Client(url, rpc={"NAME": "https://.."})`.
    """

    chain: str

    def __str__(self) -> str:
        return (
            f'no node of {self.chain} is known: give its address as Client(url, rpc={{"{self.chain}": "https://.."}})'
        )


@dataclass(eq=False)
class NameUnknown(ClientError):
    """No chain or token has this name or id, or more than one has; `known` are those that there are.
    Do: Use one of `known`, or its id.
    """

    kind: str
    name: str
    known: str

    def __str__(self) -> str:
        return f"no single {self.kind} is named {self.name}; there are {self.known}"


@dataclass(eq=False)
class AmountRefused(ClientError):
    """A text is no amount of the token: it has too many decimals, or is no positive number.
    Do: Give a number of tokens such as "12.5", or an int of layer-2 units.
    """

    text: str
    symbol: str
    decimals: int

    def __str__(self) -> str:
        return f"{self.text!r} is no amount of {self.symbol}, which has {self.decimals} decimals on layer 2"


@dataclass(eq=False)
class StillWaiting(ClientError):
    """What was waited for had not happened when the time was over. Whatever was sent goes on.
    Do: Wait again, with `resume` and the hash of the transaction.
    """

    what: str
    seconds: float
    state: str

    def __str__(self) -> str:
        return f"{self.what} was not there after {self.seconds:g} s; it is {self.state}"


@dataclass(eq=False)
class EventsLost(ClientError):
    """Events of a subscription cannot be had any more: the node was started again, or keeps no more of them, or they
    were taken too slowly. `after` is the last one that came.
    Do: Read again what matters, and subscribe anew without `after`.
    """

    after: str

    def __str__(self) -> str:
        return f"events after {self.after or 'the beginning'} are lost: read again what matters"


@dataclass(eq=False)
class EventsNotOffered(ClientError):
    """What answers at a node's address takes no WebSocket, so there are no subscriptions; a proxy may be the cause.
    Do: Have the proxy pass WebSockets on to `/rpc`, or ask the methods of the API now and then.
    """

    host: str
    detail: str

    def __str__(self) -> str:
        return f"{self.host} offers no events: {self.detail}"


@dataclass(eq=False)
class SignerUnfit(ClientError):
    """A signer does not give what was asked of it: another account's signature, or another one each time.
    Do: Use another signer, or give the wallet its layer-2 key as a seed.
    """

    address: str
    reason: str

    def __str__(self) -> str:
        return f"the signer of {self.address} is not fit: {self.reason}"


@dataclass(eq=False)
class ExtraMissing(ClientError):
    """A part of this package that is not installed.
    Do: Install the extra that the message names.
    """

    extra: str
    purpose: str

    def __str__(self) -> str:
        return f"{self.purpose} needs more packages: pip install 'zklink[{self.extra}]'"


@dataclass(eq=False)
class FeeUnfair(ClientError):
    """The fee that a node asks for an operation is more than the caller allows: by default a tenth of what the
    operation moves, or of what the account has of the fee's token. Amounts are layer-2 units.
    Do: Allow as much with `most_fee`, or pay the fee in another token, or ask another node.
    """

    token: int
    fee: int
    most: int

    def __str__(self) -> str:
        return f"the node asks a fee of {self.fee} of token {self.token}, and at most {self.most} is allowed"


@dataclass(eq=False)
class RelayRefused(ClientError):
    """A relayer does not bring a signed order; `code` is one of those of `POST /v1/orders`. What was signed stays good
    until its time is over, but for this relayer alone.
    Do: What `code` names; or send the swap yourself, for the chain's coin.
    """

    code: str
    detail: str

    def __str__(self) -> str:
        return f"the relayer does not bring this order ({self.code}): {self.detail}"


@dataclass(eq=False)
class OrderNotBrought(ClientError):
    """A signed order was handed in, and the chain does not show it yet. It may still be brought until `valid_before`
    (UNIX seconds); after that nobody can.
    Do: Look it up by `order_id` at `GET /v1/orders/{id}`, and sign no other one before `valid_before`.
    """

    chain: str
    order_id: bytes
    valid_before: int
    state: str

    def __str__(self) -> str:
        return (
            f"{self.chain}: order 0x{self.order_id.hex()} is not mined yet ({self.state}); it can be until"
            f" {self.valid_before}"
        )


@dataclass(eq=False)
class RelayFeeHigh(ClientError):
    """A relayer would take more than the caller lets it; both in L1 units of the token. Nothing was signed.
    Do: Swap a larger amount, send the swap yourself, or give `greatest_relayer_fee`.
    """

    fee: int
    greatest: int

    def __str__(self) -> str:
        return f"the relayer takes {self.fee} of the token's units, and at most {self.greatest} may be taken"
