"""The models behind the backend, and the ways to them."""
