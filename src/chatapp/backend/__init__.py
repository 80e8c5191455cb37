"""The backend's process: FastAPI in front of models and a store."""
