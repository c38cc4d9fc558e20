"""The commands, one file each; `app.py` declares them to Typer. Nothing is imported here: `serve` must not load it."""
