"""Ceremonies with snarkjs: three contributors, a cheat, files that are broken, a contribution that is cut off."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import pytest
from click.testing import CliRunner

import zklink.cli.ceremony as command
from tests.support.foreign_circuit import chain_source
from tests.support.small_ptau import ensure_ptau
from zklink.protocol.errors import CeremonyBroken, CeremonyRefused, ToolFailed
from zklink.prover.build import CompiledCircuit, ensure_compiled
from zklink.prover.ceremony import snarkjs_steps, steps
from zklink.prover.ceremony.beacon_source import parse_source
from zklink.prover.ceremony.transcript import FILE, Made, Step, Transcript, hash_file, read_transcript
from zklink.prover.key_folder import check_key_files
from zklink.prover.sections import find_sections
from zklink.prover.tools import Tools, ensure_tools

RANDOMNESS = "0102030405060708090a0b0c0d0e0f10" * 2
ANNOUNCED = "block:1:25000000"
NAMES = ("first", "second person", "third")


@dataclass
class Rehearsal:
    """A ceremony in a folder, and whoever checks it."""

    folder: Path
    circuits: Sequence[CompiledCircuit]
    ptau: Path
    blake2b: str

    def begin(self) -> None:
        steps.begin(ensure_tools(), self.folder, self.circuits, self.ptau, self.blake2b, ANNOUNCED, str)

    def contribute(self, name: str) -> Step:
        return steps.contribute(ensure_tools(), self.folder, name, str)

    def verify(self, mine: str = "") -> Transcript:
        return steps.verify(ensure_tools(), self.folder, self.circuits, self.ptau, str, [mine] if mine else [])

    def key(self, number: int) -> Path:
        return read_transcript(self.folder).key_path(self.folder, number, self.circuits[0].name)

    def copy(self, folder: Path) -> "Rehearsal":
        shutil.copytree(self.folder, folder)
        return replace(self, folder=folder)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Rehearsal:
    """A small circuit, three contributions, no beacon yet; tests take copies."""
    ptau, blake2b = ensure_ptau(6)
    folder = tmp_path_factory.mktemp("ceremony") / "c"
    found = Rehearsal(folder, [ensure_compiled(chain_source(20))], ptau, blake2b)
    found.begin()
    for name in NAMES:
        found.contribute(name)
    return found


@pytest.fixture
def rehearsal(done: Rehearsal, tmp_path: Path) -> Rehearsal:
    return done.copy(tmp_path / "mine")


@pytest.mark.slow
def test_ceremony__three_contributors_and_a_beacon__keys_that_are_none_of_development(
    rehearsal: Rehearsal, tmp_path: Path
) -> None:
    found = rehearsal.verify()
    assert [step.name for step in found.steps] == [steps.FIRST, *NAMES]
    out = tmp_path / "keys"
    arguments = ensure_tools(), rehearsal.folder, rehearsal.circuits, rehearsal.ptau, out, RANDOMNESS, str
    with pytest.raises(CeremonyRefused, match="the beacon is not in yet"):
        steps.finish(*arguments)
    steps.add_beacon(ensure_tools(), rehearsal.folder, RANDOMNESS, 10, str)
    (artifacts,) = steps.finish(*arguments).values()
    assert not artifacts.is_development and artifacts.vk.gamma != artifacts.vk.delta
    assert check_key_files(out, artifacts.name) == (artifacts.zkey, artifacts.vk_path)
    assert json.loads((out / FILE).read_text())["steps"][-1]["beacon"] == RANDOMNESS
    with pytest.raises(CeremonyRefused, match="the beacon is in"):
        rehearsal.contribute("late")
    with pytest.raises(CeremonyRefused, match="the beacon is in"):
        steps.add_beacon(ensure_tools(), rehearsal.folder, RANDOMNESS, 10, str)


@pytest.mark.slow
def test_verify__a_contribution_is_replaced_with_its_line__the_last_key_betrays_it(
    rehearsal: Rehearsal, tmp_path: Path
) -> None:
    cheat = rehearsal.copy(tmp_path / "cheat")
    found = read_transcript(cheat.folder)
    replace(found, steps=found.steps[:2]).write(cheat.folder)
    forged = cheat.contribute("second person")
    replace(found, steps=(*found.steps[:2], forged, found.steps[3])).write(cheat.folder)
    with pytest.raises(CeremonyBroken, match="the contribution of second person is not in it"):
        cheat.verify()


@pytest.mark.slow
def test_verify__everything_after_the_first_is_made_anew__whoever_was_left_out_knows_its_hash(
    rehearsal: Rehearsal, tmp_path: Path
) -> None:
    honest = read_transcript(rehearsal.folder).steps[3].keys[rehearsal.circuits[0].name].contribution
    cheat = rehearsal.copy(tmp_path / "cheat")
    found = read_transcript(cheat.folder)
    replace(found, steps=found.steps[:3]).write(cheat.folder)
    cheat.contribute("third")
    cheat.verify()
    with pytest.raises(CeremonyBroken, match=f"contribution {honest} is not in it"):
        cheat.verify(mine=honest)
    rehearsal.verify(mine=honest)


@pytest.mark.slow
def test_verify__a_contribution_is_left_out_of_the_transcript__counted(rehearsal: Rehearsal) -> None:
    found, name = read_transcript(rehearsal.folder), rehearsal.circuits[0].name
    rehearsal.key(3).replace(rehearsal.key(2))
    kept = replace(found.steps[2].keys[name], sha256=found.steps[3].keys[name].sha256)
    replace(found, steps=(*found.steps[:2], replace(found.steps[2], keys={name: kept}))).write(rehearsal.folder)
    with pytest.raises(CeremonyBroken, match="it has 3 contributions, and the transcript lists 2"):
        rehearsal.verify()


@pytest.mark.slow
@pytest.mark.parametrize("number", range(4))
def test_verify__a_broken_file__named_with_who_made_it(rehearsal: Rehearsal, number: int) -> None:
    path = rehearsal.key(number)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(CeremonyBroken, match=r"it is not the file that .* has made") as caught:
        rehearsal.verify()
    assert caught.value.place == str(path)
    if number == 3:
        with pytest.raises(CeremonyBroken, match="third has made"):
            rehearsal.contribute("fourth")
    path.unlink()
    with pytest.raises(CeremonyBroken, match="No such file"):
        rehearsal.verify()


@pytest.mark.slow
def test_verify__a_key_that_no_contribution_made__snarkjs_refuses_it(rehearsal: Rehearsal) -> None:
    path, found = rehearsal.key(3), read_transcript(rehearsal.folder)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    name = rehearsal.circuits[0].name
    forged = replace(found.steps[3], keys={name: replace(found.steps[3].keys[name], sha256=hash_file(path))})
    replace(found, steps=(*found.steps[:3], forged)).write(rehearsal.folder)
    with pytest.raises(CeremonyBroken, match=r"no key of this circuit|does not verify"):
        rehearsal.verify()


@pytest.mark.slow
def test_contribute__cut_off_in_the_middle__begun_anew_as_if_nothing_was(
    rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = read_transcript(rehearsal.folder)

    def cut(arguments: list[str], **options: object) -> str:
        Path(arguments[4]).write_bytes(b"zkey, half of it")
        raise ToolFailed("cli.cjs", "killed")

    with monkeypatch.context() as patch:
        patch.setattr(snarkjs_steps, "run_node", cut)
        with pytest.raises(ToolFailed):
            rehearsal.contribute("fourth")
    assert read_transcript(rehearsal.folder) == before and not rehearsal.key(4).exists()
    rehearsal.contribute("fourth")
    assert len(rehearsal.verify().steps) == 5


@pytest.mark.slow
@pytest.mark.parametrize("name", ["", "first", steps.BEACON, steps.FIRST, "a\nb", "x" * 65, "-e=1"])
def test_contribute__a_name_that_is_none__refused(rehearsal: Rehearsal, name: str) -> None:
    with pytest.raises(CeremonyRefused):
        rehearsal.contribute(name)


@pytest.mark.slow
def test_begin__other_powers_of_tau_or_a_folder_in_use__refused(rehearsal: Rehearsal, tmp_path: Path) -> None:
    with pytest.raises(CeremonyRefused, match="not empty"):
        rehearsal.begin()
    with pytest.raises(CeremonyBroken, match="BLAKE2b"):
        replace(rehearsal, folder=tmp_path / "new", blake2b="00" * 64).begin()
    assert not (tmp_path / "new").exists()
    longer = tmp_path / "longer.ptau"
    longer.write_bytes(rehearsal.ptau.read_bytes() + b"\0")
    with pytest.raises(CeremonyBroken, match="bytes"):
        replace(rehearsal, ptau=longer).verify()


@pytest.mark.slow
def test_verify__other_circuits__refused(rehearsal: Rehearsal) -> None:
    with pytest.raises(CeremonyBroken, match="not those that the sources here give"):
        replace(rehearsal, circuits=[ensure_compiled(chain_source(19))]).verify()


@pytest.mark.slow
def test_beacon__nobody_has_contributed_or_no_randomness__refused(rehearsal: Rehearsal) -> None:
    for randomness in ("", "0102", "xyz" * 10, RANDOMNESS + "00", "00" * 32, RANDOMNESS.upper()):
        with pytest.raises(CeremonyRefused, match=r"32 bytes in hex.* the hash of block 25000000"):
            steps.add_beacon(ensure_tools(), rehearsal.folder, randomness, 10, str)
    found = read_transcript(rehearsal.folder)
    replace(found, steps=found.steps[:1]).write(rehearsal.folder)
    with pytest.raises(CeremonyRefused, match="nobody has contributed"):
        steps.add_beacon(ensure_tools(), rehearsal.folder, RANDOMNESS, 10, str)


def run_commands(folder: Path, out: Path, preset_ptau: tuple[Path, str]) -> None:
    """From init to finish by commands, with one circuit of `minimal`."""
    (ptau, blake2b), announced = preset_ptau, ("--beacon", ANNOUNCED)

    def run(*arguments: str) -> str:
        found = CliRunner().invoke(command.ceremony, list(arguments))
        assert found.exit_code == 0, (found.output, found.exception)
        return found.output

    run(
        "init",
        str(folder),
        "--preset",
        "minimal",
        "--only",
        "exit",
        "--ptau",
        str(ptau),
        *announced,
        "--blake2b",
        blake2b,
    )
    said = [run("contribute", str(folder), "--name", name) for name in NAMES]
    mine = said[1].split("contribution ")[1].split()[0]
    run("beacon", str(folder), "--randomness", RANDOMNESS)
    shown = run("verify", str(folder), "--ptau", str(ptau), "--mine", mine)
    assert f"announced as {ANNOUNCED}" in shown and "compare the beacon with the hash of block 25000000" in shown
    assert "2. second person" in shown and mine in shown and f"4. beacon, public: {RANDOMNESS}" in shown
    assert "development: False" in run(
        "finish", str(folder), "--ptau", str(ptau), "--out", str(out), "--value", f"0x{RANDOMNESS}"
    )


@pytest.mark.slow
def test_commands__a_small_circuit__from_init_to_finish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "circuit_source", lambda statement, preset: chain_source(20))
    run_commands(tmp_path / "c", tmp_path / "keys", ensure_ptau(6))
    assert check_key_files(tmp_path / "keys", chain_source(20).name)


TRANSCRIPT = Transcript({"a": "11"}, "22", 3, (Step(steps.FIRST, {"a": Made("33")}),), ANNOUNCED)


def test_transcript__written_and_read__the_same(tmp_path: Path) -> None:
    found = TRANSCRIPT.add(Step("one", {"a": Made("44", "55")})).add(Step("beacon", {"a": Made("66", "77")}, "ff", 10))
    found.write(tmp_path)
    assert read_transcript(tmp_path) == found and found.is_closed and not TRANSCRIPT.is_closed


def spoil(change: Callable[[dict[str, object]], object], folder: Path) -> None:
    TRANSCRIPT.write(folder)
    data = json.loads((folder / FILE).read_text())
    change(data)
    (folder / FILE).write_text(json.dumps(data))


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.update(format="other"),
        lambda data: data.update(steps=[]),
        lambda data: data.pop("ptau_bytes"),
        lambda data: data.pop("announced"),
        lambda data: data.update(circuits={"b": "1"}),
        lambda data: data.update(steps=3),
    ],
)
def test_read_transcript__it_is_none__named(change: Callable[[dict[str, object]], object], tmp_path: Path) -> None:
    spoil(change, tmp_path)
    with pytest.raises(CeremonyBroken, match="it is no transcript"):
        read_transcript(tmp_path)
    (tmp_path / FILE).unlink()
    with pytest.raises(CeremonyBroken, match="it is no transcript"):
        read_transcript(tmp_path)


def take_over(rehearsal: Rehearsal, names: Sequence[str], make: Callable[[Path, Path], str]) -> Transcript:
    """Throw all contributions away, make one key by `make`, and list it once under each of the names."""
    found, circuit = read_transcript(rehearsal.folder), rehearsal.circuits[0].name
    key = rehearsal.folder / "0001" / f"{circuit}.zkey"
    key.unlink()
    contribution = make(rehearsal.key(0), key)
    made = {circuit: Made(hash_file(key), contribution)}
    return replace(found, steps=(found.steps[0], *(Step(name, made) for name in names)))


def spell_contribution(number: int, name: str, contribution: str) -> str:
    words = [contribution[at : at + 8] for at in range(0, 128, 8)]
    return f"contribution #{number} {name}:\n" + "".join(f"\t\t{' '.join(words[i : i + 4])}\n" for i in range(0, 16, 4))


@pytest.mark.slow
def test_verify__a_name_in_the_key_that_prints_another_contribution__refused(rehearsal: Rehearsal) -> None:
    """One contribution by a cheat, whose name has snarkjs print the first contributor's hash in place of its own."""
    first = read_transcript(rehearsal.folder).steps[1].keys[rehearsal.circuits[0].name].contribution

    def make(before: Path, key: Path) -> str:
        forged, name = f"x\n{spell_contribution(1, NAMES[0], first)}.".encode(), b"n" * 8
        snarkjs_steps.contribute(ensure_tools(), before, key, name.decode(), "00")
        data = bytearray(key.read_bytes())
        place, size = find_sections(key, b"zkey")[10]
        at = data.index(bytes([1, len(name)]) + name, place)
        more = len(forged) - len(name)
        data[at : at + 2 + len(name)] = bytes([1, len(forged)]) + forged
        data[at - 4 : at] = (2 + len(forged)).to_bytes(4, "little")
        data[place - 8 : place] = (size + more).to_bytes(8, "little")
        key.write_bytes(bytes(data))
        return first

    take_over(rehearsal, NAMES[:1], make).write(rehearsal.folder)
    with pytest.raises(CeremonyBroken, match="is no name"):
        rehearsal.verify(mine=first)


