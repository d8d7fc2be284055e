"""The version of this release; the distribution's own, as pyproject.toml says it."""

VERSION = "0.1.0"
