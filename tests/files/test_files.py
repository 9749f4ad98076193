"""Files: what is written is whole or not there at all, on a disk that fails at any place."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen, run

import pytest

from tests.support.full_disk import FailingDisk, install_disk
from zklink.files import lock_file, read_file, write_file
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


HOLD = "import sys; from pathlib import Path; from zklink.files import lock_file; "
HOLD += "lock_file(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"


class TestLock:
    @pytest.fixture
    def other(self, path: Path) -> Iterator[Popen[bytes]]:
        """Another process that has the file."""
        with Popen([sys.executable, "-c", HOLD, str(path)], stdin=PIPE, stdout=PIPE) as process:
            assert process.stdout is not None and process.stdout.readline() == b"held\n"
            yield process

    @pytest.mark.parametrize("is_link", [True, False])
    def test_lock__another_process_has_it__refused_until_that_ends(
        self, path: Path, other: Popen[bytes], is_link: bool
    ) -> None:
        path.write_text(BEFORE)
        name = path.with_name("link") if is_link else path
        if is_link:
            name.symlink_to(path)
        with pytest.raises(FileInUse) as error:
            lock_file(name)
        assert error.value.path == str(name)
        other.communicate()
        lock_file(name)

    @pytest.mark.usefixtures("other")
    def test_lock__another_file_of_the_same_folder__is_free(self, path: Path) -> None:
        lock_file(path.with_name("beside"))

    def test_lock__twice_in_one_process__is_the_same_process(self, path: Path) -> None:
        lock_file(path)
        lock_file(path)
        taken = run([sys.executable, "-c", HOLD, str(path)], stdin=DEVNULL, capture_output=True, check=False)
        assert b"FileInUse" in taken.stderr


def test_write_file__return__synced_before(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The content is synced, and the folder that has the name."""
    disk, synced = install_disk(monkeypatch), list[str]()
    monkeypatch.setattr(disk, "fsync", lambda handle: synced.append(os.readlink(f"/proc/self/fd/{handle}")))
    write_file(path, AFTER)
    assert len(synced) == 2 and synced[1] == str(path.parent)