@pytest.mark.slow
def test_verify__a_secret_contribution_is_called_the_beacon__refused(rehearsal: Rehearsal) -> None:
    found, circuit = read_transcript(rehearsal.folder), rehearsal.circuits[0].name
    key = rehearsal.folder / "0004" / f"{circuit}.zkey"
    contribution = snarkjs_steps.contribute(ensure_tools(), rehearsal.key(3), key, steps.BEACON, "00")
    made = {circuit: Made(hash_file(key), contribution)}
    found.add(Step(steps.BEACON, made, RANDOMNESS, 10)).write(rehearsal.folder)
    with pytest.raises(CeremonyBroken, match="another beacon in it, or none: secret"):
        rehearsal.verify()


@pytest.mark.slow
def test_verify__another_randomness_than_the_transcript_says__refused(rehearsal: Rehearsal) -> None:
    steps.add_beacon(ensure_tools(), rehearsal.folder, "0f1e" * 16, 10, str)
    found = read_transcript(rehearsal.folder)
    replace(found, steps=(*found.steps[:-1], replace(found.steps[-1], beacon=RANDOMNESS))).write(rehearsal.folder)
    with pytest.raises(CeremonyBroken, match="another beacon in it"):
        rehearsal.verify()


@pytest.mark.parametrize("text", [ANNOUNCED, f"drand:{'0a' * 32}:4000000"])
def test_parse_source__announced_as_it_should_be__says_where_its_value_is(text: str) -> None:
    assert parse_source(text).text == text and text.rsplit(":", 1)[1] in parse_source(text).help


