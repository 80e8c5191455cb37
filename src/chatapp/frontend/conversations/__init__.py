"""Conversations as the page holds them."""
