"""chatapp in front of model servers as they are installed, not as they are remembered."""