@pytest.mark.parametrize(
    "text", ["", "block:1", "block:0:5", "block:1:-5", "drand:ab:5", "the next block", f"{ANNOUNCED}\n"]
)
def test_parse_source__no_source__refused(text: str) -> None:
    with pytest.raises(CeremonyRefused, match="announces no beacon"):
        parse_source(text)


def close(folder: Path, beacon: str, announced: str = ANNOUNCED) -> None:
    made = {"a": Made("66", "77")}
    one = TRANSCRIPT.add(Step("one", {"a": Made("44", "55")})).add(Step(steps.BEACON, made, beacon, 10))
    replace(one, announced=announced).write(folder)


@pytest.mark.parametrize(
    ("beacon", "announced", "value", "said"),
    [
        (RANDOMNESS, ANNOUNCED, "ff" * 32, "the announced source block:1:25000000 has given ff"),
        ("ff" * 16, ANNOUNCED, "", "32 bytes in hex"),
        (RANDOMNESS, "whatever I like", "", "announces no beacon"),
    ],
)
def test_verify__another_beacon_than_announced__named_before_anything_is_computed(
    tmp_path: Path, beacon: str, announced: str, value: str, said: str
) -> None:
    close(tmp_path, beacon, announced)
    tools, nothing = cast("Tools", None), tmp_path / "none.ptau"
    with pytest.raises(CeremonyBroken, match=said):
        steps.verify(tools, tmp_path, [], nothing, str, value=value)
    with pytest.raises(CeremonyBroken, match=said):
        steps.finish(tools, tmp_path, [], nothing, tmp_path / "out", value or RANDOMNESS, str)


