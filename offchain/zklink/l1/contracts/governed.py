"""Calls that a chain's governor alone may make: from its own account, or through the timelock that is the governor.

Takes a client, the governor's address and a call; gives the call that the account must send. Never sends anything.
"""

from eth_account.signers.local import LocalAccount
from eth_utils import to_checksum_address

from zklink.l1.contract_artifacts import load_contract
from zklink.l1.transport.client import ChainClient, encode_call
from zklink.l1.transport.submission import Call

TIMELOCK = "Timelock"


def govern(client: ChainClient, account: LocalAccount, governor: str, call: Call) -> Call:
    """The call itself if the account is the governor, else the same call through the timelock, at once: it passes there
    only if the account owns the timelock and the function is swift.
    """
    if account.address == to_checksum_address(governor):
        return call
    return act_at_once(client, governor, call)


def act_at_once(client: ChainClient, timelock: str, call: Call) -> Call:
    """A call through a timelock, by its owner. Raises ArgumentsRefused."""
    contract = client.contract(to_checksum_address(timelock), load_contract(TIMELOCK))
    wrapped = encode_call(contract, "act", call.to, call.data)
    return Call(wrapped.to, wrapped.data, call.label)


def read_acting_governor(client: ChainClient, governor: str) -> str:
    """The account that acts as governor: the timelock's owner if the governor is a contract, else the governor. Raises
    CallReverted if it is another contract, RpcUnavailable.
    """
    if not client.code(governor):
        return governor
    contract = client.contract(to_checksum_address(governor), load_contract(TIMELOCK))
    return to_checksum_address(client.read(contract, "owner"))
