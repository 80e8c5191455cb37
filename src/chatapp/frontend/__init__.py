"""The page's process: Streamlit in front of the backend."""
