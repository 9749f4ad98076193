"""Files: what is written is whole or not there at all, on a disk that fails at any place."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen, run

import pytest

from tests.support.full_disk import FailingDisk, install_disk
from zklink.files import LineFile, read_file, write_file
from zklink.protocol.errors import FileInUse, FileNotWritten, FileUnreadable

BEFORE, AFTER = "the old content\n", "what is to be there\n"


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> FailingDisk:
    return install_disk(monkeypatch)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file"


class TestWriteFile:
    def test_write_file__new_and_again__content_and_nothing_beside_it(self, path: Path) -> None:
        for content in (BEFORE, AFTER):
            write_file(path, content)
            assert path.read_text() == content
        assert list(path.parent.iterdir()) == [path]

    @pytest.mark.parametrize("space", range(len(AFTER)))
    def test_write_file__disk_full_after_some_bytes__old_content_stays(
        self, path: Path, disk: FailingDisk, space: int
    ) -> None:
        path.write_text(BEFORE)
        disk.space = space
        with pytest.raises(FileNotWritten, match="No space left") as error:
            write_file(path, AFTER)
        assert error.value.path == str(path)
        assert path.read_text() == BEFORE
        assert list(path.parent.iterdir()) == [path]

    def test_write_file__disk_full_and_no_old_file__no_file(self, path: Path, disk: FailingDisk) -> None:
        disk.space = 7
        with pytest.raises(FileNotWritten):
            write_file(path, AFTER)
        assert list(path.parent.iterdir()) == []

    def test_write_file__sync_fails__old_content_stays(self, path: Path, disk: FailingDisk) -> None:
        path.write_text(BEFORE)
        disk.is_sync_broken = True
        with pytest.raises(FileNotWritten):
            write_file(path, AFTER)
        assert path.read_text() == BEFORE

    @pytest.mark.parametrize("has_links", [True, False])
    def test_write_file__folder_cannot_be_synced__old_content_and_rights_stay(
        self, path: Path, disk: FailingDisk, has_links: bool
    ) -> None:
        path.write_text(BEFORE)
        path.chmod(0o640)
        disk.is_folder_sync_broken, disk.has_links = True, has_links
        with pytest.raises(FileNotWritten):
            write_file(path, AFTER)
        assert (path.read_text(), path.stat().st_mode & 0o777) == (BEFORE, 0o640)
        assert list(path.parent.iterdir()) == [path]
        disk.mend()
        write_file(path, AFTER)
        assert path.read_text() == AFTER
        assert list(path.parent.iterdir()) == [path]

    def test_write_file__folder_cannot_be_synced_and_no_old_file__no_file(self, path: Path, disk: FailingDisk) -> None:
        disk.is_folder_sync_broken = True
        with pytest.raises(FileNotWritten):
            write_file(path, AFTER)
        assert list(path.parent.iterdir()) == []

    def test_write_file__no_such_folder__says_which_file(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotWritten, match="No such file or directory"):
            write_file(tmp_path / "none" / "file", AFTER)

    def test_write_file__a_folder_in_its_place__typed_error(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotWritten):
            write_file(tmp_path, AFTER)

    def test_write_file__a_link__stays_a_link(self, path: Path) -> None:
        link = path.with_name("link")
        path.write_text(BEFORE)
        link.symlink_to(path)
        write_file(link, AFTER)
        assert link.is_symlink() and path.read_text() == AFTER

    def test_write_file__rights_of_the_old_file__are_kept(self, path: Path) -> None:
        path.write_text(BEFORE)
        path.chmod(0o600)
        write_file(path, AFTER)
        assert path.stat().st_mode & 0o777 == 0o600

    def test_write_file__device__is_written_in_place(self) -> None:
        write_file(Path(os.devnull), AFTER)
        assert Path(os.devnull).is_char_device()


class TestReadFile:
    def test_read_file__text__is_given(self, path: Path) -> None:
        path.write_text(BEFORE)
        assert read_file(path) == BEFORE

    @pytest.mark.parametrize(("content", "position"), [(b"\xff\xfe", 0), (b"good \x80", 5), (b"half \xe2\x82", 5)])
    def test_read_file__garbage__typed_with_file_and_position(self, path: Path, content: bytes, position: int) -> None:
        path.write_bytes(content)
        with pytest.raises(FileUnreadable) as error:
            read_file(path)
        assert (error.value.path, error.value.position) == (str(path), position)

    def test_read_file__missing_or_a_folder__typed(self, path: Path) -> None:
        for wrong in (path, path.parent):
            with pytest.raises(FileUnreadable):
                read_file(wrong)


class TestLineFile:
    def test_append__some_lines__read_back_by_another(self, path: Path) -> None:
        for line in (b"one", b" ", b"three"):
            LineFile(path).append(line)
        assert LineFile(path).lines() == [b"one", b" ", b"three"]

    @pytest.mark.parametrize("space", range(5))
    def test_append__fails_after_some_bytes_then_succeeds__no_half_line_stays(
        self, path: Path, disk: FailingDisk, space: int, caplog: pytest.LogCaptureFixture
    ) -> None:
        file = LineFile(path)
        file.append(b"one")
        disk.space = space
        with pytest.raises(FileNotWritten):
            file.append(b"twoo")
        assert path.read_bytes() == b"one\n"
        assert (str(path) in caplog.text) is (space > 0)
        disk.mend()
        file.append(b"three")
        assert LineFile(path).lines() == [b"one", b"three"]

    @pytest.mark.parametrize("space", [0, 2, None])
    def test_append__the_cut_fails_too__the_next_append_cuts_first(
        self, path: Path, disk: FailingDisk, space: int | None
    ) -> None:
        """Without an end of space the line is whole, but not acknowledged: it must not stay either."""
        file = LineFile(path)
        file.append(b"one")
        disk.space, disk.is_sync_broken, disk.is_cut_broken = space, True, True
        with pytest.raises(FileNotWritten):
            file.append(b"two")
        assert file.lines() == [b"one"]
        disk.mend()
        file.append(b"three")
        assert LineFile(path).lines() == [b"one", b"three"]

    def test_append__folder_cannot_be_synced__nothing_of_it_stays(self, path: Path, disk: FailingDisk) -> None:
        """The name of the file may be lost in a crash, and the line with it: also when it is tried again."""
        file = LineFile(path)
        disk.is_folder_sync_broken = True
        for _ in range(2):
            with pytest.raises(FileNotWritten):
                file.append(b"one")
            assert (file.lines(), path.read_bytes()) == ([], b"")
        disk.mend()
        file.append(b"two")
        assert LineFile(path).lines() == [b"two"]

    @pytest.mark.parametrize("line", [b"", b"a\nb", b"a\0b", b"\0"])
    def test_append__what_a_crash_leaves__is_no_line(self, path: Path, line: bytes) -> None:
        with pytest.raises(AssertionError):
            LineFile(path).append(line)
        assert not path.exists()

    @pytest.mark.parametrize(
        "tail",
        [
            *(b"\n", b"\n\n\n", b"\0\0\n", b"\0\ntwo\0\n", b"\0\0tail of a line\n", b"two\0\n", b"\n\0\n\0"),
            *(b"\0\n" * 100_000, b"\n" * 1_000_000, b"\0" * 1_000_000 + b"\n", b"x\0y\n" * 100_000),
        ],
        ids=lambda tail: f"{tail[:8]!r}-{len(tail)}",
    )
    @pytest.mark.parametrize("before", [b"", b"one\n", b"one\n\ntwo\n"])
    def test_open__empty_lines_and_nuls_at_the_end__are_cut(
        self, path: Path, before: bytes, tail: bytes, caplog: pytest.LogCaptureFixture
    ) -> None:
        path.write_bytes(before + tail)
        file = LineFile(path)
        assert path.read_bytes() == before
        assert f"the last {len(tail)} bytes" in caplog.text
        file.append(b"new")
        assert path.read_bytes() == before + b"new\n"

    @pytest.mark.parametrize("half", [b"tw", b"\0\0\0", b"\xff\xfe", b"x" * 200_000])
    def test_open__half_a_line_at_the_end__is_cut_and_said(
        self, path: Path, half: bytes, caplog: pytest.LogCaptureFixture
    ) -> None:
        path.write_bytes(b"one\n" + half)
        assert LineFile(path).lines() == [b"one"]
        assert path.read_bytes() == b"one\n"
        assert f"the last {len(half)} bytes" in caplog.text

    def test_open__nothing_but_half_a_line__is_empty(self, path: Path) -> None:
        path.write_bytes(b"half")
        assert LineFile(path).lines() == []

    def test_append__half_a_line_of_another_process__is_cut_first(self, path: Path) -> None:
        file = LineFile(path)
        path.write_bytes(b"one\nha")
        file.append(b"two")
        assert file.lines() == [b"one", b"two"]

    def test_replace__disk_full__all_old_lines_stay(self, path: Path, disk: FailingDisk) -> None:
        file = LineFile(path)
        for line in (b"one", b"two"):
            file.append(line)
        disk.space = 2
        with pytest.raises(FileNotWritten):
            file.replace([b"one"])
        assert LineFile(path).lines() == [b"one", b"two"]


HOLD = "import sys; from pathlib import Path; from zklink.files import LineFile; "
HOLD += "file = LineFile(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"


class TestLock:
    @pytest.fixture
    def other(self, path: Path) -> Iterator[Popen[bytes]]:
        """Another process that has the file open."""
        with Popen([sys.executable, "-c", HOLD, str(path)], stdin=PIPE, stdout=PIPE) as process:
            assert process.stdout is not None and process.stdout.readline() == b"held\n"
            yield process

    @pytest.mark.parametrize("is_link", [True, False])
    def test_open__another_process_has_it__refused_and_nothing_is_cut(
        self, path: Path, other: Popen[bytes], is_link: bool
    ) -> None:
        path.write_bytes(b"one\nha")
        name = path.with_name("link") if is_link else path
        if is_link:
            name.symlink_to(path)
        with pytest.raises(FileInUse) as error:
            LineFile(name)
        assert error.value.path == str(name)
        assert path.read_bytes() == b"one\nha"
        other.communicate()
        assert LineFile(name).lines() == [b"one"]

    @pytest.mark.usefixtures("other")
    def test_open__another_file_of_the_same_folder__is_free(self, path: Path) -> None:
        LineFile(path.with_name("beside")).append(b"one")

    def test_open__twice_in_one_process__is_the_same_process(self, path: Path) -> None:
        first = LineFile(path)
        LineFile(path).append(b"one")
        first.append(b"two")
        first.replace([b"one", b"two", b"three"])
        assert LineFile(path).lines() == [b"one", b"two", b"three"]
        taken = run([sys.executable, "-c", HOLD, str(path)], stdin=DEVNULL, capture_output=True, check=False)
        assert b"FileInUse" in taken.stderr


def test_append_and_write__return__synced_before(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each call syncs the content, and the folder that has the name: of a list of lines first, for a line that was
    written must never be taken back.
    """
    disk, synced = install_disk(monkeypatch), list[str]()
    monkeypatch.setattr(disk, "fsync", lambda handle: synced.append(os.readlink(f"/proc/self/fd/{handle}")))
    LineFile(path).append(b"one")
    assert synced == [str(path.parent), str(path)]
    synced.clear()
    write_file(path, AFTER)
    assert len(synced) == 2 and synced[1] == str(path.parent)
