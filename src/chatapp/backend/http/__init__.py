"""Bodies that come in and errors that go out."""
