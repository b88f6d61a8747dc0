"""
The reference transport conforms.
"""

import pytest

from penstock.core.testing import Check, applicable

from .reference import ReferenceHarness


@pytest.mark.parametrize("check", applicable(ReferenceHarness.capabilities), ids=str)
def test_conforms(check: Check, run) -> None:
    run(check, ReferenceHarness())
