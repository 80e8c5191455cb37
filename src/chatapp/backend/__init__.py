"""The backend: FastAPI in front of one model."""
