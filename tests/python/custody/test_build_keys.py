"""A build that comes to nothing leaves no key behind, and one with a wrong key ends before dbt starts."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from conftest import COLLECTION, Folders, copy_store
from gp_level_data.commands import build
from gp_level_data.custody import keys, proof, store
from gp_level_data.nets import proving
from gp_level_data.project import SAMPLE
from gp_level_data.refusal import Refusal


def chosen(store_dir: Path, key_dir: Path, variables: str = "") -> SimpleNamespace:
    return SimpleNamespace(
        raw_dir=SAMPLE, key_dir=key_dir, store_dir=store_dir, vars=variables, unit_tests=False, verbose=False
    )


@pytest.fixture
def no_dbt(monkeypatch: pytest.MonkeyPatch) -> None:
    """The code counts as proved, and dbt fails as soon as it is started."""

    def fails(*_: object, **__: object) -> None:
        raise Refusal("dbt was started, and failed")

    monkeypatch.setattr(proving, "ensure", lambda _: None)
    monkeypatch.setattr(build, "dbt", fails)


@pytest.mark.usefixtures("no_dbt")
def test_a_build_that_fails_leaves_no_key(tmp_path: Path) -> None:
    """Flags keys of a build that came to nothing, and a folder that is still the sample's."""
    with pytest.raises(Refusal, match="dbt was started"):
        build.run(chosen(tmp_path / "store", tmp_path / "keys"))
    assert set(keys.names(tmp_path / "keys")) <= {proof.KEY}
    assert not keys.is_for_sample(tmp_path / "keys")
    assert keys.new_key(tmp_path / "keys", COLLECTION)


@pytest.mark.usefixtures("no_dbt")
def test_a_build_that_is_refused_leaves_no_key(built: Folders, tmp_path: Path) -> None:
    """Another collection's, in a store that is taken, would make `destroy` refuse."""
    copy = copy_store(built, tmp_path)
    shutil.copytree(built.keys, tmp_path / "keys")
    before = sorted(keys.names(tmp_path / "keys"))
    with pytest.raises(Refusal, match="a STORE_DIR of its own"):
        build.run(chosen(copy.store, tmp_path / "keys", "{collection: gpdpr}"))
    assert sorted(keys.names(tmp_path / "keys")) == before


@pytest.mark.usefixtures("no_dbt")
@pytest.mark.parametrize(
    ("collected_at", "says"),
    [
        ("2017-04-02T08:59:59+01:00", "one of before would not be compared with what that has shown"),
        ("2017-04-02T09:30:00+02:00", "one of before would not be compared with what that has shown"),
        ("2017-04-02T08:00:00Z", "dbt was started"),
        ("2017-07-02T09:00:00+01:00", "dbt was started"),
    ],
)
def test_history_goes_forwards(built: Folders, tmp_path: Path, collected_at: str, says: str) -> None:
    """Flags an earlier collection in the place of a later one: what the later one showed would be forgotten."""
    copy = copy_store(built, tmp_path)
    shutil.copytree(built.keys, tmp_path / "keys")
    with pytest.raises(Refusal, match=says):
        build.run(chosen(copy.store, tmp_path / "keys", f'{{collected_at: "{collected_at}"}}'))


@pytest.mark.usefixtures("no_dbt")
def test_a_build_that_fails_keeps_the_keys_of_what_is_there(built: Folders, tmp_path: Path) -> None:
    """Flags a key that is destroyed although a database of the store opens with nothing else."""
    copy = copy_store(built, tmp_path)
    shutil.copytree(built.keys, tmp_path / "keys")
    before = sorted(keys.names(tmp_path / "keys"))
    with pytest.raises(Refusal, match="dbt was started"):
        build.run(chosen(copy.store, tmp_path / "keys"))
    assert sorted(keys.names(tmp_path / "keys")) == before
    store.refuse_wrong_keys(copy.store, keys.of_store(tmp_path / "keys"))


@pytest.mark.usefixtures("no_dbt")
@pytest.mark.parametrize("name", keys.OF_DATABASES)
def test_a_wrong_key_is_found_before_dbt_starts(built: Folders, tmp_path: Path, name: str) -> None:
    copy = copy_store(built, tmp_path)
    shutil.copytree(built.keys, tmp_path / "keys")
    keys.key_file(tmp_path / "keys", name).unlink()
    keys.new_key(tmp_path / "keys", name)
    with pytest.raises(Refusal, match="does not open with .* Name the key folder that it was built with"):
        build.run(chosen(copy.store, tmp_path / "keys"))
