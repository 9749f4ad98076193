"""What the steps of a block may cost, measured with real proofs on anvil."""

from tests.support.gas import measure, render


def test_gas__every_figure_with_a_limit__stays_below_it() -> None:
    figures = measure()
    limited = [figure for figure in figures if figure.limit is not None]
    assert {figure.step for figure in limited} == {"commit", "prove"}
    assert [figure for figure in limited if figure.limit is not None and figure.gas >= figure.limit] == [], render(
        figures
    )
