"""Programs of others, as their users run them, in front of a backend."""
