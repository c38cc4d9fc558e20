"""`python -m todoke`."""

from todoke.entry.cli import main

if __name__ == "__main__":
    main()
