"""SYN-9: the attacks that ended version 1, played on its rules, and what the star answers."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.properties.star_model import adversaries as who
from tests.properties.star_model.explore import Exploration
from tests.properties.star_model.menus import A2, INVENTED, A, C, E, M, N
from tests.properties.star_model.money import CHAINS, ExitRules, explore_money
from tests.properties.star_model.money_mutants import ConsumedByAnySlot
from tests.properties.star_model.mutants import AgeIsNotChecked, EndWithoutSeal, NoQue
from tests.properties.star_model.rules import Rules
from tests.properties.star_model.setting import Setting
from tests.properties.star_model.settle import settle
from tests.properties.star_model.version_1 import play_c1, play_h2, play_h4, play_h5
from tests.support.upholds import upholds

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "star-model.md").read_text()


@upholds("SYN-9")
class TestVersion1:
    """Version 1 allows every step of each attack; the page tells them."""

    @pytest.mark.parametrize("play", [play_c1, play_h2, play_h4, play_h5])
    def test_play__rules_of_version_1__allow_every_step(self, play: Callable[[], tuple[str, ...]]) -> None:
        name = play.__name__.removeprefix("play_").upper()
        assert f"| {name} | {'; '.join(play())} |" in PAGE

    def test_h1__rules_of_version_1__allow_every_step(self) -> None:
        result = explore_money(ConsumedByAnySlot(), CHAINS, balance=1, reserves=(1, 1, 0), capital=1)
        assert f"| H1 | {'; '.join(result.breaches['is_not_starved'].trace)} |" in PAGE


@upholds("SYN-9")
class TestStarAnswers:
    """The same adversary in the same place has no such way left."""

    def test_c1__watchers_alone__execute_nothing_that_validators_did_not_seal(self) -> None:
        """Nor do they with validators and governor asleep: END brings the seal of what it names."""
        unsealed, refused = (
            Exploration(Setting(rules, who.WATCHERS_ALONE, (INVENTED,))) for rules in (EndWithoutSeal(), Rules())
        )
        assert "no_forged" in unsealed.run().breaches and not refused.run().breaches
        assert not any(world.members[0].imported for world in refused.reached)

    @upholds("EXI-5")
    def test_h1__full_mask__is_never_starved(self) -> None:
        assert not explore_money(ExitRules(), CHAINS, balance=1, reserves=(1, 1, 0), capital=1).breaches

    @upholds("SYN-10")
    def test_h2__held_block__is_refused(self) -> None:
        held, refused = (
            Exploration(Setting(rules, who.VALIDATORS, (A, C), ages=True)) for rules in (AgeIsNotChecked(), Rules())
        )
        assert "accepts_fresh" in held.run().breaches and "accepts_fresh" not in refused.run().breaches

    def test_h4__every_other_chain_halted__a_member_ends_alone(self) -> None:
        """One END and its own blocks are all that it needs, from any world; nothing of chain 2 is read."""
        setting = Setting(Rules(), who.VALIDATORS_HALTS, (A2,), members=2)
        exploration = Exploration(setting)
        exploration.run()
        for world in exploration.reached:
            alone = world._replace(members=world.members[:1])
            assert settle(setting, world, 1) == settle(setting, alone, 1)
            assert settle(setting, world, 1).stuck is None

    def test_h5__honest_swap_beside_an_invented_request__is_never_accepted(self) -> None:
        mixed, refused = (
            Exploration(Setting(rules, who.VALIDATORS, (M, N, E), requests=2)) for rules in (NoQue(), Rules())
        )
        assert "no_forged" in mixed.run().breaches and not refused.run().breaches
        assert all(M not in world.accepted for world in refused.reached)
