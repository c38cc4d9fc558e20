"""Customers Mail Cloud (docs/services/customers-mail-cloud.md)."""
