"""Files that go along with questions: taken in, read, and worded for models."""
