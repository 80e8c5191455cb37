"""The page: Streamlit in front of the backend."""
