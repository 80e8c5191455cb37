"""The HTTP API: requests become function calls, and turns become responses."""
