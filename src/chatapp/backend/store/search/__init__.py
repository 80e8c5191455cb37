"""Finding words in conversations."""
