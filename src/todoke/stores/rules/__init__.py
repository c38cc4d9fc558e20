"""What every store decides alike: written once."""
