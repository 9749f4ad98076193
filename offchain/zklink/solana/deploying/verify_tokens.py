"""Whether the tokens of a program are those of a record: each id's mint, vault, scale and limits, what the mint's
issuer can do, that the vault is in nobody else's hands and holds what the books say, and that there is no other token.
"""

from collections.abc import Iterator
from typing import Any, Final

from zklink.l1.deployment.checks import Check, check
from zklink.l1.deployment.places import NATIVE_MINT
from zklink.l1.deployment.records import TokenPlan
from zklink.primitives.base58 import encode_base58
from zklink.solana.client.node import FINALIZED, AccountData, SolanaNode
from zklink.solana.client.program import SYSTEM
from zklink.solana.client.tokens import read_tokens
from zklink.solana.deploying.mints import SOL_DECIMALS, find_scale, read_mint
from zklink.solana.deploying.side import ProgramSide
from zklink.solana.interface import accounts

HOLDING_BYTES: Final = 165
OWNER, AMOUNT, DELEGATE, STATE, CLOSER = slice(32, 64), slice(64, 72), slice(72, 76), 108, slice(129, 133)


def verify_tokens(
    side: ProgramSide, node: SolanaNode, bridge: dict[str, Any], sol: AccountData | None
) -> Iterator[Check]:
    """Every token as recorded, and no other. Raises RpcUnavailable."""
    books = bridge["earned_fees"] + sum(bridge["open_fees"])
    for token in side.plan.tokens:
        places = [side.token(token), side.mint(token), side.vault(token)]
        [found, mint, vault] = node.accounts([str(key) for key in places], FINALIZED)[1]
        if found is None or found.owner != str(side.program.id) or len(found.data) != accounts.TOKEN.size:
            yield Check(side.place.name, _name(token), False, "the program has no such token")
            continue
        fields = accounts.TOKEN.unpack(found.data)
        yield check(side.place.name, f"{_name(token)}: mark", fields["mark"].hex(), bridge["mark"].hex())
        yield from _verify_terms(side, token, fields, mint)
        if side.chain in token.contracts:
            yield from _verify_vault(side, token, fields, vault, books)
    held = 0 if sol is None else sol.lamports
    yield Check(side.place.name, "sol: what it holds", held >= books, f"{held} lamports, of which fees are {books}")
    yield check(side.place.name, "tokens beside those", _find_others(side, node), [])


def _verify_terms(
    side: ProgramSide, token: TokenPlan, fields: dict[str, Any], mint: AccountData | None
) -> Iterator[Check]:
    name, what = side.place.name, _name(token)
    config = token.config(side.chain, [entry.chain_id for entry in side.table])
    is_here = side.chain in token.contracts
    yield check(name, f"{what}: id", fields["id"], token.token_id)
    yield check(name, f"{what}: chains", fields["chains"], sum(1 << chain for chain in config.chains))
    yield check(name, f"{what}: mint", _show(fields["mint"]), str(side.mint(token)))
    if not is_here:
        return
    is_sol = str(side.mint(token)) == NATIVE_MINT
    known = None if mint is None or is_sol else read_mint(mint)
    decimals = SOL_DECIMALS if known is None else known.decimals
    scale = find_scale(token.contracts[side.chain], decimals, token.layer2_decimals)
    yield check(name, f"{what}: vault", _show(fields["vault"]), str(side.vault(token)))
    yield check(name, f"{what}: program", _show(fields["program"]), str(side.token_program(token)))
    yield check(name, f"{what}: decimals of the mint", fields["decimals"], decimals)
    yield check(name, f"{what}: units of the mint in one of layer 2", fields["scale"], scale)
    yield check(name, f"{what}: minimum", fields["minimum"], config.minimum)
    yield check(name, f"{what}: cap", fields["cap"], config.cap)
    yield check(name, f"{what}: whether it is paused", bool(fields["is_paused"]), token.token_id in side.paused)
    if not is_sol:
        refused = ["no mint"] if known is None else list(known.refused)
        yield check(name, f"{what}: what its mint has that no bridge takes", refused, [])


def _verify_vault(
    side: ProgramSide, token: TokenPlan, fields: dict[str, Any], vault: AccountData | None, fees: int
) -> Iterator[Check]:
    """It holds what the books say; a vault of tokens is the bridge's, and nobody else's to move or to close. `fees` lie
    in the vault of SOL as well.
    """
    name, what = side.place.name, _name(token)
    owed = (fields["custody"] + fields["owed"]) * fields["scale"]
    if side.token_program(token) == SYSTEM:
        held, owed = 0 if vault is None else vault.lamports, owed + fees
        yield Check(name, f"{what}: its vault's balance", held >= owed, f"{held} lamports, and the books say {owed}")
        return
    if vault is None or vault.owner != str(side.token_program(token)) or len(vault.data) < HOLDING_BYTES:
        yield Check(name, f"{what}: its vault", False, f"{side.vault(token)} is no account of the token")
        return
    data = vault.data
    held = int.from_bytes(data[AMOUNT], "little")
    yield check(name, f"{what}: its vault's mint", _show(data[:32]), str(side.mint(token)))
    yield check(name, f"{what}: its vault's owner", _show(data[OWNER]), str(side.program.bridge))
    hands = [who for who, at in (("a delegate", DELEGATE), ("a close authority", CLOSER)) if any(data[at])]
    yield check(name, f"{what}: who else may move or close its vault", hands, [])
    yield check(name, f"{what}: whether its issuer has frozen its vault", data[STATE] == 2, False)
    yield Check(name, f"{what}: its vault's balance", held >= owed, f"{held} units, and the books say {owed}")


def _find_others(side: ProgramSide, node: SolanaNode) -> list[int]:
    """Ids that the record does not have and the program has."""
    known = {token.token_id for token in side.plan.tokens}
    others = [each for each in range(1, side.plan.preset.lp_base) if each not in known]
    return [each for each, held in read_tokens(node, side.program, others).items() if held.data]


def _name(token: TokenPlan) -> str:
    return f"token {token.token_id} ({token.symbol})"


def _show(key: bytes) -> str:
    return encode_base58(key)
