"""Conversations that come in from other programs and go out as files."""
