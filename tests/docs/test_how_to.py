"""What pages, comments and docstrings say about the code: each path exists; the how-to pages name every file that knows
their example.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.docs.code_blocks import FENCE, PAGES, ROOT

PACKAGE: Final = ROOT / "offchain" / "zklink"
HOMES: Final = (
    ROOT,
    PACKAGE,
    *(ROOT / name for name in ("contracts", "contracts/interfaces", "offchain/circuits", "examples")),
)
"""Where a path of a page may begin: pages name files of the package and of circuits without the folders above them."""

CODE: Final = re.compile(r"`([^`\n]+)`")
PATH: Final = re.compile(r"[\w./-]+\.(?:py|vyi|vy|circom|toml|md|json|svg)")
ROW: Final = re.compile(r"^\| `([\w./]+)` \|", re.MULTILINE)
MADE: Final = re.compile(
    r"deployments/\w+\.json|deployments/mine\.toml|(verification_key|circuit\.zkey|genesis|exits|figures|devnet|program)\.json"
    r"|\w+\.vkey\.json|tests/test_gas\.py|Payer\.vy|first_swap\.py"
    r"|contracts/I?Rollup\.vyi?|tests/test_rollup\.py|(proof|public)\.json"
)
"""Files that commands, or readers, write."""

NOT_NAMED: Final = ("demo", "bench")
"""Packages that use an operation or an event, as users do; the how-to pages are about what makes one."""


def list_paths(page: Path) -> set[str]:
    """Every path in a page's inline code."""
    text = FENCE.sub("", page.read_text())
    return {
        path for code in CODE.findall(text) for path in PATH.findall(code.split(":")[0]) if not MADE.fullmatch(path)
    }


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "CHANGELOG.md"], ids=lambda p: str(p.name))
def test_paths__any_page__exist(page: Path) -> None:
    homes = (*HOMES, page.parent)
    assert [path for path in sorted(list_paths(page)) if not is_there(path, homes)] == []


NAMED: Final = re.compile(
    r"(?<![\w./<{*-])(?:tests|docs|offchain|contracts|deployments|examples|scripts|snapshots)/[\w./-]*\w"
)
"""A path from the root, where prose names one."""


def list_texts(path: Path) -> Iterator[str]:
    """The comments of a source, and its docstrings."""
    text = path.read_text()
    if path.suffix != ".py":
        yield from (line.partition(mark)[2] for mark in ("#", "//") for line in text.splitlines() if mark in line)
        yield from re.findall(r'"""(.*?)"""', text, re.DOTALL)
        return
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.string
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value.value


COMMENTED: Final = [
    path
    for folder, ends in (
        ("offchain", ("py", "circom")),
        ("contracts", ("vy", "vyi")),
        ("tests", ("py", "vy")),
        ("scripts", ("py",)),
        ("examples", ("py",)),
        (".ci", ("py",)),
    )
    for end in ends
    for path in sorted((ROOT / folder).rglob(f"*.{end}"))
]


def find_lost(text: str) -> list[str]:
    """The paths from the root that a text names and that do not exist; a name in capitals stands for any."""
    named = [path for path in NAMED.findall(text) if not MADE.fullmatch(path) and not Path(path).stem.isupper()]
    return [path for path in named if not (ROOT / path).exists()]


def test_paths__comments_and_docstrings__exist() -> None:
    suspects = [path for path in COMMENTED if find_lost(path.read_text())]
    lost = {str(path.relative_to(ROOT)): find_lost("\n".join(list_texts(path))) for path in suspects}
    assert {path: names for path, names in lost.items() if names} == {}


def test_paths__comments_and_docstrings__are_found(tmp_path: Path) -> None:
    """The check reads what it should: a comment, a docstring and the string below a name, in each language."""
    gone = "/".join(("tests", "gone.py"))
    (tmp_path / "a.py").write_text(f'"""See {gone}."""\nA = 1  # {gone}\n"""Of {gone}"""\nB = "{gone}"\n')
    (tmp_path / "a.vy").write_text(f'# {gone}\n"""\n@dev {gone}\n"""\nB: String[9] = "{gone}"\n')
    (tmp_path / "a.circom").write_text(f"// {gone}\n")
    counts = [len(find_lost("\n".join(list_texts(tmp_path / name)))) for name in ("a.py", "a.vy", "a.circom")]
    assert counts == [3, 2, 1]


def is_there(path: str, homes: tuple[Path, ...]) -> bool:
    """As a path from one of its homes; a bare file name, anywhere in the product."""
    if any((home / path).exists() for home in homes):
        return True
    return "/" not in path and any(any((ROOT / top).rglob(path)) for top in ("offchain", "contracts", "tests", "docs"))


def list_sources() -> list[Path]:
    """The product, without what is generated and without what only uses it."""
    found = [
        *PACKAGE.rglob("*.py"),
        *(ROOT / "contracts").rglob("*.vy*"),
        *(ROOT / "offchain/circuits").rglob("*.circom"),
    ]
    used = [PACKAGE / name for name in NOT_NAMED]
    return [path for path in found if not any(path.is_relative_to(folder) for folder in used)]


def find_users(*words: str) -> set[str]:
    """The sources in which one of these words stands."""
    pattern = re.compile(rf"\b({'|'.join(words)})\b")
    texts = {str(path.relative_to(ROOT)): path.read_text() for path in list_sources()}
    return {path for path, text in texts.items() if pattern.search(text) and "Generated by `zklink" not in text}


def read_rows(page: str) -> set[str]:
    """The files that a how-to page lists."""
    return set(ROW.findall((ROOT / "docs" / page).read_text()))


def test_add_an_operation__list__is_every_file_that_knows_a_withdrawal() -> None:
    listed = read_rows("add-an-operation.md")
    known = find_users(
        "Withdraw", "WITHDRAW", "WITHDRAW_KIND", "WITHDRAW_PAYOUT", "WITHDRAW_PAYOUT_KIND", "is_withdraw"
    )
    assert {path for path in listed if not path.startswith("tests/")} == known
    assert all("withdraw" in (ROOT / path).read_text().lower() for path in listed)


def test_add_an_event__list__is_every_file_that_knows_the_two() -> None:
    listed = read_rows("add-an-event.md")
    assert {path for path in listed if not path.startswith("tests/")} - {"offchain/zklink/demo/lines.py"} == (
        find_users("PendingBalanceWithdrawn", "ChainFrozen")
    )
    assert all(
        "PendingBalanceWithdrawn" in text or "ChainFrozen" in text for text in ((ROOT / p).read_text() for p in listed)
    )
