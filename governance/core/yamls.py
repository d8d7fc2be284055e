"""YAML that ships with the package, read by the C parser where there is one (ten times faster)."""

from typing import Any

import yaml

LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


def read_yaml(text: str) -> Any:
    """The plain values of a document; no tag builds an object. Raises yaml.YAMLError."""
    return yaml.load(text, Loader=LOADER)  # noqa: S506 # both are safe loaders
