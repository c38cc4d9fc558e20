"""Nouns: the values everything else speaks of. No I/O, and no word about who uses them."""
