"""How questions get to a model server."""
