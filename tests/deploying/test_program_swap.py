"""Swaps between an EVM chain and Solana through what `prepare` and `build` have deployed, by a whole node."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from tests.deploying.solana import PAYER, SOL, SOLANA, Star
from tests.deploying.testnets import MEMBERS, SEPOLIA
from tests.scenarios.pipeline import Pipeline
from tests.support.chains import build_order, send_deposit, send_swap
from tests.support.solana.machine import TOKEN_PROGRAM, key_of
from tests.support.solana.star import KeyProver
from tests.support.solana.star_pipeline import SLOTS
from zklink.devnet.solana.mints import AMOUNT, make_holding, mint_to
from zklink.devnet.solana.people import Desk as People
from zklink.devnet.system import LocalSystem
from zklink.devnet.tokens import USDC, mint
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.l1.deployment.dossier import Dossier
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.protocol.ids import NO_TOKEN
from zklink.service.deploying.program_checks import verify_programs
from zklink.service.program_link import ProgramLink
from zklink.solana.client.program import SYSTEM, find_holding
from zklink.solana.deploying.side import ProgramSide
from zklink.solana.deploying.verify_timelock import OWNER
from zklink.solana.interface import instructions

USD = 10**6
PROFILE = ChainProfile("solana", SOLANA, 0, 0.4, 1, "SOL", is_local=True)
ALICE, BOB = key_of("alice"), key_of("bob")

pytestmark = pytest.mark.slow


def name_members(members: tuple[LocalAccount, ...]) -> str:
    return ", ".join(f'"{member.address}"' for member in members)


def open_pipeline(star: Star, dossier: Dossier) -> Pipeline:
    """A node with the keys of both groups, on what was deployed."""
    deployment, chain = dossier.deployment, star.chain
    system = LocalSystem(star.networks.world, deployment, deployment.bridges(star.networks.world.clients))
    link = ProgramLink(
        PROFILE,
        deployment.programs[SOLANA],
        deployment.deployment_hash,
        lambda: star.way.client(),
        PAYER,
        pause=lambda seconds: chain.mine(SLOTS),
    )
    return Pipeline(system, KeyProver(), has_broker=False, programs={SOLANA: link})


def swap_away(star: Star, side: ProgramSide, people: People, recipient: str, amount: int) -> None:
    """Alice swaps USDC of Solana to Sepolia."""
    [usdc] = [token for token in side.plan.tokens if token.token_id == USDC]
    mint_key = side.mint(usdc)
    places = {
        "sender": ALICE.pubkey(),
        "bridge": side.program.bridge,
        "swap_queue": side.swap_queue.key,
        "token_in": side.token(usdc),
        "token_out": side.token(usdc),
        "token_via": SYSTEM,
        "source": find_holding(ALICE.pubkey(), mint_key, TOKEN_PROGRAM),
        "sol": side.sol,
        "system_program": SYSTEM,
        "mint": mint_key,
        "vault": side.vault(usdc),
        "token_program": TOKEN_PROGRAM,
    }
    values: dict[str, Any] = {
        "token_in": USDC,
        "destination": SEPOLIA.chain_id,
        "token_out": USDC,
        "via": NO_TOKEN,
        "l1_amount": amount,
        "fee": next(each.price_gwei for each in side.terms.prices if each.kind == SEPOLIA.chain_id),
        "deadline": star.chain.head_timestamp() + 3_600,
        "min_out": 0,
        "operator_fee": 0,
        "fill_fee": 0,
        "recipient": universal_address(recipient),
        "refund_to": bytes(ALICE.pubkey()),
    }
    people.send([side.program.encode(instructions.SWAP, places, **values)], ALICE)


def count(star: Star, owner: Keypair, place: Pubkey) -> int:
    """What somebody has of a mint, in its units."""
    [held] = star.desk().node.accounts([str(find_holding(owner.pubkey(), place, TOKEN_PROGRAM))], "confirmed")[1]
    return 0 if held is None else int.from_bytes(held.data[AMOUNT], "little")


def find_wrong(star: Star, dossier: Dossier) -> set[str]:
    """What is not as the record says, as far as it is finalized, while everything moves."""
    checks = verify_programs(dossier, {SOLANA: star.desk().node})
    return {check.what for check in checks if not check.is_right}


def test_swap__both_ways_through_what_was_deployed__is_paid(star: Star, tmp_path: Path) -> None:
    roles, world = star.networks.world.roles, star.networks.world
    members = {", ".join(f'"{member}"' for member in part) for part in (MEMBERS[:3], MEMBERS[3:])}
    validators, watchers = sorted(members, key=star.text.index)
    groups = {validators: name_members(roles.validators), watchers: name_members(roles.watchers)}
    side = star.prepare(tmp_path, groups).sides[SOLANA].side
    dossier = star.deploy(tmp_path, groups)
    pipeline = open_pipeline(star, dossier)
    people = People(star.chain, key_of("issuer"))
    place = side.mint(next(token for token in side.plan.tokens if token.token_id == USDC))
    for key in (ALICE, BOB):
        people.fund(key.pubkey(), SOL)
        make_holding(people, key.pubkey(), place)
    holding = find_holding(ALICE.pubkey(), place, TOKEN_PROGRAM)
    mint_to(people, place, holding, 1_000 * USD, people.payer)
    token = pipeline.system.token(SEPOLIA.chain_id, USDC)
    owners = [account.address for account in (roles.provider, roles.depositor)]
    mint(world[SEPOLIA.chain_id].client, roles.stranger, token.address, owners, 9_000 * USD)

    send_deposit(pipeline.system, SEPOLIA.chain_id, USDC, 5_000 * USD, sender=roles.provider)
    swap_away(star, side, people, roles.recipient.address, 300 * USD)

    def rounds(is_done: Any) -> None:
        for _ in range(60):
            if is_done():
                return
            pipeline.round()
            star.chain.mine(SLOTS)
            assert find_wrong(star, dossier) == {OWNER}
        raise AssertionError(pipeline.retries())

    rounds(lambda: token.balance(roles.recipient.address) == 300 * USD)
    order = build_order(pipeline.system, SEPOLIA.chain_id, USDC, 200 * USD, SOLANA, USDC)
    send_swap(pipeline.system, SEPOLIA.chain_id, replace(order, recipient=bytes(BOB.pubkey())))
    rounds(lambda: count(star, BOB, place) == 200 * USD)
    assert pipeline.retries() == []
    star.chain.finalize()
    assert find_wrong(star, dossier) == {OWNER}
