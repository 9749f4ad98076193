"""Who has accounts in the lifetime machine, what they sign with, and the chains they live on."""

from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from eth_keys.datatypes import PrivateKey as EthKey

from tests.support.books.chains import BookedChains, build_chains
from tests.support.compile_vyper import Replacements, load
from tests.support.evm import EvmContract
from tests.support.three_chains import FORTUNE, GOVERNOR, MOST, ROLES, A, C, account_of, actor, actor_key
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.primitives.eddsa import PrivateKey
from zklink.primitives.keccak import keccak256
from zklink.protocol.ids import OPERATOR_ACCOUNT, ChainId
from zklink.protocol.presets import MINIMAL, AccountSlots, Preset
from zklink.protocol.signing import compute_public_key_hash
from zklink.state.state import State

PRESET: Final[Preset] = replace(
    MINIMAL, name="lifetime", account=AccountSlots(ledger=10, pool=3, order=2, token_rows=7, pool_rows=3)
)
"""Trees of preset minimal, with room for more in a block: fewer blocks for the same stories."""

WALLET_CHAIN = C
GENERATIONS = 4
"""How many keys a person has for the layer 2."""


@dataclass(frozen=True)
class Person:
    """An owner: an account of every chain with a key, or a contract wallet on one chain."""

    name: str
    address: str
    key: EthKey | None

    def __str__(self) -> str:
        return self.name

    @property
    def owner(self) -> bytes:
        """The universal address; a contract wallet's is bound to its chain."""
        binding = bytes([WALLET_CHAIN]) if self.key is None else b""
        return binding + universal_address(self.address)[len(binding) :]


def make_person(name: str) -> Person:
    """Somebody with a key."""
    return Person(name, actor(name), EthKey(actor_key(name)))


OPERATOR, ANN, BOB, KEYLESS = map(make_person, ("operator", "ann", "bob", "keyless"))
"""KEYLESS never asks for a layer-2 key."""
SIGNERS: Final = (OPERATOR, ANN, BOB)
NEWCOMERS: Final = tuple(make_person(f"newcomer {i}") for i in range(6))
"""Nobody deposits for them: they come in by a transfer."""


@cache
def layer2_keys(name: str) -> dict[int, PrivateKey]:
    """All keys of a person, by their hash."""
    keys = [PrivateKey.from_seed(keccak256(f"{name} {i}".encode())) for i in range(GENERATIONS)]
    return {compute_public_key_hash(key.public_key): key for key in keys}


@dataclass(frozen=True)
class Stage:
    """The three chains with the contract wallet."""

    chains: BookedChains
    wallet: EvmContract

    @property
    def wallet_person(self) -> Person:
        """The owner that is the wallet."""
        return Person("wallet", self.wallet.address.lower(), None)

    @property
    def people(self) -> dict[bytes, Person]:
        """Everybody by owner."""
        return {person.owner: person for person in (*SIGNERS, KEYLESS, *NEWCOMERS, self.wallet_person)}


def acting_owner(stage: Stage, chain: ChainId, account: str) -> bytes:
    """As which owner an account acts: a contract as the one that is bound to its chain."""
    is_wallet = chain == WALLET_CHAIN and account == stage.wallet.address.lower()
    return stage.wallet_person.owner if is_wallet else universal_address(account)


def genesis_state() -> State:
    """Nothing but the operator's account."""
    state = State(PRESET)
    state.set_owner(OPERATOR_ACCOUNT, OPERATOR.owner)
    return state


def build_stage(replacements: Replacements = ()) -> Stage:
    """A deployment that begins empty; blocks need no proofs, an exit's proof names exactly its statement."""
    chains = build_chains(replacements, "AcceptAllVerifier", genesis_state(), "StatementVerifier")
    here = chains[WALLET_CHAIN]
    wallet = here.evm.deploy(GOVERNOR, load("AdversarialRecipient"))
    ROLES[wallet.address.lower()] = "wallet"
    for one in chains:  # on the other chains the wallet's address is somebody else's
        for account in (*(person.address for person in (*SIGNERS, KEYLESS, *NEWCOMERS)), wallet.address):
            one.evm.fund(account, FORTUNE)
    for contract in filter(None, (site.contract for site in here.sites.values())):
        contract.mint(wallet.address, FORTUNE)
        wallet.act(contract.address, contract.encode("approve", here.bridge.address, MOST), sender=GOVERNOR)
    return Stage(chains, wallet)


def acting_chains(person: Person) -> tuple[ChainId, ...]:
    """Where a person can make requests."""
    return (WALLET_CHAIN,) if person.key is None else (A, C, ChainId(2))


def owner_address(owner: bytes) -> str:
    """The account behind an owner, bound to a chain or not."""
    return account_of(bytes(1) + owner[1:])
