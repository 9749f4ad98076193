"""Contracts that stand before another one and let a call through only with exactly so much gas: they tell what a caller
offers to whom it calls, to the unit.

Takes a chain, the code behind and gas by selector; gives an address. Whatever passes is done by the code behind, in
the storage of the gate, so the code behind must need no constructor. The gate is written by hand: a compiler's code
uses gas before it can look.
"""

from collections.abc import Mapping

from eth_utils import to_checksum_address

from tests.support.evm import EvmChain, hash_text
from tests.support.three_chains import STRANGER
from zklink.bench.third_party.contracts import compile_own
from zklink.l1.contract_artifacts import ContractArtifact

NEVER = 2
"""In place of gas: no call of this function passes."""
COIN = bytes(4)
"""The selector of a call without data."""

_LOOK = 2
"""Gas that looking costs."""
_OPEN_TOKEN = """pragma solidity ^0.8.0;
contract OpenToken {
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;
    uint8 public decimals;
    uint256 public reason_bytes;
    function set_reason_bytes(uint256 count) external { reason_bytes = count; }
    function mint(address to, uint256 amount) external { balanceOf[to] += amount; }
    function approve(address to, uint256 amount) external { allowance[msg.sender][to] = amount; }
    function transfer(address to, uint256 amount) external { move(msg.sender, to, amount); }
    function transferFrom(address owner, address to, uint256 amount) external {
        if (reason_bytes > 0) assembly { revert(0, sload(reason_bytes.slot)) }
        allowance[owner][msg.sender] -= amount;
        move(owner, to, amount);
    }
    function permit(address owner, address to, uint256 amount, uint256, uint8, bytes32, bytes32) external {
        allowance[owner][to] = amount;
    }
    function permit(address owner, address to, uint256, uint256, bool, uint8, bytes32, bytes32) external {
        allowance[owner][to] = type(uint256).max;
    }
    function move(address owner, address to, uint256 amount) private {
        balanceOf[owner] -= amount;
        balanceOf[to] += amount;
    }
}"""
"""A token that answers nothing, has no decimals, takes permits of both forms from anybody, and gives a reason of any
length for moving nothing.
"""


def selector(signature: str) -> bytes:
    """Of a function."""
    return hash_text(signature)[:4]


def open_token() -> ContractArtifact:
    """The token to stand behind a gate."""
    return compile_own("OpenToken", _OPEN_TOKEN)


def deploy_gate(chain: EvmChain, behind: str, gas: Mapping[bytes, int]) -> str:
    """A gate before the code at an address. Functions that `gas` does not name pass with any gas."""
    return create(chain, _assemble(behind, gas))


def create(chain: EvmChain, runtime: bytes) -> str:
    """A contract with this code; gives its address."""
    return to_checksum_address(chain.create(STRANGER, bytes.fromhex(f"61{len(runtime):04x}80600a5f395ff3") + runtime))


def _assemble(behind: str, gas: Mapping[bytes, int]) -> bytes:
    """Look at the gas and the selector; refuse, or do what the code behind does."""
    looks = 19 * len(gas) + 6
    give, refuse = looks + 42, looks + 46
    code = "5a5f3560e01c"
    for name, units in gas.items():
        code += f"8063{name.hex()}148262{units - _LOOK:06x}141516" + f"61{refuse:04x}57"
    code += f"365f5f375f5f365f73{behind[2:]}5af43d5f5f3e" + f"61{give:04x}57" + "3d5ffd"
    code += "5b3d5ff3" + "5b5f5ffd"
    assembled = bytes.fromhex(code)
    assert assembled[give] == assembled[refuse] == 0x5B, "a jump must lead to a destination"
    return assembled
