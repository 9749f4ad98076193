"""The operator is dead: the primary freezes for its silence, both groups say END, and Solana opens its exits.

Takes the stage without its node; gives payments. What it reads are the chains, what it asks are the groups' signers,
what it uses are keys of a stranger and of the owner.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from solders.pubkey import Pubkey

from zklink.client.solana_wallet import SolanaWallet
from zklink.client.wallet import Wallet
from zklink.demo.solana.solana_run import Say, show
from zklink.demo.solana.star import Star
from zklink.devnet.solana.member import SOLANA
from zklink.devnet.solana.mints import make_holding
from zklink.devnet.solana.people import key_of
from zklink.devnet.solana.tokens import SOL
from zklink.devnet.tokens import USDC
from zklink.l1.deployment.records import Deployment
from zklink.lab.rpc_http import serve_http
from zklink.protocol.errors import DemoStuck
from zklink.protocol.facts import Accepted, End
from zklink.protocol.ids import DAY, TokenId
from zklink.prover.port import Prover
from zklink.recovery import exits
from zklink.recovery.accepted_history import list_commitments
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.exit_proofs import ExitOrder, prove_exits
from zklink.recovery.groups_asked import GroupsAsked
from zklink.recovery.outcome import Done
from zklink.recovery.primary_steps import freeze_primary
from zklink.solana.client.bridge import SolanaBridge
from zklink.solana.client.ending import Ender, Lead
from zklink.solana.client.importing import Importer
from zklink.solana.client.node import CONFIRMED
from zklink.solana.client.sending import Sender
from zklink.transition.exit import ExitStatement

SILENT_DAYS: Final = 3
BLOCKS_A_DAY: Final = 8
MOST_FEES: Final = 50_000_000
"""Lamports that an owner's exits may cost: transactions, and the rent of their accounts."""


def bring_to_end(star: Star, say: Say) -> int:
    """Days pass without a block; anybody freezes the primary, and the groups' word ends Solana; gives its last block.
    Raises DemoStuck.
    """
    parts, system, stranger = star.node.parts, star.system, star.system.world.roles.stranger
    star.node.close()
    say("the operator is dead; nothing that it kept is used from here on")
    primary = system.world[system.deployment.primary]
    primary.advance_time(SILENT_DAYS * DAY)
    primary.mine(BLOCKS_A_DAY * SILENT_DAYS)
    read = ChainsRead(system.deployment, system.bridges, GroupsAsked(parts.validators, parts.watchers))
    outcome = freeze_primary(read, stranger)
    if not isinstance(outcome, Done):
        raise DemoStuck("the primary's freeze", SILENT_DAYS)
    say(f"{SILENT_DAYS} days pass; {read.name(primary.profile.chain_id)}: {outcome.what}")
    primary.mine(BLOCKS_A_DAY)
    return _end_solana(star, read, say)


def _end_solana(star: Star, read: ChainsRead, say: Say) -> int:
    history, program = read.history(), star.founder.program
    node = star.make_node()
    bridge = SolanaBridge(node, bytes(program.id), bytes(program.bridge))
    reading = bridge.read(CONFIRMED)
    place = Accepted(history.height, history.sync_hash(history.height))
    fact = End(SOLANA, place.number, place.sync_hash, reading.fields["end_round"])
    with star.progress.step("both groups look, and say END"):
        validators, watchers = read.groups.find_end(history, fact, read.judge(read.deployment.primary))
    if not validators or not watchers:
        raise DemoStuck(f"END: {read.groups.reason}", 0)
    sender = Sender(node, key_of("stranger"), pause=lambda seconds: star.solana.mine(3))
    star.founder.desk.fund(key_of("stranger").pubkey(), 10**10)
    star.solana.finalize()
    way = list_commitments(read.lead(SOLANA, reading.tip, place))
    path = Lead(Accepted(reading.tip.number, reading.tip.sync_hash), way)
    governor = Pubkey(reading.fields["governor"])
    ender = Ender(Importer(bridge, program, sender), program, sender)
    ender.raise_end(path, validators, watchers, validators_say=True, governor=governor)
    say(f"solana: END raised at block {place.number} by both groups; it stands")
    return int(place.number)


