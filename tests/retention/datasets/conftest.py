"""Installations on each engine, as the tests of the gate have them."""

from tests.governance.gateway.conftest import installation

__all__ = ["installation"]
