"""Gives tokens and coins of a devnet to whoever asks. Takes local chains, whose nodes sign for the test mnemonic's
accounts; never anything else.
"""

from collections.abc import Iterator
from typing import Final

from eth_utils import to_checksum_address
from web3.types import TxParams, Wei

from zklink.api.faucet import Payment
from zklink.devnet.devnet_chain import WorldChain
from zklink.devnet.system import LocalSystem
from zklink.devnet.tokens import TokenInfo
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.deployment.records import TokenPlan
from zklink.protocol.errors import RequestRefused
from zklink.protocol.ids import Amount, ChainId, TokenId
from zklink.schema.api.scalars import read_owner

USUAL_USD: Final = 10_000
LARGEST_USD: Final = 1_000_000
"""Dollars' worth of one token in one request, at the table's prices."""


class DevnetFaucet:
    """A Faucet (see `zklink.api.faucet`). Test tokens are minted; coins come from the deployer's account."""

    def __init__(self, system: LocalSystem) -> None:
        self._system = system

    def give(self, address: str, chain: ChainId | None, token: TokenId | None, amount: int | None) -> list[Payment]:
        """See `Faucet`."""
        if not address.startswith("0x"):
            return self._give_on_solana(address, chain, token, amount)
        places = [place for place in self._system.world if chain in (None, place.profile.chain_id)]
        plans = [plan for plan in self._system.deployment.tokens if token in (None, plan.token_id)]
        if not places:
            raise RequestRefused("invalid_request", f"the address is none of chain {chain}", {"field": "chain"})
        wanted = list(self._list(places, plans))
        _check(token, amount, [info for _, info in wanted])
        return [self._pay(place, info, to_checksum_address(address), amount) for place, info in wanted]

    def _give_on_solana(
        self, address: str, chain: ChainId | None, token: TokenId | None, amount: int | None
    ) -> list[Payment]:
        solana = self._system.solana
        if solana is None or chain not in (None, solana.founder.chain_id):
            raise RequestRefused(
                "invalid_request", "an address of Solana is none of these chains", {"field": "address"}
            )
        here, tokens = solana.founder.chain_id, self._system.deployment.tokens
        plans = [plan for plan in tokens if here in plan.contracts and token in (None, plan.token_id)]
        infos = [self._system.table[plan.token_id] for plan in plans]
        _check(token, amount, infos)
        paid = [(info, Amount(info.amount_for(USUAL_USD) if amount is None else amount)) for info in infos]
        hashes = solana.pay(read_owner("address", address), paid)
        return [
            Payment(here, info.token_id, given, given, tx_hash)
            for (info, given), tx_hash in zip(paid, hashes, strict=True)
        ]

    def _list(self, places: list[WorldChain], plans: list[TokenPlan]) -> Iterator[tuple[WorldChain, TokenInfo]]:
        for place in places:
            for plan in plans:
                if place.profile.chain_id in plan.contracts:
                    yield place, self._system.table[plan.token_id]

    def _pay(self, place: WorldChain, info: TokenInfo, address: str, amount: int | None) -> Payment:
        chain = place.profile.chain_id
        given = Amount(info.amount_for(USUAL_USD) if amount is None else amount)
        l1_amount = given * info.scale(place.name)
        payer: TxParams = {"from": to_checksum_address(self._system.world.roles.deployer.address)}
        if info.contracts[place.name].is_native:
            to = to_checksum_address(address)
            tx_hash = place.w3.eth.send_transaction({**payer, "to": to, "value": Wei(l1_amount)})
        else:
            contract = self._system.deployment.token(info.token_id).contracts[chain]
            token = place.w3.eth.contract(to_checksum_address(contract), abi=load_contract("TestToken").abi_list())
            tx_hash = token.functions.mint(address, l1_amount).transact(payer)
        return Payment(chain, info.token_id, given, l1_amount, bytes(tx_hash))


def _check(token: TokenId | None, amount: int | None, infos: list[TokenInfo]) -> None:
    if not infos:
        raise RequestRefused("invalid_request", f"token {token} is on none of these chains", {"field": "token"})
    for info in infos:
        largest = info.amount_for(LARGEST_USD)
        if amount is not None and not 0 < amount <= largest:
            raise RequestRefused("invalid_request", f"amount is 1 to {largest}", {"field": "amount"})
