"""The order in which `make test` and `make test-all` hand out files."""

import re

from tests.support.order import HEAVY, TESTS, rank


def test_heavy__every_file__is_there_once() -> None:
    assert [name for name in HEAVY if not (TESTS / name).is_file()] == []
    assert len(set(HEAVY)) == len(HEAVY)


def test_rank__heavy_files__before_all_others_which_keep_their_order() -> None:
    light = [TESTS / "api/test_first.py", TESTS / "zoo/test_last.py"]
    heavy = [TESTS / name for name in HEAVY]
    given = [light[0], *reversed(heavy), light[1]]
    places = rank(given)
    assert sorted(given, key=places.__getitem__) == [*heavy, *light]


def test_makefile__several_processes__get_whole_files_in_this_order() -> None:
    """xdist would sort files by their number of tests: a file with one long test would come last."""
    text = (TESTS.parent / "Makefile").read_text()
    runs = re.findall(r"ape test -n .*", text)
    assert len(runs) == 4 and all("$(IN_ORDER)" in run for run in runs)
    assert re.search(r"^IN_ORDER := --dist loadfile --no-loadscope-reorder$", text, re.MULTILINE)
