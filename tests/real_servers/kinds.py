"""The servers that chatapp is tried in front of, and how each is started."""

import json
import subprocess
import sys
from pathlib import Path

from real_servers.model_server import KEY, MODEL, WINDOW, Kind, Place
from real_servers.releases import FOLDER, GGUF, LITELLM, LLAMA_CPP_PYTHON, MLX, TRANSFORMERS, VLLM

_SCRIPTS = Path(__file__).with_name("scripts")
_UNPACKED = FOLDER / "smollm2"
_SLOTS = 2


def _llama_cpp(place: Place) -> list[str]:
    numbers = [f"--port={place.port}", f"--window={WINDOW}", f"--slots={_SLOTS}"]
    names = [f"--weights={place.weights}", f"--name={MODEL}", f"--key={KEY}"]
    return [sys.executable, str(_SCRIPTS / "llama_cpp_server.py"), *names, *numbers]


def _seeing(place: Place) -> list[str]:
    eye = FOLDER / "eye.gguf"
    if not eye.exists():
        subprocess.run([GGUF.python(), _SCRIPTS / "make_eye.py", place.weights, eye], check=True)
    return [*_llama_cpp(place), f"--eye={eye}"]


def _llama_cpp_python(place: Place) -> list[str]:
    options = {"model": place.weights, "model_alias": MODEL, "api_key": KEY, "n_ctx": WINDOW, "n_threads": 1}
    return [str(LLAMA_CPP_PYTHON.python()), "-m", "llama_cpp.server", *_options(options | _address(place))]


def _litellm(place: Place) -> list[str]:
    model = {"model": f"openai/{MODEL}", "api_base": place.behind, "api_key": KEY}
    config = place.folder / "litellm.yaml"
    content = {
        "model_list": [{"model_name": MODEL, "litellm_params": model}],
        "general_settings": {"master_key": KEY},
    }
    config.write_text(json.dumps(content), encoding="utf-8")  # JSON is YAML too
    script = LITELLM.python().with_name("litellm")
    return [str(script), *_options({"config": config, "telemetry": "False"} | _address(place))]


def _transformers(place: Place) -> list[str]:
    script = TRANSFORMERS.python().with_name("transformers")
    return [str(script), "serve", str(_unpacked(place.weights)), *_options(_address(place))]


def _vllm(place: Place) -> list[str]:
    options = {"served-model-name": MODEL, "api-key": KEY, "max-model-len": WINDOW}
    script = VLLM.python().with_name("vllm")
    return [
        str(script),
        "serve",
        str(_unpacked(place.weights)),
        "--enforce-eager",
        *_options(options | _address(place)),
    ]


def _mlx(place: Place) -> list[str]:
    script = MLX.python().with_name("mlx_lm.server")
    return [str(script), *_options({"model": _unpacked(place.weights)} | _address(place))]


def _address(place: Place) -> dict[str, object]:
    return {"host": "127.0.0.1", "port": place.port}


def _options(values: dict[str, object]) -> list[str]:
    return [word for name, value in values.items() for word in (f"--{name}", str(value))]


def _unpacked(weights: Path) -> Path:
    """Return the folder of weights that `transformers` and vLLM read, made first where it is missing."""
    if not (_UNPACKED / "model.safetensors").exists():
        script = _SCRIPTS / "unpack_weights.py"
        subprocess.run([TRANSFORMERS.python(), script, weights, _UNPACKED], check=True)
    return _UNPACKED


LLAMA_CPP = Kind("llama.cpp", _llama_cpp, takes_any_model=True)
SEEING = Kind("llama.cpp that sees", _seeing)
OTHERS = (
    Kind("llama-cpp-python", _llama_cpp_python, takes_any_model=True, has_one_answer_at_a_time=True),
    Kind("litellm", _litellm, behind=LLAMA_CPP),
    Kind("transformers", _transformers, model=str(_UNPACKED), has_keys=False, refuses_what_is_too_long=False),
    Kind("vllm", _vllm),
    Kind(
        "mlx",
        _mlx,
        model=str(_UNPACKED),
        has_keys=False,
        refuses_what_is_too_long=False,
        ends_at_stop_texts=False,
    ),
)
