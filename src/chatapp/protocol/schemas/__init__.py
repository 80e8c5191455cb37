"""What travels as JSON, as FastAPI validates and documents it."""
