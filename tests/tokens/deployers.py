"""How each contract of the table comes to stand on a chain, with a fortune for the signer."""

from collections.abc import Callable, Mapping
from typing import Final

from eth_utils import keccak
from pyrevm import AccountInfo

from tests.support.drafts.entry_scene import FORTUNE, SIGNER, EntryScene, deploy_circle, deploy_wrapped
from tests.support.drafts.rig import RigChain
from tests.support.evm import EvmContract
from tests.support.three_chains import GOVERNOR, RECIPIENT, STRANGER, ZERO
from tests.tokens import sources
from tests.tokens.conduct import Trouble
from zklink.bench.third_party.contracts import compile_own, load_third_party
from zklink.l1.contract_artifacts import load_contract

NONE, DENIES_APPROVAL, DENIES_TRANSFER, KEEPS_TRANSFER, KEEPS_ALLOWANCE, ZERO_FIRST = 0, 1, 2, 4, 8, 16
NO_ZERO_APPROVAL, NO_ZERO_TRANSFER, FEE_ON_TOP, ROUNDS_DOWN, LARGEST_IS_ALL, NOT_TO_ONESELF = (
    32,
    64,
    128,
    256,
    512,
    1024,
)
"""Habits of contracts/testing/WeirdToken.vy."""
FEE, BURN_GAS, BOMB, TWO = 1, 4, 5, 7
"""Modes of contracts/testing/AdversarialToken.vy."""
SMALL_FORTUNE = 10**26

Deploy = Callable[[RigChain], EvmContract]


def own(name: str, source: str) -> Deploy:
    """A token of a few lines that anybody mints."""

    def deploy(here: RigChain) -> EvmContract:
        token = here.evm.deploy(STRANGER, compile_own(name, source))
        token.mint(SIGNER.address, SMALL_FORTUNE)
        return token

    return deploy


def on_wrapped(name: str, source: str, enter: str) -> Deploy:
    """A token that stands for wrapped coin, which the signer has put in."""

    def deploy(here: RigChain) -> EvmContract:
        wrapped = deploy_wrapped(here)
        token = here.evm.deploy(STRANGER, compile_own(name, source), wrapped.address)
        wrapped.approve(token.address, 10**24, sender=SIGNER.address)
        arguments = (10**24, SIGNER.address) if enter == "deposit" else (SIGNER.address, 10**24)
        getattr(token, enter)(*arguments, sender=SIGNER.address)
        return token

    return deploy


def weird(habits: int, decimals: int = 12) -> Deploy:
    """The double of tokens with habits."""

    def deploy(here: RigChain) -> EvmContract:
        token = here.evm.deploy(STRANGER, load_contract("WeirdToken"), decimals, habits)
        token.mint(SIGNER.address, FORTUNE)
        return token

    return deploy


def adversarial(mode: int) -> Deploy:
    """The double of tokens that are bad all the time."""

    def deploy(here: RigChain) -> EvmContract:
        token = here.evm.deploy(STRANGER, load_contract("AdversarialToken"), 6)
        token.mint(SIGNER.address, FORTUNE)
        token.set_mode(mode)
        return token

    return deploy


def double(name: str, *arguments: object) -> Deploy:
    """Another double that anybody mints."""

    def deploy(here: RigChain) -> EvmContract:
        token = here.evm.deploy(STRANGER, load_contract(name), *arguments)
        token.mint(SIGNER.address, FORTUNE)
        return token

    return deploy


def bought(name: str, *arguments: object, amount: int = SMALL_FORTUNE) -> Deploy:
    """A token whose deployer has all of it and sends the signer some."""

    def deploy(here: RigChain) -> EvmContract:
        token = here.evm.deploy(STRANGER, load_third_party(name), *arguments)
        token.transfer(SIGNER.address, amount, sender=STRANGER)
        return token

    return deploy


def plain(name: str, *arguments: object) -> Deploy:
    """A contract that is no token."""
    return lambda here: here.evm.deploy(STRANGER, load_third_party(name), *arguments)


def deploy_minter_pauser(here: RigChain) -> EvmContract:
    token = here.evm.deploy(STRANGER, load_third_party("ERC20PresetMinterPauser"), "Preset", "PRE")
    token.mint(SIGNER.address, SMALL_FORTUNE, sender=STRANGER)
    return token


def deploy_erc777(here: RigChain) -> EvmContract:
    registry = here.evm.deploy(STRANGER, compile_own("HooksRegistry", sources.HOOKS_REGISTRY))
    code = here.evm.code(registry.address)
    here.evm.evm.insert_account_info(sources.HOOKS_REGISTRY_ADDRESS, AccountInfo(code=code))
    artifact = load_third_party("ERC777PresetFixedSupply")
    return here.evm.deploy(STRANGER, artifact, "Hooks", "HK", [], SMALL_FORTUNE, SIGNER.address)


def deploy_uni(here: RigChain) -> EvmContract:
    arguments = (SIGNER.address, STRANGER, here.evm.time + 1)
    return here.evm.deploy(STRANGER, load_third_party("Uni"), *arguments)


def deploy_pair(here: RigChain) -> EvmContract:
    """Shares of a pair of two test tokens, of which the signer has put in some."""
    factory = here.evm.deploy(STRANGER, load_third_party("UniswapV2Factory"), STRANGER)
    sides = [here.evm.deploy(STRANGER, load_contract("TestToken"), name, name, 18) for name in ("One", "Two")]
    address = factory.createPair(*(side.address for side in sides), sender=STRANGER)
    pair = EvmContract(here.evm, address, load_third_party("UniswapV2Pair"))
    for side in sides:
        side.mint(pair.address, 10**24)
    pair.mint(SIGNER.address, sender=STRANGER)
    return pair


