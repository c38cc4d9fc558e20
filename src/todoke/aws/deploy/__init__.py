"""Deploy todoke's stack, or any: fit, package, review, execute, prove, go back, remove."""
