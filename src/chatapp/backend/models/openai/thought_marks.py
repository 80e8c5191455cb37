"""What models write around their thoughts, and around the answer behind them."""

TAGS = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",
    "<thoughts>": "</thoughts>",
    "<reasoning>": "</reasoning>",
    "<seed:think>": "</seed:think>",
    "<longcat_think>": "</longcat_think>",
    "[THINK]": "[/THINK]",
    "<Think>": "</Think>",
    "<THINK>": "</THINK>",
    "<Thought>": "</Thought>",
    "◁think▷": "◁/think▷",
    "<|begin_of_thought|>": "<|end_of_thought|>",
    "<|START_THINKING|>": "<|END_THINKING|>",
    "<|channel|>analysis<|message|>": "<|end|>",
    "<|channel>thought": "<channel|>",
    "<unused94>thought": "<unused95>",
    "[unused16]": "[unused17]",
    "<reflection>": "</reflection>",
    "<mm:think>": "</mm:think>",
    "<|inner_prefix|>": "<|inner_suffix|>",
    "<|think|>": "<|end|><|begin|>assistant<|content|>",
    "<|think:start|>": "<|think:end|>",
    "<|plamo:begin_think:plamo|>": "<|plamo:end_think:plamo|>",
    "<|open|>think<|sep|>": "<|close|>think<|sep|>",
}
"""Of Qwen, DeepSeek and most others; of fine-tuned models; of Seed-OSS, LongCat, Magistral, Marco-o1 and Kimi-VL; of
OpenThinker and Command A; of gpt-oss, Gemma and MedGemma; of Pangu and Reflection; of MiniMax M3, Apertus, Solar Open
and Solar Open 2, PLaMo 3 and Kimi K3.
"""

AROUND_ANSWERS = {
    "</think>": (("<answer>", "</answer>"), ("<response>", "</response>")),
    "<|end_of_thought|>": (("<|begin_of_solution|>", "<|end_of_solution|>"),),
    "<|END_THINKING|>": (("<|START_RESPONSE|>", "<|END_RESPONSE|>"),),
    "<|end|>": (("<|start|>assistant<|channel|>final<|message|>", "<|return|>"),),
    "<|close|>think<|sep|>": (("<|open|>response<|sep|>", "<|close|>response<|sep|><|close|>message<|sep|>"),),
}
"""What may stand around the answer behind the thoughts: Hunyuan, Ernie and Granite, OpenThinker, Command A, gpt-oss,
Kimi K3.
"""

FIRST = (
    ("<|channel|>final<|message|>", "<|return|>"),
    ("<|start|>assistant<|channel|>final<|message|>", "<|return|>"),
)
"""What gpt-oss begins an answer with that it has not thought about (ml-explore/mlx-lm#1867)."""

LEFT_BEHIND = (*FIRST, *((closing, "") for closing in TAGS.values()))
"""What may be left before the answer by a server that keeps thoughts apart."""

LONE = ("</think>", "</thought>", "</thinking>", "</longcat_think>", "</mm:think>", "<|inner_suffix|>",
        "<|think:end|>", "<|close|>think<|sep|>")  # fmt: skip
"""What ends thoughts whose beginning is in the prompt: templates of Qwen, DeepSeek and GLM, of EXAONE, of LongCat, of
MiniMax M3, of Apertus, of Solar Open 2, of Kimi K3.
"""

TALKED_ABOUT = ("<think", "<mm:think>", "<|inner_prefix|>", "<|think:start|>", "<|open|>think<|sep|>")
"""Where one of them stands before a lone tag, in the middle of a text, the text is about tags."""
