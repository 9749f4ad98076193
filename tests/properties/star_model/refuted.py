"""Each wrong rule with a law that it breaks, and the smallest setting that shows it."""

from dataclasses import dataclass

from . import adversaries as who
from . import menus as m
from . import mutants as wrong
from . import wrong_conduct as conduct
from .laws import (
    SETTLES,
    Law,
    StepLaw,
    accepts_fresh,
    doors_are_open,
    end_is_true,
    is_one_way,
    money_adds_up,
    no_forged,
    nothing_is_lost,
    one_end,
    one_history,
    one_root,
    one_seal,
    stays_ended,
    true_end_is_kept,
    unanswered_can_freeze,
)
from .rules import Rules
from .setting import Menu, Setting
from .state import Adversary


@dataclass(frozen=True, slots=True)
class Mutant:
    """A wrong rule; `law` is a function of laws.py, or none for `settles`."""

    rules: Rules
    law: Law | StepLaw | None
    adversary: Adversary
    menu: Menu
    members: int = 1
    requests: int = 1
    ages: bool = False

    @property
    def name(self) -> str:
        return type(self.rules).__name__

    @property
    def law_name(self) -> str:
        return SETTLES if self.law is None else self.law.__name__

    def make_setting(self, rules: Rules) -> Setting:
        """The same place under these rules."""
        return Setting(rules, self.adversary, self.menu, self.members, self.requests, self.ages)


MUTANTS = (
    # What the primary asks
    Mutant(wrong.NoSeal(), no_forged, who.WATCHERS, (m.UNSEALED_ON_0,)),
    Mutant(wrong.NoQue(), no_forged, who.VALIDATORS, (m.X,)),
    Mutant(wrong.NoQue(), no_forged, who.VALIDATORS, (m.M,), requests=2),
    Mutant(wrong.QueBindsTheCount(), no_forged, who.VALIDATORS, (m.A, m.X)),
    Mutant(wrong.QueNamesWhatIsConsumed(), no_forged, who.VALIDATORS, (m.P,)),
    Mutant(conduct.QueBeforeItIsFinal(), no_forged, who.REORGS, (m.B,)),
    Mutant(conduct.OwnRequestsNeedNotBeFinal(), one_root, who.REORGS, (m.A,)),
    Mutant(wrong.AgeIsNotChecked(), accepts_fresh, who.VALIDATORS, (m.A,), ages=True),
    Mutant(conduct.SealsTwice(), one_seal, who.FAIR, (m.A, m.B), ages=True),
    Mutant(conduct.SealsByTheNewestBlock(), one_seal, who.FAIR, (m.A, m.B), ages=True),
    Mutant(conduct.SealsBesideAcc(), one_history, who.FORGETS, (m.A, m.B)),
    # What a member imports
    Mutant(wrong.ImportsAnything(), one_history, who.VALIDATORS, (m.A, m.B)),
    Mutant(wrong.ImportsBySeal(), one_history, who.VALIDATORS, (m.A, m.B)),
    Mutant(conduct.AccBeforeItIsFinal(), one_history, who.VALIDATORS_REORGS, (m.A, m.B)),
    Mutant(wrong.AccIsReadAfterEnd(), is_one_way, who.WATCHERS_ALONE, (m.E,)),
    # The end of the primary
    Mutant(wrong.SilenceIsForgotten(), one_end, who.FAIR, (m.A,)),
    Mutant(wrong.SilenceIsForgotten(), stays_ended, who.VALIDATORS_HALTS, (m.A,)),
    Mutant(wrong.NothingIsTakenAgain(), one_end, who.FORGETS, (m.A,)),
    Mutant(wrong.NothingIsTakenAgain(), one_root, who.REORGS, (m.A,)),
    Mutant(wrong.ExitsDoNotWait(), one_root, who.FORGETS, (m.A,)),
    Mutant(wrong.FrzIsVoidForGood(), None, who.WATCHERS, (m.A,)),
    Mutant(wrong.FrzFreezesNothing(), None, who.VALIDATORS, (m.A,)),
    # END
    Mutant(conduct.EndWhileItLives(), one_root, who.FAIR, (m.A,)),
    Mutant(conduct.EndBeforeFreezeIsFinal(), one_end, who.REORGS, (m.A,)),
    Mutant(conduct.EndNamesWhatIsFinal(), nothing_is_lost, who.REORGS, (m.A,)),
    Mutant(conduct.EndSignsNoAcc(), one_root, who.REORGS, (m.A,)),
    Mutant(wrong.EndStandsAtOnce(), end_is_true, who.WATCHERS, (m.A,)),
    Mutant(wrong.EndWithoutSeal(), no_forged, who.WATCHERS_ALONE, (m.A2, m.UNSEALED), members=2),
    Mutant(wrong.EndIsNotOpened(), None, who.WATCHERS_ALONE, (m.E,)),
    Mutant(wrong.AccFellsNothing(), None, who.WATCHERS_ALONE, (m.E,)),
    Mutant(wrong.DenialIsIgnored(), one_root, who.WATCHERS_SLOW_GOVERNOR, (m.A,)),
    Mutant(wrong.DenialOnlyAdds(), one_root, who.VALIDATORS_GOVERNOR, (m.A, m.B)),
    Mutant(wrong.RoundIsNotRaised(), one_root, who.WATCHERS_SLOW_GOVERNOR, (m.A, m.C)),
    Mutant(wrong.OnlyValidatorsDeny(), one_root, who.WATCHERS_SLOW_VALIDATORS, (m.A,)),
    Mutant(wrong.GovernorVoidsAlone(), None, who.GOVERNOR_NO_VALIDATORS, (m.A,)),
    Mutant(wrong.VoidIsWrittenElsewhere(), None, who.WATCHERS, (m.E,), members=2),
    Mutant(wrong.WordsNameNoMember(), true_end_is_kept, who.WATCHERS, (m.E,), members=2),
    Mutant(wrong.WindowsCountSeconds(), one_root, who.WATCHERS, (m.A,)),
    Mutant(wrong.DoorShutsEarly(), doors_are_open, who.WATCHERS, (m.E,)),
    # The end of a member
    Mutant(wrong.ExitsBeforeF(), money_adds_up, who.FAIR, (m.A,)),
    Mutant(wrong.RefundsWhilePending(), one_end, who.VALIDATORS_HALTS, (m.A,)),
    Mutant(wrong.FreezeIsEnd(), one_end, who.FAIR, (m.A,)),
    Mutant(wrong.NoSecession(), None, who.MEMBER_FORGETS, (m.X,)),
    Mutant(wrong.SecedesByTime(), one_end, who.FAIR, (m.A,)),
    Mutant(wrong.SecedesBySeal(), one_root, who.VALIDATORS, (m.A, m.X)),
    Mutant(wrong.SecedesByAcc(), stays_ended, who.MEMBER_FORGETS, (m.X, m.N), ages=True),
    Mutant(conduct.SecedesWhileSealsAreInFlight(), stays_ended, who.MEMBER_FORGETS, (m.X, m.N)),
    Mutant(wrong.SecedesByAnyBlock(), one_end, who.FAIR, (m.B, m.D), requests=2),
    Mutant(wrong.PartIsAnAnswer(), unanswered_can_freeze, who.VALIDATORS, (m.P,)),
)
"""In the order of a deployment's life."""
