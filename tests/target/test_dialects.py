"""What follows the + of a scheme: a driver of the engine's family, or a word that nobody knows."""

import pytest

from wizard.target.parse import parse_target


@pytest.mark.parametrize("scheme", ["postgresql", "mysql", "mariadb"])
def test_an_unknown_driver_is_told_with_one_that_serves_this_engine(scheme, tmp_path):
    target = parse_target(f"{scheme}+nosuchdriver://app@db/shop", environ={}, home=tmp_path)
    (told,) = [one.detail for one in target.problems if "names no known driver" in one.detail]
    assert f"the usual one is {scheme}+" in told
