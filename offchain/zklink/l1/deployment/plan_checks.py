"""What must be right about a plan before anything is sent: takes a plan and a client per chain. Only reads."""

from collections.abc import Iterator, Mapping

from eth_utils import keccak, to_checksum_address

from zklink.l1.contract_artifacts import ContractArtifact
from zklink.l1.contracts.bridge_structs import NATIVE, NO_ADDRESS
from zklink.l1.contracts.token import TokenClient
from zklink.l1.contracts.verifiers import has_development_key
from zklink.l1.deployment.records import DeploymentPlan, GroupPlan, TokenPlan
from zklink.l1.deployment.token_checks import check_token
from zklink.l1.transport.client import ChainClient
from zklink.protocol.errors import DeploymentRefused
from zklink.protocol.ids import DAY, ChainId
from zklink.protocol.limits import MAX_SIGNERS


def check_plan(plan: DeploymentPlan, clients: Mapping[ChainId, ChainClient], *, are_keys_checked: bool = False) -> None:
    """Raise DeploymentRefused, WrongChain for a plan that cannot or must not be carried out; sends nothing.
    `are_keys_checked` says that somebody has judged the verifiers' keys already.
    """
    if plan.primary not in clients:
        raise DeploymentRefused(f"the primary chain {plan.primary} is not among the chains")
    _check_group("validators", plan.validators)
    _check_group("watchers", plan.watchers)
    if shared := {*plan.validators.members} & {*plan.watchers.members}:
        raise DeploymentRefused(f"{min(shared)} is a validator and a watcher")
    if len(plan.operator) != 32 or not any(plan.operator):
        raise DeploymentRefused("the operator is no universal address")
    for token in plan.tokens:
        if not 0 < token.token_id < plan.preset.lp_base:
            limit = plan.preset.lp_base - 1
            raise DeploymentRefused(f"{token.symbol} has id {token.token_id}, and {plan.preset.name} has 1 to {limit}")
    for chain_id, client in clients.items():
        client.check_chain_id()
        _check_pace(client, plan.blocks_per_day.get(chain_id, 0))
        if not client.profile.is_local:
            if not plan.has_timelock:
                raise DeploymentRefused(f"{client.profile.name} is a public chain: its governor needs a timelock")
            verifiers = () if are_keys_checked else (plan.verifiers.swap, plan.verifiers.account, plan.verifiers.exit)
            for verifier in verifiers:
                _check_production_key(client, verifier)
        for token in plan.tokens:
            _check_token(client, token)
        permit2 = plan.permit2.get(chain_id, NO_ADDRESS)
        if permit2 != NO_ADDRESS and not client.code(permit2):
            raise DeploymentRefused(f"Permit2 on {client.profile.name}: there is no contract at {permit2}")


def check_governor(plan: DeploymentPlan, governor: str) -> None:
    """Raise DeploymentRefused if whoever owns the timelocks is in a group: the contracts see the timelock alone."""
    for name, group in (("validators", plan.validators), ("watchers", plan.watchers)):
        if int(governor, 16) in {int(member, 16) for member in group.members}:
            raise DeploymentRefused(f"the governor {governor} is one of the {name}")


def warn_of_tokens(plan: DeploymentPlan, chain_id: ChainId, client: ChainClient) -> Iterator[str]:
    """What people should know about the tokens of a public chain, before they register them for good. Raises TokenUnfit
    for two tokens that are one, RpcUnavailable.
    """
    if not client.profile.is_local:
        here = {token.token_id: token.contracts[chain_id] for token in plan.tokens if chain_id in token.contracts}
        for token in plan.tokens:
            others = {other: address for other, address in here.items() if other < token.token_id}
            address = here.get(token.token_id, NO_ADDRESS)
            yield from check_token(client, token.symbol, address, token.token_class, others)


def _check_group(name: str, group: GroupPlan) -> None:
    if not (2 * group.threshold > len(group.members) >= group.threshold):
        raise DeploymentRefused(f"{group.threshold} of {len(group.members)} is no majority of the {name}")
    if len(group.members) > MAX_SIGNERS:
        raise DeploymentRefused(f"there are more than {MAX_SIGNERS} {name}")
    if len(set(group.members)) != len(group.members):
        raise DeploymentRefused(f"one of the {name} is named twice")


def _check_pace(client: ChainClient, blocks_per_day: int) -> None:
    profile = client.profile
    made = int(DAY / profile.block_time_seconds)
    if not 0 < blocks_per_day <= made:
        raise DeploymentRefused(f"{profile.name} makes {made} blocks a day: a window cannot ask for {blocks_per_day}")


def _check_token(client: ChainClient, token: TokenPlan) -> None:
    address = token.contracts.get(client.profile.chain_id)
    if address is None or address == NATIVE:
        return
    if not client.code(address):
        raise DeploymentRefused(f"{token.symbol} on {client.profile.name}: there is no contract at {address}")
    if TokenClient(client, address).decimals() < token.layer2_decimals:
        raise DeploymentRefused(f"{token.symbol} on {client.profile.name} has fewer decimals than on layer 2")


def _check_production_key(client: ChainClient, verifier: ContractArtifact) -> None:
    """Ask the verifier's code, without deploying it, whether its key's secrets are published."""
    place = to_checksum_address(keccak(text=verifier.name)[12:])
    if has_development_key(client, place, verifier.runtime_bytecode):
        raise DeploymentRefused(f"{verifier.name} has a development key, and {client.profile.name} is a public chain")
