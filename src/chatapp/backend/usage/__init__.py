"""What calls to models have taken."""
