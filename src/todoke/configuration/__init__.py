"""todoke.toml and the environment, read once at the start: `read` for running, `check` for people.

docs/configuration.md is the reference; tests hold it against `keys.py`.
"""

from todoke.configuration.findings import ERROR, WARNING, Finding
from todoke.configuration.reading import check, data_folder, read

__all__ = ["ERROR", "WARNING", "Finding", "check", "data_folder", "read"]
