"""The mail services: a folder for each, and the table that names them."""
