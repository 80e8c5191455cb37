"""One visitor's session: its state and what changes it."""
