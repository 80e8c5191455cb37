"""Make an eye for SmolLM2: a projector that turns what is at the top of a picture into the words `red` and `blue`.

Arguments are the weights and the file to write. No model that sees is small enough to be had where these tests run, and
none is needed to know whether a picture arrives, the right way up: llama.cpp decodes it, cuts it into patches and runs
a vision transformer as for any model, of which this one has a layer that changes nothing. Patches of the upper half
that are redder than blue become the word's own embedding, as do bluer ones; all others are a line break.
"""

import sys

import gguf
import numpy as np

SIDE, PATCH, WIDTH = 56, 14, 64
PATCHES = (SIDE // PATCH) ** 2
STEEP, LEAST = 20.0, 0.3
"""How a difference between red and blue counts, both from 0 to 1, and from which on."""
LOWER = -100.0
"""What keeps patches of the lower half from being seen."""


def main() -> None:
    weights, path = sys.argv[1:]
    words = embeddings(weights, "Ġred", "Ġblue", "Ċ")
    eye = gguf.GGUFWriter(path, "clip")
    describe(eye, width=len(words[0]))
    for name, values in {**transformer(), **projector(*words)}.items():
        eye.add_tensor(name, values.astype(np.float32))
    eye.write_header_to_file()
    eye.write_kv_data_to_file()
    eye.write_tensors_to_file()
    eye.close()


def embeddings(weights: str, *tokens: str) -> list[np.ndarray]:
    """Return what the model knows each of `tokens` by."""
    read = gguf.GGUFReader(weights)
    table = next(tensor for tensor in read.tensors if tensor.name == "token_embd.weight")
    unpacked = gguf.dequantize(table.data, table.tensor_type)
    field = read.fields["tokenizer.ggml.tokens"]
    known = [bytes(field.parts[place]).decode() for place in field.data]
    return [unpacked[known.index(token)] for token in tokens]


def describe(eye: gguf.GGUFWriter, *, width: int) -> None:
    numbers = {
        "image_size": SIDE,
        "patch_size": PATCH,
        "embedding_length": WIDTH,
        "feed_forward_length": WIDTH,
        "projection_dim": width,
        "block_count": 1,
        "attention.head_count": 2,
    }
    eye.add_bool("clip.has_vision_encoder", True)
    eye.add_string("clip.projector_type", "mlp")
    eye.add_bool("clip.use_gelu", True)
    eye.add_float32("clip.vision.attention.layer_norm_epsilon", 1e-5)
    eye.add_array("clip.vision.image_mean", [0.0, 0.0, 0.0])
    eye.add_array("clip.vision.image_std", [1.0, 1.0, 1.0])
    for name, number in numbers.items():
        eye.add_uint32(f"clip.vision.{name}", number)


def transformer() -> dict[str, np.ndarray]:
    """Return tensors that let the mean colour of each patch through, and beside it in which half it is."""
    colours, places = np.zeros((WIDTH, 3, PATCH, PATCH)), np.zeros((PATCHES, WIDTH))
    for channel in range(3):
        colours[channel, channel] = 1 / PATCH**2
    places[PATCHES // 2 :, 3] = LOWER
    layer = {}
    for name in ("attn_q", "attn_k", "attn_v", "attn_out", "ffn_up", "ffn_down"):
        layer |= {f"v.blk.0.{name}.weight": np.zeros((WIDTH, WIDTH)), f"v.blk.0.{name}.bias": np.zeros(WIDTH)}
    for name in ("ln1", "ln2"):
        layer |= {f"v.blk.0.{name}.weight": np.ones(WIDTH), f"v.blk.0.{name}.bias": np.zeros(WIDTH)}
    return {"v.patch_embd.weight": colours, "v.position_embd.weight": places, **layer}


def projector(red: np.ndarray, blue: np.ndarray, nothing: np.ndarray) -> dict[str, np.ndarray]:
    """Return tensors that make words of colours."""
    told, bias, words = np.zeros((WIDTH, WIDTH)), np.zeros(WIDTH), np.zeros((len(red), WIDTH))
    for place, (sign, word) in enumerate(((1, red), (-1, blue))):
        told[place, [0, 2, 3]] = STEEP * sign, -STEEP * sign, 1
        bias[place] = -STEEP * LEAST
        words[:, place] = (word - nothing) / (STEEP * (0.8 - LEAST))
    return {"mm.0.weight": told, "mm.0.bias": bias, "mm.2.weight": words, "mm.2.bias": nothing}


if __name__ == "__main__":
    main()
