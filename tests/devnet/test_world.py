"""The multi-chain harness: snapshots over all chains, on whatever back end the run uses."""

import pytest

from zklink.devnet.world import World


def _pay(world: World) -> None:
    for chain in world:
        chain.client.transfer(world.roles.depositor, world.roles.stranger.address, 1)


def _balances(world: World) -> list[int]:
    return [chain.client.balance(world.roles.stranger.address) for chain in world]


def test_open__four_chains__have_their_real_ids(world: World) -> None:
    assert [chain.w3.eth.chain_id for chain in world] == [1, 137, 56, 43114]


def test_open__apes_own_view__tells_the_chains_apart(world: World) -> None:
    from ape import chain as ape_chain

    seen = []
    for chain in world:
        with chain.use():
            seen.append(ape_chain.chain_id)
    assert seen == [1, 137, 56, 43114]


def test_restore__transactions_on_all_chains__are_undone_on_all(world: World) -> None:
    before, heads = _balances(world), [chain.client.head() for chain in world]
    snapshot = world.snapshot()
    _pay(world)
    assert _balances(world) == [balance + 1 for balance in before]
    world.restore(snapshot)
    assert _balances(world) == before
    assert [chain.client.head() for chain in world] == heads


def test_restore__then_send__the_nonce_is_the_chains(world: World) -> None:
    snapshot = world.snapshot()
    _pay(world)
    world.restore(snapshot)
    before = _balances(world)
    _pay(world)
    assert _balances(world) == [balance + 1 for balance in before]


def test_isolated__an_exception_inside__passes_and_leaves_no_trace(world: World) -> None:
    before = _balances(world)
    with pytest.raises(AssertionError, match="seen"), world.isolated():
        _pay(world)
        raise AssertionError("seen")
    assert _balances(world) == before


def test_isolated__one_chain_cannot_be_restored__the_others_are_and_the_failure_is_raised(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _balances(world)
    first = next(iter(world))
    real = type(first).restore

    def restore(chain: object, snapshot: object) -> None:
        real(chain, snapshot)  # type: ignore[arg-type]
        if chain is first:
            raise RuntimeError("no such snapshot")

    with monkeypatch.context() as patch, pytest.raises(ExceptionGroup) as caught, world.isolated():
        patch.setattr(type(first), "restore", restore)
        _pay(world)
    assert [str(error) for error in caught.value.exceptions] == ["no such snapshot"]
    assert _balances(world) == before


def test_advance_time__one_hour__is_seen_on_every_chain(world: World) -> None:
    before = [chain.client.head().timestamp for chain in world]
    world.advance_time(3600)
    after = [chain.client.head().timestamp for chain in world]
    assert all(3600 <= new - old <= 3700 for old, new in zip(before, after, strict=True))


def test_confirm__each_chain__gets_its_own_number_of_blocks(world: World) -> None:
    before = [chain.client.head().number for chain in world]
    world.confirm()
    mined = [chain.client.head().number - old for chain, old in zip(world, before, strict=True)]
    assert mined == [chain.profile.confirmations for chain in world]


def test_roles__every_actor__owns_coins_on_every_chain(world: World) -> None:
    for chain in world:
        for account in world.roles.funded():
            assert chain.client.balance(account.address) > 10**24
