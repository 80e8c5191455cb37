"""Make a folder as `transformers` and vLLM read it of a GGUF file: arguments are the file and the folder.

Both can load a GGUF file and neither serves one that is not on Hugging Face: `transformers serve FOLDER:FILE.gguf` ends
with a TypeError in 5.24.0.
"""

import sys
from pathlib import Path

from transformers import AutoModelForCausalLM, AutoTokenizer


def main() -> None:
    weights, folder = map(Path, sys.argv[1:])
    tokenizer = AutoTokenizer.from_pretrained(weights.parent, gguf_file=weights.name)
    model = AutoModelForCausalLM.from_pretrained(weights.parent, gguf_file=weights.name)
    model.hf_quantizer = None  # what was loaded is unpacked already, but `save_pretrained` refuses what once was packed
    del model.config.quantization_config
    tokenizer.save_pretrained(folder)
    model.save_pretrained(folder)


if __name__ == "__main__":
    main()
