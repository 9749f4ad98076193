"""Chains, tokens, pools, and whom a user has to trust, as the API shows them."""

from typing import Annotated, Literal

from msgspec import Meta

from zklink.schema.api.scalars import (
    AccountNumber,
    Address,
    Answer,
    BlockId,
    Bytes32,
    Caip2,
    Caip10,
    Caip19,
    ChainNumber,
    Seconds,
    TokenNumber,
    Units,
)

Status = Annotated[
    Literal["live", "frozen", "unknown"],
    Meta(description="frozen: it takes no requests any more. unknown: the node has not heard from it yet."),
]


class ChainInfo(Answer):
    """One chain of the deployment, and how far it is."""

    chain: ChainNumber
    caip2: Caip2
    name: str
    native_symbol: str
    native_asset: Caip19
    is_primary: Annotated[bool, Meta(description="Whether it accepts blocks; every other one imports them.")]
    status: Status
    confirmations: Annotated[
        int, Meta(description="Blocks until an event counts. 1 on Solana: what is finalized counts.")
    ]
    block_time_ms: int
    head_block: int | None
    head_timestamp: Seconds | None
    accepted_block: Annotated[BlockId, Meta(description="The last block of layer 2 that it has accepted or imported.")]
    executed_block: Annotated[BlockId, Meta(description="The last one up to which it has paid everything.")]
    contracts: Annotated[
        dict[str, Address],
        Meta(
            description="The deployment's contracts there by name, or program and bridge. `entry` and `resolver` stand"
            " beside the bridge, and nothing vouches for them but their code on the chain."
        ),
    ]
    address_format: Annotated[
        int, Meta(description="1: addresses of 20 bytes, an EVM chain. 2: of 32 bytes, Solana.")
    ] = 1
    genesis: Annotated[
        str, Meta(description="Its number in the chain table: the EIP-155 id, or the hash of the cluster's genesis.")
    ] = ""


class Chains(Answer):
    """All chains, ascending by id."""

    chains: list[ChainInfo]


class TokenContract(Answer):
    """A token on one chain. `minimum` and `cap` are the present ones if the node has asked the chain, else those of
    the deployment.
    """

    chain: ChainNumber
    asset: Caip19
    address: Address
    is_native: bool
    is_paused: bool | None
    l1_per_unit: Annotated[Units, Meta(description="L1 units that make one layer-2 unit; 0 while unknown.")]
    minimum: Annotated[Units, Meta(description="The smallest swap or deposit, in layer-2 units.")]
    cap: Annotated[Units, Meta(description="The most that the bridge holds, in layer-2 units.")]


class TokenInfo(Answer):
    """One layer-2 token."""

    token: TokenNumber
    asset: Annotated[Caip19, Meta(description="The token on layer 2.")]
    symbol: str
    decimals: Annotated[int, Meta(description="Decimals of a layer-2 unit.")]
    contracts: list[TokenContract]


class Tokens(Answer):
    """All tokens, ascending by id."""

    tokens: list[TokenInfo]


class PoolInfo(Answer):
    """A pool of constant product, after the last sealed block."""

    token_a: TokenNumber
    token_b: TokenNumber
    reserve_a: Units
    reserve_b: Units
    fee_bps: Annotated[int, Meta(description="In 1/10,000 of the amount in.")]
    share_token: TokenNumber
    shares: Units


class Pools(Answer):
    """All pools, ascending by their tokens."""

    block: BlockId
    pools: list[PoolInfo]


class Deployment(Answer):
    """What a client needs to sign for this deployment and to find it."""

    deployment_hash: Bytes32
    account_domain: Annotated[Units, Meta(description="What every signature of an account is bound to.")]
    primary: ChainNumber
    preset: Annotated[str, Meta(description="The size of the circuits.")]
    token_limit: Annotated[int, Meta(description="Token ids are below it.")]
    account_limit: Annotated[int, Meta(description="Account ids are below it.")]
    genesis_root: Annotated[Units, Meta(description="The state root of block 0.")]
    operator_account: Annotated[Caip10, Meta(description="Account 0, which claims the fees.")]
    fee_tokens: list[TokenNumber]


