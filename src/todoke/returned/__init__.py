"""Mail that came back: delivery reports, complaints, receipts, vacation replies, and the mails that are none. Pure.

It knows nothing of messages of ours, of stores and of ways in: bytes go in, values that state what they say come out.
"""
