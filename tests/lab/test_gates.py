"""`zklink lab check`: each gate on a small project in which it finds what is planted, and nothing else."""

import json
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner, Result

from zklink.cli.main import main
from zklink.lab.errors import NoSuchGate
from zklink.lab.gates import GATES, find_findings, read_project

BOX: Final = '''# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Box
@custom:emergency None.
"""
import shelf

uses: shelf
initializes: shelf

count: public(uint256)


@external
@payable
def add(amount: uint256, owner: address):
    """
    @notice Adds up; a comment that says "box: nothing" is no reason.
    @param amount How much, 1 to 10
    @param owner Who is told
    """
    assert amount <= 10, "box: too much"  # "box: a comment"
    assert (
        owner != empty(address)
        and amount != 0
    ), "No owner"
    shelf._put(amount)
    self.count += amount


@external
@reentrant
@view
def read() -> uint256:
    """
    @notice What there is. Not locked: it only reads.
    """
    return self.count
'''.replace("uses: shelf\n", "")
SHELF: Final = """# pragma version 0.4.3
# pragma nonreentrancy on

held: uint256


def _put(amount: uint256):
    if amount == 3:
        raise "shelf: three"
    self.held = amount
"""
SETTINGS: Final = """[tool.zklink.lab]
deployable_tags = ["@custom:emergency"]
helpers = ["testing"]
code_sizes = "sizes.json"
"""
TESTS: Final = 'WORDS = ("box: too much", "No owner", \'shelf: three\')\n'
LOCK: Final = "# pragma nonreentrancy on\n"
ACCEPT: Final = "to accept: zklink lab check --accept"
SIZES: Final = {"Box": 597, "Box, creation": 668}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ZKLINK_CACHE", str(tmp_path / "cache"))
    root = tmp_path / "box"
    for name, text in {
        "contracts/Box.vy": BOX,
        "contracts/shelf.vy": SHELF,
        "contracts/testing/Rough.vy": "# pragma version 0.4.3\n@external\ndef f(a: uint256):\n    assert a != 7\n",
        "tests/test_box.py": TESTS,
        "pyproject.toml": SETTINGS,
        "sizes.json": json.dumps(SIZES),
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def plant(folder: Path, file: str, old: str, new: str) -> None:
    text = (folder / file).read_text()
    assert text.count(old) == 1
    (folder / file).write_text(text.replace(old, new))


def look(folder: Path, *gates: str) -> list[str]:
    return [str(found) for found in find_findings(read_project(folder), gates)]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["lab", "check", *arguments])


def test_check__project_in_order__nothing_and_code_0(folder: Path) -> None:
    result = run(str(folder))
    assert (result.output, result.exit_code) == ("0 findings\n", 0)


BOX_FILE: Final = "contracts/Box.vy"
SHELF_FILE: Final = "contracts/shelf.vy"
ROUGH_FILE: Final = "contracts/testing/Rough.vy"
NO_LOCK: Final = "has no lock: write `# pragma nonreentrancy on` at the top of the file"
NO_TYPE: Final = "it does not compile: UnknownType: No builtin or user-defined type named 'uint255'."
NO_TAG: Final = "has no @custom:emergency"
REENTRANT: Final = (
    "compiles: it does not compile: StructureException: "
    "used @reentrant decorator, but `#pragma nonreentrancy` is not set"
)
ODD: Final = "a byte that is no printable ASCII"
NO_REASON: Final = "read is @reentrant, and its NatSpec does not say why it is 'not locked'"

