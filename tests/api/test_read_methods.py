"""What the API says of chains, tokens, pools, accounts, blocks and trust, against the chains and the state."""

import pytest

from tests.api.scene import Scene
from tests.scenarios.liquidity import POOLS
from tests.scenarios.pipeline import AVALANCHE, BSC, ETHEREUM, POLYGON
from zklink.devnet.tokens import AVAX, BTC, USDC, USDT
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.protocol.facts import Group
from zklink.protocol.ids import Amount
from zklink.schema.api.refusals import REFUSALS

USD = 10**6


def test_chains__four__with_contracts_heights_and_names(still: Scene) -> None:
    chains = still.get("/v1/chains")["chains"]
    assert [chain["chain"] for chain in chains] == [ETHEREUM, POLYGON, BSC, AVALANCHE]
    polygon, avalanche = chains[1], chains[3]
    assert (polygon["caip2"], polygon["native_asset"]) == ("eip155:137", "eip155:137/slip44:966")
    place = still.pipeline.system.deployment.chains[POLYGON]
    assert {name: polygon["contracts"][name] for name in ("bridge", "entry", "resolver")} == {
        "bridge": place.bridge,
        "entry": place.entry,
        "resolver": place.resolver,
    }
    assert [chain["is_primary"] for chain in chains] == [False, False, False, True]
    assert {chain["status"] for chain in chains} == {"live"}
    assert avalanche["executed_block"] == avalanche["accepted_block"] == still.pipeline.base
    assert polygon["head_block"] >= 1 and polygon["confirmations"] == 3


def test_tokens__usdc__its_contracts_with_scale_and_live_limits(still: Scene) -> None:
    usdc = next(token for token in still.get("/v1/tokens")["tokens"] if token["token"] == USDC)
    on_bsc = next(contract for contract in usdc["contracts"] if contract["chain"] == BSC)
    assert (usdc["symbol"], usdc["decimals"], on_bsc["l1_per_unit"]) == ("USDC", 6, str(10**12))
    assert on_bsc["asset"] == f"eip155:56/erc20:{on_bsc['address']}"
    assert on_bsc["is_paused"] is False


def test_tokens__governor_changes_limits_and_pauses__shown_at_the_next_look(scene: Scene) -> None:
    system = scene.pipeline.system
    registry, governor = system.bridges[POLYGON].tokens, system.world.roles.governor
    registry.tighten_token_limits(governor, USDC, Amount(5 * USD), Amount(7 * USD))
    registry.pause_token(governor, USDC)
    scene.round(6)
    usdc = next(token for token in scene.get("/v1/tokens")["tokens"] if token["token"] == USDC)
    there = next(contract for contract in usdc["contracts"] if contract["chain"] == POLYGON)
    assert (there["minimum"], there["cap"], there["is_paused"]) == (str(5 * USD), str(7 * USD), True)
    assert scene.get("/v1/trust")["caps"][str(USDC)][str(POLYGON)] == str(7 * USD)


def test_pools__as_in_the_state(still: Scene) -> None:
    answer = still.get("/v1/pools")
    assert answer["block"] == still.pipeline.base
    assert len(answer["pools"]) == len(POOLS)
    shown = next(pool for pool in answer["pools"] if (pool["token_a"], pool["token_b"]) == (USDC, BTC))
    pool = still.pipeline.pool(USDC, BTC)
    assert (shown["reserve_a"], shown["reserve_b"]) == (str(pool.reserve_lower), str(pool.reserve_higher))
    assert (shown["fee_bps"], shown["shares"]) == (pool.fee, str(pool.lp_supply))


def test_deployment_and_status__what_a_client_signs_for(still: Scene) -> None:
    deployment, status = still.get("/v1/deployment"), still.get("/v1/status")
    assert deployment["deployment_hash"] == f"0x{still.pipeline.system.deployment.deployment_hash.hex()}"
    assert (deployment["primary"], USDC in deployment["fee_tokens"]) == (AVALANCHE, True)
    assert status["is_ready"] and not status["is_frozen"] and not status["is_devnet"]
    assert status["block"] == still.pipeline.base


def test_accounts__provider__balances_and_nonces_of_the_state(still: Scene) -> None:
    provider, state = still.pipeline.system.world.roles.provider, still.pipeline.node.sequencer.state
    found = still.get("/v1/accounts", owner=provider.address)["accounts"]
    id = still.pipeline.account(provider)
    assert [account["account"] for account in found] == [id]
    account = still.get(f"/v1/accounts/{id}")
    assert account == found[0]
    assert account["owner"] == f"0x{universal_address(provider.address).hex()}"
    expected = {token: str(amount) for token, amount in state.account(id).balances.items()}
    assert {balance["token"]: balance["amount"] for balance in account["balances"]} == expected
    assert still.get(f"/v1/accounts/{id}/balances")["balances"] == account["balances"]
    nonce = state.account(id).nonce
    assert still.get(f"/v1/accounts/{id}/nonce") == {"nonce": nonce, "next_nonce": nonce}
    assert account["has_key"] and account["known_chains"]


