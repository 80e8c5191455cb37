"""The file of connections: what it may say, and what is said of a wrong one."""

from decimal import Decimal
from pathlib import Path

import pytest

from chatapp.backend.models.openai.keys import Key
from chatapp.config.connections import ELSEWHERE, PriceTable, connection_rows, connections_path, read_connections
from chatapp.config.connections_watch import ConnectionsWatch
from chatapp.config.settings import Settings
from chatapp.errors import SettingsError, UpstreamAuthError
from chatapp.providers.catalog import PROVIDERS
from chatapp.providers.connection import ApiKey, ModelTraits, Timeouts, configured_upstreams, upstream_of

SECRET = "sk-hunter2"
WHOLE = f"""\
[connections.groq]
base_url = "https://api.groq.com/openai/v1/"
api_key = ["{SECRET}1", "{SECRET}2"]
api_key_variable = "GROQ_API_KEY"
api_key_file = "key.txt"
headers = {{ X-Team = "{SECRET}" }}
ca_file = "ca.pem"
proxy = "me:{SECRET}@proxy.example.org:3128"
connect_timeout = 2
window = 8192
prices = {{ input = 0.05, output = 0.08 }}
without = ["stream_options", "seed"]

[connections.groq.models]
small = "llama-3.1-8b-instant"
"openai/gpt-oss" = {{ window = 131072, prices = {{ input = 1, cached = 0.075 }} }}

[connections.lab]
base_url = "http://lab:8000/v1"
models = ["qwen", "phi"]

[models.fast]
try = ["groq/small", "lab/qwen"]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "connections.toml"


def test_a_connection_is_all_that_its_table_says(file: Path) -> None:
    file.write_text(WHOLE)
    read = read_connections(file)
    groq = upstream_of("groq", read.connections["groq"])
    assert (groq.base_url, groq.provider, groq.name) == ("https://api.groq.com/openai/v1", "Groq", "groq")
    assert groq.keys[2:] == (ApiKey(variable="GROQ_API_KEY"), ApiKey(file=Path("key.txt")))
    assert [key.value and key.value.get_secret_value() for key in groq.keys[:2]] == [f"{SECRET}1", f"{SECRET}2"]
    assert groq.headers["X-Team"].get_secret_value() == SECRET
    assert groq.proxy is not None
    assert groq.proxy.get_secret_value() == f"http://me:{SECRET}@proxy.example.org:3128"
    assert (groq.ca_file, groq.timeouts, groq.without) == (
        Path("ca.pem"),
        Timeouts(connect_s=2),
        {"stream_options", "seed"},
    )
    usual = PriceTable(input=Decimal("0.05"), output=Decimal("0.08"))
    assert groq.traits_of("small") == ModelTraits("llama-3.1-8b-instant", 8192, usual)
    own = PriceTable(input=Decimal(1), cached=Decimal("0.075"))
    assert groq.traits_of("openai/gpt-oss") == ModelTraits("openai/gpt-oss", 131072, own)
    assert list(upstream_of("lab", read.connections["lab"]).models or ()) == ["qwen", "phi"]
    assert read.models["fast"].models == ("groq/small", "lab/qwen")


def test_a_hint_names_the_key_of_the_table_that_comes_before_a_setting(file: Path) -> None:
    file.write_text(WHOLE)
    groq, lab = (upstream_of(name, table) for name, table in read_connections(file).connections.items())
    proxies = "Check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY, or except the model server in NO_PROXY."
    excepted, login = "Except the model server in NO_PROXY, or ask who runs it.", "Write them in HTTP_PROXY."
    hints = ["Raise CONNECT_TIMEOUT.", "Raise GAP_TIMEOUT.", "Set CONTEXT_TOKENS.", proxies, excepted, login]
    assert [groq.in_its_settings(hint) for hint in hints] == [
        "Raise connect_timeout of [connections.groq].",
        "Raise GAP_TIMEOUT.",
        "Set window of [connections.groq].",
        "Check proxy of [connections.groq].",
        "Change proxy of [connections.groq], or ask who runs it.",
        "Write them in proxy of [connections.groq].",
    ]
    assert [lab.in_its_settings(hint) for hint in hints[3:]] == hints[3:]
    assert Timeouts(gap_s=9).in_their_words(hints[1]) == hints[1], "several in turn have a sum that is set nowhere"
    certificates = "Let SSL_CERT_FILE (or REQUESTS_CA_BUNDLE) name a file."
    assert lab.in_its_settings(certificates) == "Let ca_file of [connections.lab] name a file."


def test_no_secret_is_shown(file: Path) -> None:
    file.write_text(WHOLE)
    read = read_connections(file)
    shown = f"{read!r} {read} {upstream_of('groq', read.connections['groq'])!r}"
    assert "hunter2" not in shown


def test_a_key_file_without_a_key_is_said_so_until_there_is_one(file: Path) -> None:
    key = file.with_name("key")
    file.write_text(f"{SERVER}api_key_file = {str(key)!r}")
    read_connections(file)  # it may come later
    key.write_text("\n")
    watch = ConnectionsWatch(file)

    assert watch.news() is None
    assert watch.fault is not None
    what = "connections.a.api_key_file must be a file with a key in it: this one is empty."
    assert watch.fault.detail == f"{file}, line 3: {what}"
    with pytest.raises(UpstreamAuthError, match="holds none that can be sent"):
        Key(ApiKey(file=key)).headers()

    key.write_text(SECRET)
    watch._look_at = 0.0
    assert watch.news() == read_connections(file)


SERVER = '[connections.a]\nbase_url = "http://a"\n'


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("[connections.a]\n", 1, "connections.a.base_url is missing"),
        ('[connections.a]\nbase_url = "a"\n', 2, "connections.a.base_url must be an address that starts with http"),
        ('[connections.a]\nbase_url = "http://a:70000"', 2, "base_url must be an address whose port is a number up to"),
        ('[connections.a]\nbase_ur = "http://a"\n', 2, "connections.a.base_ur is no key that is known there"),
        ('[models.fast]\ntries = ["a"]', 2, "models.fast.tries is no key that is known there"),
        (f'{SERVER}window = "128k"', 3, "connections.a.window must be a whole number."),
        (f'{SERVER}prices = {{ input = "cheap" }}', 3, "connections.a.prices.input must be a number."),
        (f'{SERVER}gap_timeout = "long"', 3, "connections.a.gap_timeout must be a number."),
        (
            f'{SERVER}api_key_file = ""',
            3,
            "connections.a.api_key_file must be a file with a key in it: this one is empty",
        ),
        (f"{SERVER}\nurl = 1", 4, "connections.a.url is no key that is known there"),
        ('connections.a.base_url = "http://a"\nconnections.a.window = 0', 2, "connections.a.window must be greater"),
        (f"{SERVER}prices = {{ input = -1 }}", 3, "connections.a.prices.input must be greater than or equal to 0"),
        (f'{SERVER}[connections.a.models]\n"b=c" = {{ window = "x" }}', 4, "connections.a.models.b=c.window must be"),
        (f'{SERVER}without = ["sound"]', 3, "without must be a list of some of streaming"),
        (f'{SERVER}api_key = "{SECRET}\\n{SECRET}"', 3, "api_key must be made of plain letters"),
        (f'{SERVER}proxy = "socks5://{SECRET}"', 3, "proxy must be the address of an http:// proxy"),
        (f'{SERVER}proxy = "socks5"', 3, 'proxy must be the address of an http:// proxy, or "" for none.'),
        (f'{SERVER}proxy = "{SECRET}:70000"', 3, "http:// proxy whose port is a number up to 65535."),
        (f'{SERVER}proxy = "p:0"', 3, "http:// proxy whose port is a number up to 65535."),
        (f'{SERVER}api_key_variable = ""', 3, "connections.a.api_key_variable must be the name of a variable"),
        (f'{SERVER}api_key_variable = ["A", "$B"]', 3, "connections.a.api_key_variable must be the name of a variable"),
        (f'{SERVER}api_key_variable = "{SECRET} "', 3, "connections.a.api_key_variable must be the name of a variable"),
        (f'{SERVER}ca_file = "."', 3, "connections.a.ca_file must be a file with certificates in it"),
        (f"{SERVER}ca_file = {__file__!r}", 3, "a file with certificates in it, as PEM: this one holds none."),
        (f'{SERVER}headers = {{ "a b" = "{SECRET}" }}', 3, "headers must be a table of names that headers may have"),
        ('[connections.default]\nbase_url = "http://a"', 1, "connections.default must be named otherwise"),
        (f'{SERVER}[models."a/b"]\ntry = ["a/c"]', 3, "and not 'a/b'"),
        ("[models.fast]\ntry = []", 2, "models.fast.try must be a list of one or more."),
        ('[models.fast]\ntry = "a"', 2, "models.fast.try must be a list."),
        ('[connections]\na = "http://a"', 2, "connections.a must be a table."),
        (f'{SERVER}without = "seed"', 3, "without must be a list."),
        (f"{SERVER}models = {{ a = {{ model = 1 }} }}", 3, "models.a.model must be a text."),
        ('[connections.a]\nbase_url = "http://a\\u001b[31m"', 2, "base_url must be an address that starts with http"),
        (f"{SERVER}window = {'9' * 5000}", None, "this is no TOML"),
        ('[models.fast]\ntry = ["a"]\nthen = 1', 3, "models.fast.then is no key that is known there"),
        (f"[connections.a]\napi_key = {SECRET}", 2, "this is no TOML"),
        ('[connections.embedded]\nbase_url = "http://a"', 1, "connections.embedded must be named otherwise"),
        (f"{SERVER}models = [1]", 3, "connections.a.models must be a list of one or more names, or a table."),
        (f'{SERVER}models = "b"', 3, "connections.a.models must be a list of one or more names, or a table."),
        (f"{SERVER}models = []", 3, "connections.a.models must be a list of one or more names, or a table."),
        (f"{SERVER}api_key = 5", 3, "connections.a.api_key must be a text, or a list of texts."),
        (f"{SERVER}prices = {{ input = 2026-01-01 }}", 3, "connections.a.prices.input must be a number."),
        (f'{SERVER}base_url = "http://b"', 3, "this is there twice."),
        (f"{SERVER}{SERVER}", 3, "this is there twice."),
        (f"{SERVER}total_timeout = true", 3, "connections.a.total_timeout must be a number."),
        (f"{SERVER}window = true", 3, "connections.a.window must be a number."),
        (f"{SERVER}prices = {{ input = true }}", 3, "connections.a.prices.input must be a number."),
        (
            '[connection.a]\nbase_url = "http://a"',
            1,
            "connection is no key that is known there. Did you mean connections?",
        ),
        (
            '[connections.a]\nbase-url = "http://a"\n',
            2,
            "base-url is no key that is known there. Did you mean base_url?",
        ),
        ('[connections.a]\nurl = "http://a"\n', 2, "a.url is no key that is known there. Did you mean base_url?"),
        ('[connections.llama.cpp]\nbase_url = "http://a"', 1, 'stands in quotes: [connections."llama.cpp"].'),
        (
            f"{SERVER}models = {{ m = {{ prices = {{ inptu = 1 }} }} }}",
            3,
            "m.prices.inptu is no key that is known there. Did you mean in",
        ),
        ('"[key]" = 1', None, "A table is no key that is known there."),
        (
            f"{SERVER}models = {{ m = {{ windw = 1 }} }}",
            3,
            "models.m.windw is no key that is known there. Did you mean window?",
        ),
        (
            f'{SERVER}api_key = ["sk-a", "${SECRET}"]',
            3,
            "connections.a.api_key must be the key itself: a variable that",
        ),
        (f'{SERVER}[models.fast]\ntry = ["a/b", "c/b"]', 4, "try names 'c', and there is no connection of that name."),
        (f'{SERVER}models = ["b"]\n[models.fast]\ntry = ["a/c"]', 5, "'c', which is none of the models of [connect"),
        (f'{SERVER}[models.b]\ntry = ["a/b"]\n[models.c]\ntry = ["b"]', 6, "'b', which stands for several itself."),
    ],
)
def test_what_is_wrong_is_said_with_its_line_and_key_and_no_secret(
    text: str, line: int | None, what: str, file: Path
) -> None:
    file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        read_connections(file)
    assert caught.value.detail.startswith(f"{file}, line {line}: " if line else f"{file}: ")
    assert what in caught.value.detail
    assert "hunter2" not in caught.value.sentence()


@pytest.mark.parametrize("data", [b"\xff\xfe", b"#" * 1024 * 1025], ids=["no text", "too large"])
def test_a_file_that_cannot_be_one_is_refused(data: bytes, file: Path) -> None:
    file.write_bytes(data)
    with pytest.raises(SettingsError, match=r"connections\.toml"):
        read_connections(file)


def test_a_route_may_try_what_is_there_without_the_file(file: Path) -> None:
    found = {name.lower().replace(" ", "-") for name, _, port in PROVIDERS if port}
    assert {"default", "embedded", *found} == ELSEWHERE
    tried = [*(f"{name}/m" for name in ELSEWHERE), "plain", "a/any", "openai/gpt-oss"]
    file.write_text(f'{SERVER}[connections.b]\nbase_url = "http://b"\nmodels = ["openai/gpt-oss"]\n'
                    f"[models.fast]\ntry = {tried}")  # fmt: skip
    assert read_connections(file).models["fast"].models == tuple(tried)


def test_the_file_is_the_one_that_connections_names_or_else_the_user_s_own(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert connections_path(Settings.load()) is None
    own = Path("home/.config/chatapp/connections.toml").absolute()
    own.parent.mkdir(parents=True)
    own.write_text("")
    assert connections_path(Settings.load()) == own
    monkeypatch.setenv("CONNECTIONS", str(file))
    with pytest.raises(SettingsError, match="there is no such file"):
        connections_path(Settings.load())
    file.write_text("")
    assert connections_path(Settings.load()) == file


def test_the_server_of_the_environment_comes_before_those_of_the_file(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(WHOLE)
    monkeypatch.setenv("CONNECTIONS", str(file))
    assert [each.name for each in configured_upstreams(Settings.load())] == ["groq", "lab"]
    monkeypatch.setenv("BASE_URL", "http://localhost:9000/v1")
    assert [each.name for each in configured_upstreams(Settings.load())] == ["default", "groq", "lab"]


def test_every_key_has_its_sentence() -> None:
    assert all(row.meaning.endswith(".") for row in connection_rows())