def deploy_atoken(here: RigChain) -> EvmContract:
    """An aToken of the wrapped coin with interest so far."""
    pool = here.evm.deploy(STRANGER, compile_own("AavePool", sources.AAVE_POOL))
    wrapped = deploy_wrapped(here)
    token = here.evm.deploy(STRANGER, load_third_party("AToken"), pool.address)
    token.initialize(pool.address, STRANGER, wrapped.address, ZERO, 18, "aWETH", "aWETH", b"")
    pool.accrue(7)
    pool.supply(token.address, SIGNER.address, SMALL_FORTUNE)
    return token


DEPLOYERS: Final[Mapping[str, Deploy]] = {
    "Circle's dollar (USDC 2.2)": deploy_circle,
    "WETH9": deploy_wrapped,
    "LINK": bought("LinkToken"),
    "UNI": deploy_uni,
    "ZRX": bought("ZRXToken"),
    "shares of a Uniswap V2 pair": deploy_pair,
    "aToken of Aave V3": deploy_atoken,
    "OpenZeppelin 4, minter and pauser": deploy_minter_pauser,
    "OpenZeppelin 4, ERC-777": deploy_erc777,
    "OpenZeppelin 5 with permits": own("PermitToken", sources.PERMIT_TOKEN),
    "OpenZeppelin 5, votes": own("VotesToken", sources.VOTES_TOKEN),
    "OpenZeppelin 5, pausable": own("PausableToken", sources.PAUSABLE_TOKEN),
    "OpenZeppelin 5, ERC-1363": own("CallbackToken", sources.CALLBACK_TOKEN),
    "OpenZeppelin 5, share of an ERC-4626 vault": on_wrapped("VaultShare", sources.VAULT_SHARE, "deposit"),
    "OpenZeppelin 5, wrapper": on_wrapped("WrapperToken", sources.WRAPPER_TOKEN, "depositFor"),
    "OpenZeppelin 5, flash mints": own("FlashToken", sources.FLASH_TOKEN),
    "Solady": own("SoladyToken", sources.SOLADY_TOKEN),
    "OpenZeppelin 4, ERC-721": plain("ERC721PresetMinterPauserAutoId", "Nft", "NFT", ""),
    "ERC-4337's EntryPoint": plain("EntryPoint"),
    "price feed": lambda here: here.evm.deploy(STRANGER, compile_own("PriceFeed", sources.PRICE_FEED)),
    "DAI": double("DaiToken", True),
    "no answer to transfers (USDT, BNB)": double("NoReturnToken", 6),
    "approval from zero only (USDT)": weird(ZERO_FIRST),
    "no approval of nothing (BNB)": weird(NO_ZERO_APPROVAL),
    "no transfer of nothing (LEND)": weird(NO_ZERO_TRANSFER),
    "no transfer to oneself": weird(NOT_TO_ONESELF),
    "largest number is everything (cUSDCv3)": weird(LARGEST_IS_ALL),
    "allowance is never used up": weird(KEEPS_ALLOWANCE),
    "2 decimals (GUSD)": weird(NONE, 2),
    "24 decimals (YAM V2)": weird(NONE, 24),
    "fee on transfer (STA, PAXG)": adversarial(FEE),
    "fee on top": weird(FEE_ON_TOP),
    "a unit less arrives (stETH)": weird(ROUNDS_DOWN),
    "a unit less arrives, as many decimals as layer 2": weird(ROUNDS_DOWN, 6),
    "balances of shares (AMPL)": weird(NONE),
    "answers false": weird(DENIES_TRANSFER),
    "answers true and keeps it": weird(KEEPS_TRANSFER),
    "a double of any token": adversarial(0),
    "answers two": adversarial(TWO),
    "answers far too much": adversarial(BOMB),
    "uses all gas": adversarial(BURN_GAS),
}
"""By the name in the table."""


def block(account: str | None) -> Trouble:
    """The issuer of Circle's dollar blocks the bridge, or an account."""
    return lambda token, scene: token.blacklist(account or scene.here.bridge.address, sender=GOVERNOR)


def refuse_by_hook(_: EvmContract, scene: EntryScene) -> None:
    """The recipient has a hook that refuses what comes."""
    hook = scene.here.evm.deploy(STRANGER, compile_own("RefusingHook", sources.REFUSING_HOOK))
    artifact = compile_own("HooksRegistry", sources.HOOKS_REGISTRY)
    registry = EvmContract(scene.here.evm, sources.HOOKS_REGISTRY_ADDRESS, artifact)
    registry.setInterfaceImplementer(RECIPIENT, keccak(text="ERC777TokensRecipient"), hook.address)


TROUBLES: Final[Mapping[str, tuple[str, Trouble]]] = {
    "its issuer blocks the recipient": ("Circle's dollar (USDC 2.2)", block(RECIPIENT)),
    "its issuer blocks the bridge": ("Circle's dollar (USDC 2.2)", block(None)),
    "its issuer pauses it": ("Circle's dollar (USDC 2.2)", lambda token, _: token.pause(sender=GOVERNOR)),
    "the recipient's hook refuses": ("OpenZeppelin 4, ERC-777", refuse_by_hook),
    "paused": ("OpenZeppelin 5, pausable", lambda token, _: token.pause()),
    "balances shrink by half": ("balances of shares (AMPL)", lambda token, _: token.rebase(50)),
    "balances double": ("balances of shares (AMPL)", lambda token, _: token.rebase(200)),
    "begins to charge on transfers": ("a double of any token", lambda token, _: token.set_mode(FEE)),
    "begins to answer false": ("a double of any token", lambda token, _: token.set_mode(2)),
    "begins to use all gas": ("a double of any token", lambda token, _: token.set_mode(BURN_GAS)),
}
"""What befalls a token when a bridge holds some: the token, and how it begins."""
