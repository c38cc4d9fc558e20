"""HTTP: requests become calls of the use cases, their answers become responses."""