def leave(star: Star, wallet: SolanaWallet, prover: Prover, refund: int, say: Say) -> list[str]:
    """The owner rebuilds the state from the primary's calldata, proves what it holds and sends that; then the provider
    of the pool, who has no wallet on Solana, lets its share there be paid to somebody who has. Gives what is not as it
    must be; `refund` is what exodus pays back to the owner, in USDC.
    """
    problems: list[str] = []
    with _serving(star) as (file, rpc):

        def prove(statements: Sequence[ExitStatement], deployment: Deployment) -> Sequence[ExitOrder]:
            here = [statement for statement in statements if statement.chain == SOLANA]
            return prove_exits(here, deployment, prover, progress=star.progress)

        before = _Before.read(star, wallet)
        with star.progress.step("the state from the primary's calldata"):
            prepared = exits.prepare(file, rpc, wallet, prove)
        say(f"the state is rebuilt from the primary's calldata; Alice proves {len(prepared.orders)} exits")
        if not exits.send(prepared, rpc, wallet, say):
            problems.append("Alice's exits are not done")
        problems += before.find_problems(star, prepared.orders, {USDC: refund})
        say(f"Alice has left Solana with {_describe(prepared.orders)}")

        friend, provider = SolanaWallet(key_of("provider")), Wallet.from_account(star.system.world.roles.provider)
        before = _Before.read(star, friend)
        prepared = exits.prepare(file, rpc, provider, prove, recipient=friend.address)
        are_signed = all(order.is_signed for order in prepared.orders)
        if not are_signed or not exits.send(prepared, rpc, friend, lambda text: None):
            problems.append("the provider's exits are not done")
        problems += before.find_problems(star, prepared.orders, {})
        say(f"the provider's key has signed for {_describe(prepared.orders)}, paid to a wallet on Solana")
    return problems


@dataclass(frozen=True, slots=True)
class _Before:
    """What a wallet and the program had."""

    owner: bytes
    balances: dict[TokenId, int]
    custody: dict[TokenId, int]

    @classmethod
    def read(cls, star: Star, wallet: SolanaWallet) -> "_Before":
        """Now. Whoever is paid dollars has an account of them."""
        make_holding(star.founder.desk, Pubkey(wallet.owner), star.mint)
        balances = {token: star.balance(SOLANA, token, wallet.owner) for token in (USDC, SOL)}
        return cls(wallet.owner, balances, {token: star.books(token)["custody"] for token in (USDC, SOL)})

    def find_problems(self, star: Star, orders: Sequence[ExitOrder], refunds: Mapping[TokenId, int]) -> Iterator[str]:
        """What is not as it must be after these exits and refunds."""
        for token in (USDC, SOL):
            paid = _sum(orders, token) + refunds.get(token, 0)
            came, now = star.balance(SOLANA, token, self.owner) - self.balances[token], star.books(token)
            if not paid - (MOST_FEES if token == SOL else 0) <= came <= paid:
                yield f"{came} of token {token} came, and {paid} were paid"
            if (now["custody"], now["owed"]) != (self.custody[token] - paid, 0):
                yield f"the program's books of token {token} are {now}, after {self.custody[token]} less {paid}"


def _sum(orders: Sequence[ExitOrder], token: TokenId) -> int:
    sides = [(order.token_a, order.amount_a) for order in orders] + [
        (order.token_b, order.amount_b) for order in orders
    ]
    return sum(amount for each, amount in sides if each == token)


def _describe(orders: Sequence[ExitOrder]) -> str:
    return " and ".join(show(_sum(orders, token), token) for token in (USDC, SOL))


@contextmanager
def _serving(star: Star) -> Iterator[tuple[Path, dict[str, str]]]:
    """The published deployment in a file, and nodes over HTTP of the primary and of Solana, whose slots pass."""
    primary = star.system.world[star.system.deployment.primary]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="zklink-demo-")))
        file = folder / "deployment.json"
        file.write_text(star.system.deployment.to_json())
        rpc = {primary.name: str(primary.node_url or stack.enter_context(serve_http(primary)).url)}
        rpc[star.solana.name] = star.solana_url
        star.solana.start_clock()
        stack.callback(star.solana.stop_clock)
        yield file, rpc
