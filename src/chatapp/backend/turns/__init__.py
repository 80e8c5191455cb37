"""Turns: each is one question and its answer. The application owns them; readers only read along."""
