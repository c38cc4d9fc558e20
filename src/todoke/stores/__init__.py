"""The stores: the same ports and the same basenames in each folder."""
