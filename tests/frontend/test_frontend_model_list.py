"""The list of models behind the model's name."""

from chatapp.frontend.components.model_list import groups_of
from chatapp.protocol.resources import ConnectionInfo, ListedModelInfo, ModelsInfo, RouteInfo


def test_models_are_found_under_their_connections_with_what_each_can_do() -> None:
    seeing = ListedModelInfo("scout", "scout", window=131072, images=True, audio=True)
    plain = ListedModelInfo("work/phi", "phi", window=512, images=False)
    connections = (ConnectionInfo("groq", True, models=(seeing,)), ConnectionInfo("work", True, models=(plain,)))
    told = ModelsInfo("scout", ("scout", "work/phi"), connections, (RouteInfo("fast", ("scout", "work/phi")),))
    assert [(group.title.partition(" ")[0], group.entries) for group in groups_of(told, "")] == [
        ("", (("fast", ""),)),
        ("groq", (("scout", "131k · pictures · sound"),)),
        ("work", (("work/phi", "512"),)),
    ]
    assert [group.entries for group in groups_of(told, "WORK phi")] == [(("work/phi", "512"),)]
