"""The commands, one file each; `app.py` declares them to Typer. Nothing is imported here: serving must not load Typer."""
