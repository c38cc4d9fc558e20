"""One table of todoke.toml: values of the right type come out of it, and every fault is noted with its line."""
