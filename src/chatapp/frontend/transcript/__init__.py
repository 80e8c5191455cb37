"""Finished messages as the browser gets them: as HTML that is made once, and only what it does not have yet."""
