"""A store that forgets: the fake that passes the stores' contract."""
