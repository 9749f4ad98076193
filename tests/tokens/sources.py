"""A few lines on top of packages that give only abstract contracts, and the surroundings that some contracts need."""

from typing import Final

_OZ: Final = "pragma solidity ^0.8.20;\n"
_MINT: Final = "function mint(address to, uint256 amount) external { _mint(to, amount); }"

PERMIT_TOKEN: Final = f"""{_OZ}
import {{ERC20, ERC20Permit}} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
contract PermitToken is ERC20Permit {{
    constructor() ERC20("Permit Token", "PT") ERC20Permit("Permit Token") {{}}
    {_MINT}
}}"""

VOTES_TOKEN: Final = f"""{_OZ}
import {{ERC20, ERC20Votes}} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {{EIP712}} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
contract VotesToken is ERC20Votes {{
    constructor() ERC20("Votes", "VT") EIP712("Votes", "1") {{}}
    {_MINT}
}}"""

PAUSABLE_TOKEN: Final = f"""{_OZ}
import {{ERC20, ERC20Pausable}} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Pausable.sol";
contract PausableToken is ERC20Pausable {{
    constructor() ERC20("Pausable", "PAU") {{}}
    {_MINT}
    function pause() external {{ _pause(); }}
    function unpause() external {{ _unpause(); }}
}}"""

CALLBACK_TOKEN: Final = f"""{_OZ}
import {{ERC1363, ERC20}} from "@openzeppelin/contracts/token/ERC20/extensions/ERC1363.sol";
contract CallbackToken is ERC1363 {{
    constructor() ERC20("Callback", "CB") {{}}
    {_MINT}
}}"""

VAULT_SHARE: Final = f"""{_OZ}
import {{ERC20, ERC4626, IERC20}} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
contract VaultShare is ERC4626 {{
    constructor(IERC20 asset) ERC20("Share", "SH") ERC4626(asset) {{}}
}}"""

WRAPPER_TOKEN: Final = f"""{_OZ}
import {{ERC20, ERC20Wrapper, IERC20}} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Wrapper.sol";
contract WrapperToken is ERC20Wrapper {{
    constructor(IERC20 asset) ERC20("Wrapper", "WR") ERC20Wrapper(asset) {{}}
}}"""

FLASH_TOKEN: Final = f"""{_OZ}
import {{ERC20, ERC20FlashMint}} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20FlashMint.sol";
contract FlashToken is ERC20FlashMint {{
    constructor() ERC20("Flash", "FL") {{}}
    {_MINT}
}}"""

SOLADY_TOKEN: Final = f"""pragma solidity ^0.8.4;
import {{ERC20}} from "solady/src/tokens/ERC20.sol";
contract SoladyToken is ERC20 {{
    function name() public pure override returns (string memory) {{ return "Solady"; }}
    function symbol() public pure override returns (string memory) {{ return "SOL"; }}
    {_MINT}
}}"""

AAVE_POOL: Final = """pragma solidity ^0.8.0;
interface IAToken { function mint(address, address, uint256, uint256) external returns (bool); }
contract AavePool {
    uint256 public index = 1e27;
    function ADDRESSES_PROVIDER() external view returns (address) { return address(this); }
    function getReserveNormalizedIncome(address) external view returns (uint256) { return index; }
    function finalizeTransfer(address, address, address, uint256, uint256, uint256) external {}
    function accrue(uint256 percent) external { index = index * (100 + percent) / 100; }
    function supply(IAToken token, address to, uint256 amount) external { token.mint(to, to, amount, index); }
}"""
"""A double of the pool that an aToken asks: it knows how much interest there is."""

HOOKS_REGISTRY: Final = """pragma solidity ^0.8.0;
contract HooksRegistry {
    mapping(address => mapping(bytes32 => address)) implementers;
    function setInterfaceImplementer(address who, bytes32 hash, address implementer) external {
        implementers[who == address(0) ? msg.sender : who][hash] = implementer;
    }
    function getInterfaceImplementer(address who, bytes32 hash) external view returns (address) {
        return implementers[who][hash];
    }
}"""
"""A double of the registry that ERC-777 tokens ask for hooks (ERC-1820)."""

HOOKS_REGISTRY_ADDRESS: Final = "0x1820a4B7618BdE71Dce8cdc73aAB6C95905faD24"

REFUSING_HOOK: Final = """pragma solidity ^0.8.0;
contract RefusingHook {
    function tokensReceived(address, address, address, uint256, bytes calldata, bytes calldata) external pure {
        revert("not wanted");
    }
}"""

PRICE_FEED: Final = """pragma solidity ^0.8.0;
contract PriceFeed {
    function decimals() external pure returns (uint8) { return 8; }
    function latestAnswer() external pure returns (int256) { return 2000e8; }
}"""
