"""What the page shows as a whole."""
