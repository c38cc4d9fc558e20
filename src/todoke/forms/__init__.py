"""The rules of a form: what it may send, and who receives it. Pure."""
