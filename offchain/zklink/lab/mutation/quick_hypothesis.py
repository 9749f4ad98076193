"""Hypothesis stops at the first example that fails: who asks whether a mutant is noticed needs no smallest one.

Changes Hypothesis in this process, which runs the tests of mutants alone, whatever settings the tests have.
"""

import sys
from typing import Any


def leave_out_shrinking() -> None:
    """Do so if the tests have loaded Hypothesis."""
    engine: Any = sys.modules.get("hypothesis.internal.conjecture.engine")
    if engine is None:
        return
    from hypothesis import Phase, settings

    begin = engine.ConjectureRunner.__init__

    def begin_quickly(runner: Any, *arguments: Any, **options: Any) -> None:
        begin(runner, *arguments, **options)
        phases = [each for each in runner.settings.phases if each not in (Phase.shrink, Phase.explain)]
        runner.settings = settings(runner.settings, phases=phases, report_multiple_bugs=False)

    engine.ConjectureRunner.__init__ = begin_quickly
