# pragma version 0.4.3
"""
@title interoperable
@license Apache-2.0
@notice Interoperable addresses (ERC-7930, version 1): an address of an EVM chain together with the chain's number. Pure.
"""


@internal
@pure
def name(evm_chain_id: uint256, account: address) -> Bytes[59]:
    """
    @notice An account of an EVM chain, with the chain's number in as few bytes as it needs.
    """
    size: uint256 = 1
    for i: uint256 in range(31):
        if evm_chain_id >> (8 * size) == 0:
            break
        size += 1
    return concat(
        x"00010000",  # version 1, eip155
        slice(convert(size, bytes32), 31, 1),
        slice(convert(evm_chain_id, bytes32), 32 - size, size),
        x"14",
        slice(convert(account, bytes32), 12, 20),
    )
