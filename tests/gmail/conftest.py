"""Asserts of the contract suite tell what they compared, as those of test modules do."""

import pytest

pytest.register_assert_rewrite("tests.gmail.contract")
