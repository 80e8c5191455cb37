"""Text of messages, ready to be drawn."""
