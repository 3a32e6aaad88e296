"""The contract in words: the page of the docs is as the code has it, and its own examples keep it."""

from pathlib import Path

import pytest

from conftest import PROJECT
from gp_level_data.command_line import main
from gp_level_data.pages import contract_page
from gp_level_data.raw import landing
from gp_level_data.raw.landing import FileKind, words

KINDS = {
    (collection, kind.relation): kind
    for collection in contract_page.collections()
    for kind in landing.file_kinds(collection)
    if kind.is_collected
}


def test_the_page_is_as_the_code_has_it() -> None:
    """Flags a contract that changed without its page: run `make contract`."""
    assert (PROJECT / contract_page.PAGE).read_text(encoding="utf-8") == contract_page.block()


@pytest.mark.parametrize("collection", contract_page.collections())
def test_every_column_stands_on_the_page(capsys: pytest.CaptureFixture[str], collection: str) -> None:
    """Flags a column that a sender must write and is not told of, and one told of that is never taken."""
    assert main(["contract", collection]) == 0
    printed = capsys.readouterr().out
    for (of, _), kind in KINDS.items():
        if of == collection:
            assert kind.example in printed
            told = {name for name, _ in contract_page.columns(kind)}
            assert told == (set(kind.columns) | set(kind.optional)) - set(kind.not_collected)


@pytest.mark.parametrize(("collection", "relation"), [key for key, kind in KINDS.items() if kind.has_header])
def test_the_examples_keep_the_contract(tmp_path: Path, collection: str, relation: str) -> None:
    """Flags an example that would be refused."""
    kind = KINDS[collection, relation]
    path = tmp_path / kind.example
    path.parent.mkdir(parents=True)
    path.write_text("".join(f"{line}\n" for line in contract_page.example(kind)), encoding="utf-8")
    [file] = landing.files_of(kind, tmp_path)
    looked = landing.look_at(file)
    assert (looked.refused_rule, looked.row_count) == (None, 1)


def test_numbers_of_the_examples_are_test_numbers() -> None:
    digits = ["".join(filter(str.isdigit, example)) for *_, example in words.WORDS.values()]
    numbers = [number for number in digits if len(number) == 10]
    assert numbers and all(number.startswith("999") for number in numbers)


def test_another_collection_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["contract", "lottery"]) == 1
    assert "There is no collection of that name" in capsys.readouterr().err


def test_a_kind_without_words_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Flags a column that goes without words."""
    kind = FileKind("hes_apc", "hes", "x", ("NOBODY_DESCRIBED_THIS",))
    with pytest.raises(KeyError):
        list(contract_page.section(kind))
