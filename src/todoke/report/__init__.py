"""What people read: statuses, receipts, the desk, exports, and the words for them. Pure."""
