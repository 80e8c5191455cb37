"""A server for the client to ask."""

import pytest

from support.stub_model import StubModel


@pytest.fixture
def server(stub: StubModel) -> StubModel:
    """A server that is no backend, and does what its scripts say."""
    stub.url = stub.url.removesuffix("/v1")
    return stub
