"""What the use cases need from outside: Protocols, each with its guarantees, and the values in them."""
