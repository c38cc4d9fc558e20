"""todoke.toml and the environment, read once at the start: `read` for running, `check` for people.

docs/configuration.md is the reference; tests hold it against `keys.py`.
"""

from todoke.configuration.read import check, data_folder, read
from todoke.toml.findings import ERROR, NOTE, WARNING, Finding

__all__ = ["ERROR", "NOTE", "WARNING", "Finding", "check", "data_folder", "read"]
