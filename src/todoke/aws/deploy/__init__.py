"""Deploy todoke's stack: package, order, review, execute, watch, remove."""
