"""Keys: one a collection, none twice, none comes back; made privately and destroyed for good."""

import fcntl
import os
import re
import resource
import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import COLLECTION
from gp_level_data.command_line import main
from gp_level_data.custody import keys, store
from gp_level_data.refusal import Refusal

OTHER = "gpdpr"


@pytest.fixture
def key_dir(tmp_path: Path) -> Path:
    """A folder with the keys of a collection and of the store."""
    for name in (COLLECTION, *keys.OF_DATABASES):
        assert keys.new_key(tmp_path / "keys", name)
    return tmp_path / "keys"


def command(action: str, key_dir: Path, *options: str) -> int:
    return main(["keys", action, "--key-dir", str(key_dir), *options])


def permissions(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o377, 0o777])
def test_only_the_owner_may_read(tmp_path: Path, umask: int) -> None:
    """Flags permissions that depend on the shell the command was typed into."""
    before = os.umask(umask)
    try:
        keys.new_key(tmp_path / "keys", COLLECTION)
    finally:
        os.umask(before)
    assert permissions(tmp_path / "keys") == 0o700
    left = sorted((tmp_path / "keys").iterdir())
    assert [path.name for path in left] == [f"{COLLECTION}.key", keys.REGISTER]
    assert {permissions(path) for path in left} == {0o600}


def test_a_folder_that_others_write_to(tmp_path: Path, key_dir: Path) -> None:
    """Flags keys that somebody else could replace by their own."""
    key_dir.chmod(0o770)
    for use in (keys.new_key, keys.read_key):
        with pytest.raises(Refusal, match="chmod 700"):
            use(key_dir, COLLECTION)


def test_a_key_is_whole_or_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flags a half-written key that `keys new` would keep for ever after."""

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(Refusal, match="cannot be made"):
        keys.new_key(tmp_path / "keys", COLLECTION)
    assert not list((tmp_path / "keys").iterdir())


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_fingerprints(key: bytes, other: bytes) -> None:
    """Flags a fingerprint that holds a digit, does not tell keys apart, or holds a piece of the key."""
    printed = keys.fingerprint(key)
    assert re.fullmatch("[a-p]{16}", printed)
    assert (printed == keys.fingerprint(other)) == (key == other)
    key_in_letters = key.hex().translate(keys.LETTERS)
    assert printed not in key_in_letters


def test_two_names_never_share_a_key(key_dir: Path) -> None:
    """Flags one key for two collections, or for a collection and the store."""
    for name, of in ((OTHER, COLLECTION), (OTHER, keys.STORE_KEY)):
        path = keys.key_file(key_dir, name)
        path.write_bytes(keys.key_file(key_dir, of).read_bytes())
        path.chmod(0o600)
        with pytest.raises(Refusal, match=f"is that of {of}"):
            keys.read_key(key_dir, name)
    store_key = keys.key_file(key_dir, keys.STORE_KEY)
    store_key.write_bytes(keys.key_file(key_dir, COLLECTION).read_bytes())
    with pytest.raises(Refusal, match=f"is that of {COLLECTION}"):
        keys.read_key(key_dir, keys.STORE_KEY)


def test_also_where_the_other_key_is_destroyed(key_dir: Path) -> None:
    """Flags a key that outlives its destruction as another collection's, or comes back as its own."""
    copy = keys.key_file(key_dir, COLLECTION).read_bytes()
    keys.destroy_key(key_dir, COLLECTION)
    for name, says in ((OTHER, f"is that of {COLLECTION}"), (COLLECTION, "was destroyed and has come back")):
        path = keys.key_file(key_dir, name)
        path.write_bytes(copy)
        path.chmod(0o600)
        with pytest.raises(Refusal, match=says):
            keys.read_key(key_dir, name)


def test_keys_laid_down_by_hand_are_claimed(tmp_path: Path) -> None:
    """Flags a key that was never registered, and so could be used under every name in turn."""
    for name in (COLLECTION, OTHER):
        keys.key_file(tmp_path, name).write_bytes(bytes(range(32)))
        keys.key_file(tmp_path, name).chmod(0o600)
    keys.claim_key(tmp_path, COLLECTION)
    keys.claim_key(tmp_path, COLLECTION)
    assert [entry.name for entry in keys.register(tmp_path)] == [COLLECTION]
    with pytest.raises(Refusal, match=f"is that of {COLLECTION}"):
        keys.claim_key(tmp_path, OTHER)


def test_the_register_holds_no_key(key_dir: Path) -> None:
    """Flags key material in the one file of the folder that may be shown."""
    content = (key_dir / keys.REGISTER).read_bytes()
    key = keys.read_key(key_dir, COLLECTION)
    is_told = any(piece in content.lower() for piece in (key[:4], key.hex()[:8].encode()))
    assert not is_told and not re.search(rb"\d{3}", content)


@pytest.mark.parametrize("text", ["made,a\n", "lost,a,b\n", "\xff"])
def test_a_spoilt_register(key_dir: Path, text: str) -> None:
    """Flags a register that forgets in silence."""
    (key_dir / keys.REGISTER).write_text(text, encoding="latin-1")
    with pytest.raises(Refusal, match="register of keys"):
        keys.read_key(key_dir, COLLECTION)


def test_a_register_whose_last_line_has_no_end(key_dir: Path) -> None:
    """Flags two entries on one line, after an editor or a torn write took the last newline: a register lost for good."""
    path = key_dir / keys.REGISTER
    before = keys.register(key_dir)
    path.write_bytes(path.read_bytes().removesuffix(b"\n"))
    assert keys.new_key(key_dir, OTHER)
    assert [entry.name for entry in keys.register(key_dir)] == [*(entry.name for entry in before), OTHER]