class NodeStatus(Answer):
    """The node itself."""

    is_ready: Annotated[bool, Meta(description="Whether it quotes: every chain was read, no block is repeated.")]
    is_devnet: Annotated[bool, Meta(description="The laboratory: keys that everybody knows, a faucet, no real value.")]
    is_frozen: Annotated[bool, Meta(description="A chain has frozen: nothing more is sealed.")]
    block: Annotated[BlockId, Meta(description="The last sealed block.")]
    timestamp: Annotated[Seconds, Meta(description="The primary chain's time, as far as known.")]
    waiting_operations: int
    resting_orders: int


class GroupInfo(Answer):
    """Validators or watchers: who they are, and how many must sign."""

    members: list[Address]
    threshold: int
    is_live: Annotated[bool, Meta(description="Whether the primary was asked; else it is the deployment's word.")]
    coming: Annotated[list[Address], Meta(description="Members that the governor has announced; empty for none.")]
    coming_from: Annotated[Seconds | None, Meta(description="When those can have a word at the earliest.")]


class Trust(Answer):
    """Whom and what a user relies on, as it is now."""

    deployment_hash: Bytes32
    verification_keys: Annotated[dict[str, Bytes32], Meta(description="Hash of each circuit's key.")]
    has_development_keys: Annotated[
        bool,
        Meta(description="Anybody can forge proofs, by the word of the primary's verifiers."),
    ]
    validators: GroupInfo
    watchers: GroupInfo
    governor: Address
    confirmations: Annotated[dict[str, int], Meta(description="By chain id.")]
    caps: Annotated[dict[str, dict[str, Units]], Meta(description="By token id, by chain id: the most a bridge holds.")]
    freeze_after_seconds: Annotated[int, Meta(description="A request that waits so long lets anybody call a freeze.")]
    freeze_delay_seconds: Annotated[int, Meta(description="From that call to the freeze.")]
    silence_seconds: Annotated[int, Meta(description="Without a block for so long the primary accepts nothing more.")]
    group_delay_seconds: Annotated[int, Meta(description="From the announcement of members to their word.")]
    is_audited: bool


class HoldingInfo(Answer):
    """A bridge's books for one token: SOL-1 says that `surplus` is never below zero."""

    chain: ChainNumber
    asset: Caip19
    balance: Annotated[Units, Meta(description="What the bridge holds, in L1 units.")]
    pending: Annotated[Units, Meta(description="What it owes to owners who have not pulled it, in L1 units.")]
    door_fees: Annotated[Units, Meta(description="What its doors have taken in the chain's own coin; 0 for others.")]
    custody: Annotated[Units, Meta(description="Reserve and open requests, in layer-2 units.")]
    reserve: Annotated[Units, Meta(description="The reserve in the state after the last sealed block, layer-2 units.")]
    surplus: Annotated[str, Meta(description="balance - pending - door_fees - custody, in L1 units.", examples=["0"])]
    is_solvent: bool
    at_block: Annotated[int, Meta(description="The chain's block at which its bridge was asked.")]


class TokenReserves(Answer):
    """One token over all chains, in layer-2 units: SOL-2 says that reserves = accounts + pools + fees."""

    token: TokenNumber
    reserves: Units
    pools: Units
    fees: Units
    accounts: Annotated[Units, Meta(description="What accounts hold: the rest, by the proof of every block.")]
    holdings: Annotated[list[HoldingInfo], Meta(description="As the chains say; a chain not asked yet is missing.")]


class Solvency(Answer):
    """Reserves and liabilities."""

    block: BlockId
    is_solvent: Annotated[bool, Meta(description="Whether every bridge that was asked holds what it owes.")]
    tokens: list[TokenReserves]


class AccountRef(Answer):
    """An account by its place."""

    account: AccountNumber
    caip10: Caip10
