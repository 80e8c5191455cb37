"""The languages of the page: one file of words for each."""
