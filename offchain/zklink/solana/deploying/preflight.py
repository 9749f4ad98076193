"""What must be right about the Solana side before a deployment costs anything. Takes a node and what is planned. Only
reads.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from solders.pubkey import Pubkey

from zklink.l1.deployment.places import NATIVE_MINT, ProgramDeployment
from zklink.l1.deployment.records import DeploymentPlan, TokenPlan, TokenTerms
from zklink.lab.solana.base import MAINNET
from zklink.protocol.errors import DeploymentRefused, TokenUnfit, WrongCluster
from zklink.protocol.ids import Amount, ChainId, TokenId
from zklink.solana.client.loader import find_program_data
from zklink.solana.client.node import CONFIRMED, SolanaNode
from zklink.solana.client.program import SYSTEM
from zklink.solana.deploying.mints import Mint, find_scale, most_cap, read_mint

CLUSTERS: Final = {
    MAINNET: "the main network",
    "EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG": "devnet",
    "4uhcVJyU9pJkvQyS88uRDiswHXSCkY3zQawwpjk2NsNY": "testnet",
}
"""Clusters that everybody knows, by the hashes of their geneses."""


def check_cluster(node: SolanaNode, genesis: str) -> None:
    """Raise WrongCluster unless a node serves the cluster of that genesis."""
    found = str(node.call("getGenesisHash"))
    if found != genesis:
        raise WrongCluster(node.name, _name_cluster(genesis), _name_cluster(found))


def check_keys(development: tuple[str, ...], place: ProgramDeployment) -> None:
    """Raise DeploymentRefused for development keys on the main network; `development` are the verifiers of such."""
    if development and place.genesis == MAINNET:
        raise DeploymentRefused(
            f"{development[0]} has a development key, with which anybody can forge proofs, and {place.name} is "
            "Solana's main network: deploy with the keys of a ceremony"
        )


def check_unused(node: SolanaNode, place: ProgramDeployment) -> None:
    """Raise DeploymentRefused if anything is at the programs' addresses: each serves once."""
    for what, address in (("program", place.program), ("timelock", place.timelock)):
        data = find_program_data(Pubkey.from_string(address))
        _, [there, held] = node.accounts([address, str(data)], CONFIRMED)
        if there is not None and (there.data or there.owner != str(SYSTEM)):
            raise DeploymentRefused(
                f"{place.name}: {address} is the address of a program already, or was one: each deployment needs a "
                f"keypair of its own for the {what}, `solana-keygen new -o {what}.json`"
            )
        if held is not None:
            raise DeploymentRefused(
                f"{place.name}: somebody has sent lamports to {data}, where the loader would keep the code of "
                f"{address}, and it refuses that: take another keypair for the {what}"
            )


def read_mints(node: SolanaNode, tokens: tuple[TokenPlan, ...], chain: ChainId) -> dict[TokenId, Mint]:
    """The mints of a chain's tokens, but for SOL. Raises TokenUnfit for what is no mint, RpcUnavailable."""
    here = [token for token in tokens if token.contracts.get(chain, NATIVE_MINT) != NATIVE_MINT]
    found = node.accounts([token.contracts[chain] for token in here], CONFIRMED)[1] if here else []
    mints = {}
    for token, account in zip(here, found, strict=True):
        mint = None if account is None else read_mint(account)
        if mint is None:
            detail = f"{token.contracts[chain]} is no mint of SPL Token or Token-2022"
            raise TokenUnfit(node.name, token.symbol, f"{detail}: give the mint, not an account that holds it")
        mints[token.token_id] = mint
    return mints


def find_programs(node: SolanaNode, tokens: tuple[TokenPlan, ...], chain: ChainId) -> dict[TokenId, str]:
    """Whose the mints of a chain's tokens are, but for SOL, whatever they are now. Raises RpcUnavailable."""
    here = [token for token in tokens if token.contracts.get(chain, NATIVE_MINT) != NATIVE_MINT]
    found = node.accounts([token.contracts[chain] for token in here])[1] if here else []
    return {
        token.token_id: str(SYSTEM) if each is None else each.owner for token, each in zip(here, found, strict=True)
    }


def fit_tokens(name: str, plan: DeploymentPlan, chain: ChainId, mints: Mapping[TokenId, Mint]) -> DeploymentPlan:
    """The plan with caps that the chain can hold: amounts have 64 bits there. Raises TokenUnfit for a mint that the
    program would refuse.
    """
    return replace(plan, tokens=tuple(fit_token(name, token, chain, mints) for token in plan.tokens))


def fit_token(name: str, token: TokenPlan, chain: ChainId, mints: Mapping[TokenId, Mint]) -> TokenPlan:
    """A token with a cap that the chain can hold. Raises TokenUnfit for a mint that the program would refuse."""
    contract = token.contracts.get(chain)
    if contract is None:
        return token
    mint = mints.get(token.token_id)
    if mint is not None and mint.refused:
        raise TokenUnfit(name, token.symbol, f"the mint {contract} has {', '.join(mint.refused)}, no bridge takes it")
    decimals = 0 if mint is None else mint.decimals
    scale = find_scale(contract, decimals, token.layer2_decimals)
    if scale is None:
        said = "SOL has 9" if mint is None else f"the mint {contract} has {decimals}"
        raise TokenUnfit(name, token.symbol, f"{said} decimals, which do not fit {token.layer2_decimals} on layer 2")
    terms = token.terms.get(chain) or TokenTerms(token.minimum, token.cap, token.token_class)
    cap = Amount(min(terms.cap, most_cap(scale)))
    if cap < terms.minimum:
        raise TokenUnfit(name, token.symbol, f"amounts there have 64 bits: at most {cap} fit, the minimum is more")
    return replace(token, terms={**token.terms, chain: replace(terms, cap=cap)})


def _name_cluster(genesis: str) -> str:
    known = CLUSTERS.get(genesis)
    return f"{genesis} ({known})" if known else genesis