def test_a_register_on_a_full_disk(key_dir: Path) -> None:
    """Flags half a line, after which no key can be read, and so no store opened or destroyed."""
    before = keys.register(key_dir)
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, ((key_dir / keys.REGISTER).stat().st_size + 10, most))
    try:
        with pytest.raises(Refusal, match="cannot be written: File too large"):
            keys.destroy_key(key_dir, COLLECTION)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    assert keys.register(key_dir) == before
    assert keys.read_key(key_dir, COLLECTION)


@pytest.mark.parametrize("name", ["../other", "A", "", "a b", "/etc/a"])
def test_names(key_dir: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Flags a name that leads out of the folder."""
    assert command("destroy", key_dir, "--key", name) == 1
    assert command("new", key_dir, "--collection", name) == 1
    assert "lower-case letters" in capsys.readouterr().err


def test_no_collection_is_called_like_the_store(key_dir: Path) -> None:
    """Flags a collection whose pseudonyms would hang on the key that both runs have."""
    assert command("new", key_dir, "--collection", keys.STORE_KEY) == 1


# ---- the end of a key ---------------------------------------------------------------------------


def test_destroy(key_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Flags a key that is deleted and not overwritten, or promised to be gone where nobody knows."""
    path = keys.key_file(key_dir, COLLECTION)
    key = path.read_bytes()
    second_name = key_dir / "second_name"
    os.link(path, second_name)
    assert command("destroy", key_dir, "--key", COLLECTION) == 0
    said = capsys.readouterr().out
    assert not path.exists()
    is_overwritten = len(second_name.read_bytes()) == 32 and key not in second_name.read_bytes()
    assert is_overwritten
    for warning in ("SSD", "backups", "still going"):
        assert warning in said
    assert keys.fingerprint(key) in said


def test_destroying_twice(key_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Flags a second call that claims a destruction which it did not do, or a typing error that passes."""
    command("destroy", key_dir, "--key", COLLECTION)
    before = (key_dir / keys.REGISTER).read_bytes()
    capsys.readouterr()
    assert command("destroy", key_dir, "--key", COLLECTION) == 1
    assert "was destroyed before" in capsys.readouterr().err
    assert command("destroy", key_dir, "--key", OTHER) == 1
    assert "Nothing was destroyed" in capsys.readouterr().err
    assert (key_dir / keys.REGISTER).read_bytes() == before


def test_a_destruction_cut_short_is_taken_up_again(key_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flags a crash after which the key is there, trusted, and thought to be gone."""
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):

        def crash(_: Path) -> None:
            raise KeyboardInterrupt

        patched.setattr(Path, "unlink", crash)
        keys.destroy_key(key_dir, COLLECTION)
    assert keys.is_destroyed(key_dir, COLLECTION)
    keys.destroy_key(key_dir, COLLECTION)
    assert not keys.key_file(key_dir, COLLECTION).exists()


def test_a_link_is_not_followed(key_dir: Path, tmp_path: Path) -> None:
    """Flags a destruction that empties a file somewhere else."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"precious")
    keys.key_file(key_dir, OTHER).symlink_to(elsewhere)
    with pytest.raises(Refusal, match="cannot be destroyed"):
        keys.destroy_key(key_dir, OTHER)
    assert elsewhere.read_bytes() == b"precious"


def test_a_stray_copy_does_not_condemn_the_original(key_dir: Path) -> None:
    """Flags a copy under another name whose destruction makes the register refuse the real one."""
    keys.key_file(key_dir, OTHER).write_bytes(keys.key_file(key_dir, COLLECTION).read_bytes())
    keys.destroy_key(key_dir, OTHER)
    assert keys.read_key(key_dir, COLLECTION)


def test_a_new_key_after_the_old_one(key_dir: Path) -> None:
    """Flags a rotation that is refused, or that gives the same key again."""
    old = keys.destroy_key(key_dir, COLLECTION)
    assert keys.new_key(key_dir, COLLECTION)
    is_new = keys.fingerprint(keys.read_key(key_dir, COLLECTION)) != old
    assert is_new and not keys.is_destroyed(key_dir, COLLECTION)


def test_show_fingerprint(key_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Flags a list that shows a key, or hides one that is gone."""
    keys.new_key(key_dir, OTHER)
    destroyed = keys.destroy_key(key_dir, OTHER)
    keys.new_key(key_dir, "care_data")
    keys.key_file(key_dir, "care_data").unlink()
    capsys.readouterr()
    assert command("show-fingerprint", key_dir) == 0
    printed = capsys.readouterr().out
    assert f"{destroyed}  {OTHER}  destroyed" in printed
    assert "care_data  not in this folder" in printed
    key = keys.read_key(key_dir, COLLECTION)
    assert f"{keys.fingerprint(key)}  {COLLECTION}  in this folder" in printed
    assert key.hex() not in printed
    assert command("show-fingerprint", key_dir / "nowhere") == 1


def test_a_store_held_by_a_run_whose_command_was_killed(tmp_path: Path) -> None:
    """Flags a sentence that sends the reader to look for a process that has ended."""
    ended = subprocess.Popen(["true"])
    ended.wait()
    for holder, said in ((os.getpid(), f", process {os.getpid()}: wait"), (ended.pid, "which has ended while the run")):
        (tmp_path / ".lock").write_text(f"{holder}\n")
        with (tmp_path / ".lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with pytest.raises(Refusal, match=said):
                store.lock(tmp_path)
