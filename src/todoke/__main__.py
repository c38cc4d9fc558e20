"""`python -m todoke`."""

from todoke.cli.main import main

if __name__ == "__main__":
    main()
