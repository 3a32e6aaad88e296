"""dbt's unit tests in a plain DuckDB: seconds for all, where dbt takes more than half a minute.

dbt itself asks them in the build of the tiers above (`built` in conftest.py).
"""

import pytest

from bench import project, unit_tests
from bench.unit_tests import UnitTest


@pytest.fixture(scope="module")
def asked() -> list[UnitTest]:
    return [test for tests in unit_tests.all_tests().values() for test in tests]


def compiled(model: str) -> str:
    return str(project.nodes()[model]["compiled_code"])


def test_every_unit_test_passes(asked: list[UnitTest]) -> None:
    assert [f"{test.model}: {test.name}" for test in asked if not test.passes(compiled(test.model))] == []


def test_every_unit_test_can_fail(asked: list[UnitTest]) -> None:
    """Flags a unit test that is asked nothing: of a model without rows it must expect otherwise."""
    expects_rows = [test for test in asked if test.expected]
    assert len(expects_rows) > 140
    for test in expects_rows:
        assert not test.passes(f"select * from ({compiled(test.model)}) where false"), f"{test.model}: {test.name}"
