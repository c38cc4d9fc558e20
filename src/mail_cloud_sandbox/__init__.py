"""A local Customers Mail Cloud with an inbox: its calls, its webhook, its faults."""
