"""One run of a test in a look."""

from __future__ import annotations

import hypothesis
import pytest
from hypothesis import HealthCheck
from hypothesis import strategies as st

from pytest_carbon.session.look.one_run import allow_other_objects


def test_a_method_of_hypothesis_may_run_with_another_object() -> None:
    """Its other health checks stay as they are set, and a second time changes nothing."""

    class Suite:
        @hypothesis.settings(
            max_examples=1, database=None, suppress_health_check=[HealthCheck.too_slow]
        )
        @hypothesis.given(st.none())
        def test_method(self, value: None) -> None:
            pass

    Suite().test_method()
    with pytest.raises(hypothesis.errors.FailedHealthCheck, match="different executors"):
        Suite().test_method()
    for _ in range(2):
        allow_other_objects(Suite.test_method)
        Suite().test_method()
    settings = vars(Suite.test_method)["_hypothesis_internal_use_settings"]
    assert settings.max_examples == 1
    assert set(settings.suppress_health_check) == {
        HealthCheck.too_slow,
        HealthCheck.differing_executors,
    }


def test_a_test_that_is_not_of_hypothesis_stays_as_it_is() -> None:
    def test_plain() -> None: ...

    allow_other_objects(test_plain)
    allow_other_objects(None)
    assert vars(test_plain) == {}
