"""What must be right before a deployment on public networks costs anything, beside what `plan_checks` says of every
plan. Takes a plan, who is who, and a client per chain. Only reads.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from eth_utils import to_checksum_address

from zklink.l1.contracts.bridge_structs import NO_ADDRESS
from zklink.l1.deployment.plan_checks import check_governor, check_plan
from zklink.l1.deployment.records import DeploymentPlan
from zklink.l1.deployment.rehearsal import KeyFacts
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.l1.transport.client import ChainClient
from zklink.lab.accounts import funded_accounts
from zklink.protocol.errors import DeploymentRefused
from zklink.protocol.ids import ChainId

TEST_NETWORKS: Final = {11155111: "Sepolia", 560048: "Hoodi", 80002: "Amoy", 97: "BSC testnet", 43113: "Fuji"}
"""EVM chain ids whose coins are worth nothing, by their names."""


def check_people(plan: DeploymentPlan, governor: str, deployer: str) -> None:
    """Raise DeploymentRefused if one account would have two roles that must be apart."""
    if to_checksum_address(governor) == to_checksum_address(deployer):
        raise DeploymentRefused(
            f"the governor {governor} is the account that deploys: name another one, for a key that has been on a "
            "deploying machine must not own the timelocks"
        )
    check_governor(plan, governor)
    check_governor(plan, deployer)
    if to_checksum_address(plan.setter) == to_checksum_address(governor):
        raise DeploymentRefused(f"the setter {plan.setter} is the governor: prices are set by a key that is in use")


def check_accounts(plan: DeploymentPlan, governor: str, deployer: str, profiles: Iterable[ChainProfile]) -> None:
    """Raise DeploymentRefused for an account of the laboratory, whose key everybody has, where anything is worth
    something.
    """
    worthy = [profile.name for profile in profiles if profile.evm_chain_id not in TEST_NETWORKS]
    known = {account.address for account in funded_accounts()}
    roles = {"governor": governor, "deployer": deployer, "setter": plan.setter, "fee recipient": plan.fee_recipient}
    roles["operator"] = f"0x{plan.operator[-20:].hex()}"
    roles |= {f"validator {i}": member for i, member in enumerate(plan.validators.members, 1)}
    roles |= {f"watcher {i}": member for i, member in enumerate(plan.watchers.members, 1)}
    for role, address in roles.items():
        if worthy and to_checksum_address(address) in known:
            raise DeploymentRefused(
                f"the {role} {address} is a test account, whose key everybody has: not on {worthy[0]}"
            )


def check_keys(keys: KeyFacts, clients: Mapping[ChainId, ChainClient], is_allowed: bool) -> None:
    """Raise DeploymentRefused for development keys on a network where tokens have a price, or where nobody has allowed
    them.
    """
    if not keys.development:
        return
    what = f"{keys.development[0]} has a development key, with which anybody can forge proofs"
    for client in clients.values():
        profile = client.profile
        if profile.evm_chain_id not in TEST_NETWORKS:
            raise DeploymentRefused(
                f"{what}, and {profile.name} (EVM chain {profile.evm_chain_id}) is a public network: deploy with the "
                "keys of a ceremony"
            )
        if not is_allowed:
            raise DeploymentRefused(
                f"{what}, and {profile.name} is public: deploy with the keys of a ceremony, or say "
                "`allows_development_keys = true` for a test whose tokens are worth nothing"
            )


def check_surroundings(plan: DeploymentPlan, clients: Mapping[ChainId, ChainClient]) -> None:
    """Raise DeploymentRefused, WrongChain, TokenUnfit unless the chains are those meant and what the plan names stands
    there.
    """
    check_plan(plan, clients, are_keys_checked=True)
    for k, client in clients.items():
        address = plan.wrapped.get(k, NO_ADDRESS)
        if address != NO_ADDRESS and not client.code(address):
            raise DeploymentRefused(f"the wrapped coin on {client.profile.name}: there is no contract at {address}")
