"""The model servers there are: known ones, found ones, and what they list."""
