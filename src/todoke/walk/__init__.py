"""The use cases, in the walk's words. They decide; ports do."""