PLANTED: Final[dict[str, tuple[str, str, str, list[str]]]] = {
    "odd byte": (BOX_FILE, "Adds up;", "Adds \u00fcp;", [f"18 ascii: {ODD} (CVE-2026-114114)"]),
    "open pragma": (SHELF_FILE, "0.4.3", "^0.4.0", ["1 pragma: ^0.4.0 is more than one version: name one"]),
    "no pragma": (ROUGH_FILE, "# pragma version 0.4.3", "# none", ["1 pragma: no `# pragma version`"]),
    "flaw": (
        BOX_FILE,
        "+= amount\n",
        "+= (msg.value | 4) if amount > 2 else 0\n",
        ["28 compiler: this is what CVE-2026-114117 affects"],
    ),
    "no lock": (
        BOX_FILE,
        LOCK,
        "#\n",
        [
            f" {REENTRANT}",
            f"16 locks: add {NO_LOCK}",
            f"34 locks: read {NO_LOCK}",
        ],
    ),
    "no reason for no lock": (BOX_FILE, "Not locked: it", "It", [f"34 locks: {NO_REASON}"]),
    "no notice": (BOX_FILE, "@notice Adds up", "@dev Adds up", ["16 natspec: add has no @notice"]),
    "other parameter": (
        BOX_FILE,
        "@param owner Who",
        "@param other Who",
        [
            " compiles: it does not compile: NatSpecSyntaxException: Method has no parameter 'other'",
            "16 natspec: add describes @param other, which it does not take",
            "16 natspec: add has no @param owner",
        ],
    ),
    "no tag": (BOX_FILE, "@custom:emergency None.", "@author Nobody", [f"1 natspec: the head of Box {NO_TAG}"]),
    "no word": (BOX_FILE, ', "box: too much"', "", ["22 reasons: an assertion without a reason"]),
    "twice": (SHELF_FILE, "shelf: three", "box: too much", ["9 reasons: 'box: too much' stands in Box.vy:22, too"]),
    "untested": (SHELF_FILE, "shelf: three", "shelf: threes", ["9 reasons: no test names 'shelf: threes'"]),
    "type that is none": (BOX_FILE, "public(uint256)", "public(uint255)", [f" compiles: {NO_TYPE}"]),
    "other size": ("sizes.json", "597", "500", [f" sizes: Box: 500 -> 597 (+19.40%); {ACCEPT}"]),
}  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "found"), PLANTED.values(), ids=PLANTED.keys())
def test_check__planted__is_found_in_its_line_and_nothing_else(
    folder: Path, file: str, old: str, new: str, found: list[str]
) -> None:
    plant(folder, file, old, new)
    gates = tuple(gate for gate in GATES if gate != "sizes" or " sizes: " in found[0])
    assert look(folder, *gates) == [f"{file}{':' * each[0].isdigit()}{each}" for each in found]


def test_check__reason_that_ends_an_assertion_of_many_lines__is_looked_for_in_tests(folder: Path) -> None:
    plant(folder, "tests/test_box.py", '"No owner", ', "")
    assert look(folder, "reasons") == ["contracts/Box.vy:26 reasons: no test names 'No owner'"]


def test_check__nothing_described__each_function_is_told(folder: Path) -> None:
    (folder / SHELF_FILE).write_text(SHELF.replace("def _put", "@external\ndef give(): pass\n\n\ndef _put"))
    plant(
        folder,
        BOX_FILE,
        '''"""
    @notice What there is. Not locked: it only reads.
    """''',
        "pass",
    )
    assert look(folder, "natspec") == [
        "contracts/Box.vy:34 natspec: read has no @notice",
        "contracts/shelf.vy:8 natspec: give has no @notice",
    ]


def test_check__limit_of_the_project__is_told(folder: Path) -> None:
    plant(folder, "pyproject.toml", "helpers", "code_limit = 300\nhelpers")
    assert look(folder, "sizes") == ["contracts sizes: Box has 597 bytes; 300 at most"]


def test_check__findings__one_line_each_and_code_1(folder: Path) -> None:
    plant(folder, "contracts/Box.vy", '"box: too much"', '"box: much more than this box can hold"')
    plant(folder, "tests/test_box.py", "too much", "much more than this box can hold")
    result = run(str(folder), "--gate", "reasons")
    said = "contracts/Box.vy:22 reasons: 'box: much more than this box can hold' has 37 bytes; 32 are allowed"
    assert (result.output, result.exit_code) == (f"{said}\n1 finding\n", 1)
    (found,) = json.loads(run(str(folder), "--gate", "reasons", "--json").output)
    assert found == {"gate": "reasons", "place": "contracts/Box.vy", "line": 22, "text": said.partition("reasons: ")[2]}


def test_check__accept__the_sizes_are_as_they_are(folder: Path) -> None:
    plant(folder, "contracts/Box.vy", "+= amount\n", "+= amount + 1\n")
    assert run(str(folder), "--gate", "sizes").exit_code == 1
    assert run(str(folder), "--gate", "sizes", "--accept").output == "0 findings\n"
    assert json.loads((folder / "sizes.json").read_text())["Box"] > SIZES["Box"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("cotracts = 'src'", "[tool.zklink.lab] has no setting cotracts; there are contracts, tests,"),
        ("contracts = 'src'", "there is no folder src"),
        ("helpers = 'testing'", "[tool.zklink.lab] helpers is a list of texts, not 'testing'"),
        ("code_limit = true", "[tool.zklink.lab] code_limit is a whole number from 1 on, not True"),
        ("promises = 'none.md'", "there is no file none.md"),
        ("=", "it cannot be read"),
    ],
)
def test_check__settings_that_are_none__one_sentence_and_code_2(folder: Path, settings: str, said: str) -> None:
    (folder / "pyproject.toml").write_text(f"[tool.zklink.lab]\n{settings}\n")
    result = run(str(folder))
    assert result.exit_code == 2
    assert said in result.output
    assert "Traceback" not in result.output


def test_find_findings__gate_that_is_not__is_named(folder: Path) -> None:
    with pytest.raises(NoSuchGate, match="no gate is called lint; there are ascii, pragma,"):
        find_findings(read_project(folder), ("lint",))
