"""What travels between backend and client: events, messages, errors, and their wire format."""
