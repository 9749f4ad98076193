"""The settings of a devnet's node: the same records that an operator's settings file gives.

Takes the deployed system; writes the deployment and the development keys, which everybody knows, into a folder, and
gives the settings. Never for keys of value.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from eth_account.signers.local import LocalAccount
from pydantic import SecretStr

from zklink.devnet.devnet_chain import WorldChain
from zklink.devnet.roles import Roles
from zklink.devnet.system import LocalSystem
from zklink.devnet.terms import GREATEST_POOL_FEE, build_terms, price_coins
from zklink.devnet.tokens import TokenInfo
from zklink.files import write_file
from zklink.service.settings.model import (
    BrokerSettings,
    ChainSettings,
    DatabaseSettings,
    FeeSettings,
    FillSettings,
    HttpSettings,
    KeySettings,
    NodeSettings,
    PayingProgramSettings,
    ProverSettings,
    RelaySettings,
    RelayTokenSettings,
    TierSettings,
)

if TYPE_CHECKING:
    from solders.keypair import Keypair

    from zklink.devnet.solana.member import SolanaMember

SMALL_FILL_USD: Final = 5_000
LARGE_FILL_USD: Final = 50_000
LARGE_FILL_CONFIRMATIONS: Final = 10
LEAST_FEES_PER_USD: Final = 4
"""The least fee for a fill is a quarter of a dollar: at the cheap chains' prices more than its gas."""

DEPLOYMENT_FILE: Final = "deployment.json"
DATABASE_FILE: Final = "node.db"


def build_settings(folder: Path, system: LocalSystem, host: str = "127.0.0.1", port: int = 0) -> NodeSettings:
    """The settings of a node on these chains, whose files and database are in `folder`. Raises FileNotWritten."""
    write_file(folder / DEPLOYMENT_FILE, system.deployment.to_json())
    symbols = {plan.token_id: plan.symbol for plan in system.deployment.tokens}
    tokens = {symbol: system.table[id] for id, symbol in symbols.items()}
    prices = build_terms(system.deployment.tokens, system.table).prices or {}
    return NodeSettings(
        deployment=folder / DEPLOYMENT_FILE,
        chains={chain.name: _build_chain(chain) for chain in system.world},
        programs={} if system.solana is None else {system.solana.chain.name: _build_program(folder, system.solana)},
        keys=_write_keys(folder, system.world.roles),
        database=DatabaseSettings(url=SecretStr(f"sqlite:///{(folder / DATABASE_FILE).resolve()}")),
        fees=FeeSettings(
            prices={symbols[token]: price for token, price in prices.items()}, greatest_pool_fee=GREATEST_POOL_FEE
        ),
        broker=BrokerSettings(enabled=True, tokens={symbol: build_fills(token) for symbol, token in tokens.items()}),
        relay=RelaySettings(
            enabled=True,
            tokens={
                symbol: RelayTokenSettings(coin_prices=price_coins(token, system.world.profiles))
                for symbol, token in tokens.items()
            },
        ),
        prover=ProverSettings(processes=0, accepts_others=False),
        http=HttpSettings(host=host, port=port),
    )


def _build_chain(chain: WorldChain) -> ChainSettings:
    profile = chain.profile
    return ChainSettings(
        nodes=(SecretStr(str(chain.node_url)),),
        confirmations=profile.confirmations,
        block_time_seconds=profile.block_time_seconds,
        native_symbol=profile.native_symbol,
        is_local=True,
    )


def _build_program(folder: Path, solana: "SolanaMember") -> PayingProgramSettings:
    def write(name: str, key: "Keypair") -> Path:
        path = folder / f"solana-{name}.json"
        write_file(path, json.dumps(list(bytes(key))))
        return path

    payer, broker = (write(name, key) for name, key in solana.node_keys().items())
    return PayingProgramSettings(nodes=(SecretStr(solana.url),), payer=payer, broker=broker, is_local=True)


def _write_keys(folder: Path, roles: Roles) -> KeySettings:
    def write(name: str, account: LocalAccount) -> Path:
        path = folder / f"{name}.key"
        write_file(path, bytes(account.key).hex())
        return path

    return KeySettings(
        sequencer=write("sequencer", roles.sequencer),
        broker=write("broker", roles.broker),
        relayer=write("relayer", roles.relayer),
        validators=tuple(write(f"validator{n}", account) for n, account in enumerate(roles.validators)),
        watchers=tuple(write(f"watcher{n}", account) for n, account in enumerate(roles.watchers)),
    )


def build_fills(token: TokenInfo) -> FillSettings:
    """Small payouts are filled at once, larger ones after more confirmations, the largest never."""
    tiers = (
        TierSettings(limit=token.amount_for(SMALL_FILL_USD)),
        TierSettings(limit=token.amount_for(LARGE_FILL_USD), extra_confirmations=LARGE_FILL_CONFIRMATIONS),
    )
    return FillSettings(tiers=tiers, minimum_fee=token.amount_for(1) // LEAST_FEES_PER_USD)
