"""The models that can be asked, as the shell lists them."""

from chatapp.protocol.resources import ConnectionInfo, DependencyInfo, ModelsInfo


def model_lines(listing: ModelsInfo) -> list[str]:
    """Return a line for each model; of several connections each has a line of its own before its models."""
    if len(listing.connections) < 2 and not listing.routes:  # noqa: PLR2004 - nothing to tell apart
        return list(listing.models)
    lines = [f"{route.name}: the first that answers of {', '.join(route.models)}" for route in listing.routes]
    for connection in listing.connections:
        lines += [_heading(connection), *(f"  {model.id}" for model in connection.models)]
    return lines


def default_line(model: DependencyInfo | ConnectionInfo) -> str:
    """Return what is asked where nobody names a model, and why; its server may not have listed one yet."""
    return f"{model.name or 'as listed first'} ({model.provider}), because {model.reason}"


def _heading(connection: ConnectionInfo) -> str:
    how = "ok" if connection.ok else f"failed: {connection.detail or 'it does not answer'}"
    return f"{connection.name} ({connection.provider}), {how}"