def test_accounts__nobody__empty_or_not_found(still: Scene) -> None:
    assert still.get("/v1/accounts", owner=f"0x{'77' * 20}")["accounts"] == []
    assert still.refuse("/v1/accounts/60000") == (404, "not_found")
    assert still.refuse("/v1/accounts/4294967295/nonce") == (404, "not_found")


def test_blocks__newest_first__each_with_its_status_on_every_chain(still: Scene) -> None:
    answer = still.get("/v1/blocks", limit=3)
    base = still.pipeline.base
    assert [block["number"] for block in answer["blocks"]] == [base, base - 1, base - 2]
    block = still.get(f"/v1/blocks/{base}")
    assert block == answer["blocks"][0]
    record = still.pipeline.node.sequencer.record(still.pipeline.node.sequencer.height)
    assert (block["commitment"], block["root"]) == (f"0x{record.commitment.hex()}", str(record.root))
    assert {place["status"] for place in block["chains"]} == {"executed"} and block["is_proven"]
    assert still.refuse(f"/v1/blocks/{base + 1}") == (404, "not_found")


def test_operations__those_that_filled_the_pools__executed_with_their_blocks(still: Scene) -> None:
    answer = still.get("/v1/operations", limit=100)
    assert len(answer["operations"]) == 1 + 2 * len(POOLS) and answer["next"] is None
    assert {operation["state"] for operation in answer["operations"]} == {"executed"}
    newest = answer["operations"][0]
    assert newest["kind"] == "AddLiquidity"
    assert still.get(f"/v1/operations/{newest['id']}") == newest
    assert still.get(f"/v1/operations/0x{'00' * 32}")["state"] == "unknown"


def test_solvency__reserves_and_custody__equal_on_every_chain(still: Scene) -> None:
    answer, found = still.get("/v1/solvency"), still.pipeline.reconcile()
    assert answer["is_solvent"]
    shown = {(h["chain"], token["token"]): h for token in answer["tokens"] for h in token["holdings"]}
    assert len(shown) == len(found.holdings)
    for holding in found.holdings:
        there = shown[holding.chain, holding.token]
        assert (there["balance"], there["custody"]) == (str(holding.balance), str(holding.custody))
        assert (there["reserve"], there["surplus"]) == (str(holding.reserve), str(holding.surplus))
    totals = {token["token"]: token for token in answer["tokens"]}
    for total in found.totals:
        there = totals[total.token]
        assert (there["reserves"], there["pools"]) == (str(total.reserves), str(total.pools))
        assert (there["accounts"], there["fees"]) == (str(total.balances), str(total.fees))


def test_trust__groups_and_keys__as_the_primary_says(still: Scene) -> None:
    trust, deployment = still.get("/v1/trust"), still.pipeline.system.deployment
    live = still.pipeline.system.bridges[AVALANCHE].groups.members(Group.WATCHERS)
    assert trust["watchers"]["members"] == list(live.members)
    assert trust["watchers"]["is_live"] and trust["watchers"]["coming"] == []
    assert trust["verification_keys"]["swap"] == f"0x{deployment.vk_hashes.swap.hex()}"
    assert trust["confirmations"] == {"1": 2, "2": 3, "3": 4, "4": 2}
    assert trust["is_audited"] is False
    assert trust["has_development_keys"] is True


def test_trust__members_announced__named_with_the_time_from_which_they_count(scene: Scene) -> None:
    system = scene.pipeline.system
    governor = system.world.roles.governor
    groups = system.bridges[AVALANCHE].groups
    coming = [system.world.roles.depositor.address]
    groups.announce_members(governor, Group.VALIDATORS, coming, 1)
    scene.round(6)
    announced = groups.coming()
    trust = scene.get("/v1/trust")
    assert announced is not None
    assert trust["validators"]["coming"] == coming
    assert trust["validators"]["coming_from"] == announced.announced_at + trust["group_delay_seconds"]
    assert trust["watchers"]["coming_from"] is None


def test_errors__the_whole_table(still: Scene) -> None:
    rows = still.get("/v1/errors")["errors"]
    assert {row["code"] for row in rows} == REFUSALS.keys()
    assert len({row["number"] for row in rows}) == len(rows)


def test_status__a_chain_not_read_for_quotes_yet__is_not_ready(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    assert scene.get("/v1/status")["is_ready"] is True
    real = scene.live.chain
    monkeypatch.setattr(scene.live, "chain", lambda chain: None if chain == POLYGON else real(chain))
    assert scene.get("/v1/status")["is_ready"] is False


def test_faucet__no_devnet__refused(still: Scene) -> None:
    answer = still.client.post("/v1/devnet/faucet", json={"address": "0x" + "11" * 20})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "no_faucet")


def test_not_ready__chains_not_heard__says_so_and_reads_of_history_still_answer(scene: Scene) -> None:
    known = scene.pipeline.node._known
    known.asked.clear()
    assert scene.refuse("/v1/pools") == (503, "not_ready")
    assert scene.get("/v1/status")["is_ready"] is False
    assert scene.get("/v1/blocks", limit=1)["blocks"]
    assert AVAX in scene.get("/v1/deployment")["fee_tokens"] and USDT
