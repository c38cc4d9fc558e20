"""One SQLite file on one machine (docs/store.md)."""
