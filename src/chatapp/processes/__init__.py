"""Child processes, signals and ports."""