def test_verify__a_value_and_no_beacon_yet__said(tmp_path: Path) -> None:
    TRANSCRIPT.write(tmp_path)
    with pytest.raises(CeremonyBroken, match="it has no beacon yet"):
        steps.verify(cast("Tools", None), tmp_path, [], tmp_path / "none.ptau", str, value=RANDOMNESS)


def write_transcript(folder: Path, circuit: str) -> Path:
    """A ceremony's first line, of a circuit of this name."""
    folder.mkdir()
    step = Step(steps.FIRST, {circuit: Made("00" * 32)})
    Transcript({circuit: "00" * 32}, "00" * 64, 1, (step,), ANNOUNCED).write(folder)
    return folder


def test_verify__somebody_has_announced_another_source_afterwards__is_named(tmp_path: Path) -> None:
    """Who may choose among several blocks chooses the beacon; the folder alone does not say what was announced."""
    folder, tools = write_transcript(tmp_path / "c", "exit"), cast(Tools, None)
    with pytest.raises(CeremonyBroken, match="it was announced as block:1:24999999"):
        steps.verify(tools, folder, [], tmp_path / "none", str, announced="block:1:24999999")
    with pytest.raises(FileNotFoundError):
        steps.verify(tools, folder, [], tmp_path / "none", str, announced=ANNOUNCED)


@pytest.mark.parametrize("circuit", ["../../elsewhere", "a/b", "/tmp/x", ".hidden", "", "x\n"])
def test_read__a_circuit_whose_name_is_a_way_to_other_folders__refused(tmp_path: Path, circuit: str) -> None:
    """A contributor works in a folder that somebody else has sent, and keys are written under these names."""
    with pytest.raises(CeremonyBroken, match="a circuit's name is no file's"):
        read_transcript(write_transcript(tmp_path / "c", circuit))
