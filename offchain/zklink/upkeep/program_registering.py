"""A token of a Solana chain that is registered by a proposal: looked at before 55 days are spent on it.

Takes a node, a program with its timelock, and the token; gives the call that is proposed, and what has to be there when
it is made. Sends nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from solders.instruction import Instruction
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer

from zklink.l1.deployment.places import NATIVE_MINT
from zklink.l1.deployment.records import TokenPlan
from zklink.protocol.errors import RpcUnavailable, TokenUnfit
from zklink.protocol.ids import ChainId
from zklink.solana.client.bridge import SolanaBridge
from zklink.solana.client.node import FINALIZED, AccountData, SolanaNode
from zklink.solana.client.program import SYSTEM, Program, make_holding
from zklink.solana.client.timelock import Timelock
from zklink.solana.deploying.preflight import fit_token, read_mints
from zklink.solana.deploying.registering import register_token
from zklink.solana.interface import accounts, instructions
from zklink.solana.interface.timelock.texts import ProposedCall

MOST_GIVEN: Final = 10**8
"""Lamports that a registration may ask of whoever executes it: nobody gets them back, and a node says how many."""
_ROLES = [role.name for role in instructions.REGISTER_TOKEN.roles]
_PAYER, _TOKEN, _MARK = _ROLES.index("payer"), _ROLES.index("token"), _ROLES.index("mint_mark")
_MINT, _PROGRAM = _ROLES.index("mint"), _ROLES.index("token_program")


@dataclass(frozen=True, slots=True)
class Registrar:
    """Makes registrations ready on one chain."""

    node: SolanaNode
    program: Program
    lock: Timelock
    chain: ChainId

    def plan(self, token: TokenPlan) -> Instruction:
        """The call that gives a token its meaning, by the timelock, whose purse pays. Raises TokenUnfit for a token
        that the program would refuse as everything is now, RpcUnavailable.
        """
        bridge = SolanaBridge(self.node, bytes(self.program.id), bytes(self.program.bridge)).read().fields
        owner, (governor, payer) = self._find_owner(token), (self.lock.address, self.lock.purse)
        call = register_token(self.program, token, self.chain, token.contracts, owner, governor, payer)
        self._check_free(token, bridge["token_limit"] // 2, call.accounts[_TOKEN].pubkey, call.accounts[_MARK].pubkey)
        return call

    def make_ready(self, payer: Pubkey, calls: Sequence[ProposedCall]) -> list[Instruction]:
        """What has to be there when the calls are made: vaults, and the rent in the purse, of which nothing may be left
        that is less than an account without data needs. Raises RpcUnavailable, also where a node says a rent too high.
        """
        made, rent = list[Instruction](), 0
        for call in filter(self._is_registration, calls):
            keys = [Pubkey(account.key) for account in call.accounts]
            mint, owner = keys[_MINT], keys[_PROGRAM]
            if owner != SYSTEM:
                made.append(make_holding(payer, self.program.bridge, mint, owner))
            if keys[_PAYER] == self.lock.purse:
                rent += self._rent(accounts.TOKEN.size) + (self._rent(accounts.MINT.size) if mint != SYSTEM else 0)
        if not rent:
            return made
        _, [purse] = self.node.accounts([str(self.lock.purse)], FINALIZED)
        lacks = rent + self._rent(0) - (0 if purse is None else purse.lamports)
        if lacks > MOST_GIVEN * len(calls):
            detail = f"by its word the purse lacks {lacks} lamports, many times what accounts of a token ever cost"
            raise RpcUnavailable(self.node.name, "getMinimumBalanceForRentExemption", 1, detail)
        gift = TransferParams(from_pubkey=payer, to_pubkey=self.lock.purse, lamports=lacks)
        return [*made, transfer(gift)] if lacks > 0 else made

    def _is_registration(self, call: ProposedCall) -> bool:
        is_own = call.program == bytes(self.program.id) and len(call.accounts) == len(_ROLES)
        return is_own and call.data[:1] == bytes([instructions.REGISTER_TOKEN.number])

    def _rent(self, size: int) -> int:
        return int(self.node.call("getMinimumBalanceForRentExemption", size))

    def _find_owner(self, token: TokenPlan) -> Pubkey:
        """The program that moves a token here; the system program for SOL and for one that is not here."""
        if self.chain not in token.contracts:
            return SYSTEM
        if token.minimum > token.cap:
            raise TokenUnfit(self.node.name, token.symbol, "its minimum is above its cap")
        mints = read_mints(self.node, (token,), self.chain)
        fitted = fit_token(self.node.name, token, self.chain, mints).config(self.chain, token.contracts)
        if fitted.cap < token.cap:
            detail = f"amounts there have 64 bits, so the cap is at most {fitted.cap} layer-2 units"
            raise TokenUnfit(self.node.name, token.symbol, detail)
        is_sol = token.contracts[self.chain] == NATIVE_MINT
        return SYSTEM if is_sol else Pubkey.from_string(mints[token.token_id].program)

    def _check_free(self, token: TokenPlan, limit: int, place: Pubkey, mark: Pubkey) -> None:
        """Neither the id nor the mint is taken."""
        if not 0 < token.token_id < limit:
            raise TokenUnfit(self.node.name, token.symbol, f"ids of tokens are 1 to {limit - 1}")
        if not token.contracts:
            raise TokenUnfit(self.node.name, token.symbol, "a token is on at least one chain: --at says on which")
        _, [there, marked] = self.node.accounts([str(place), str(mark)], FINALIZED)
        if self._is_own(there):
            raise TokenUnfit(self.node.name, token.symbol, f"token {token.token_id} is registered there already")
        if marked is not None and self._is_own(marked):
            other = accounts.MINT.unpack(marked.data)["id"]
            raise TokenUnfit(self.node.name, token.symbol, f"its mint is token {other} there already")

    def _is_own(self, found: AccountData | None) -> bool:
        return found is not None and found.owner == str(self.program.id)
