"""The chat template, in Jinja for everybody else and as token numbers with loss weights for training."""

START, END = "<|im_start|>", "<|im_end|>"
SPECIAL = ["<|endoftext|>", START, END]
JINJA = (
    "{%- for message in messages %}"
    "{{- '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"
)


def render(messages, prompt=False) -> str:
    """What the Jinja template gives."""
    text = "".join(f"{START}{role}\n{content}{END}\n" for role, content in messages)
    return text + f"{START}assistant\n" if prompt else text


def encoded(tokenizer, messages) -> tuple[list[int], list[int]]:
    """Token numbers, and 1 where a token is one that the assistant must produce (its end mark too)."""
    ids, weights = [], []
    for role, content in messages:
        head = tokenizer.encode(f"{START}{role}\n").ids
        body = tokenizer.encode(f"{content}{END}").ids
        tail = tokenizer.encode("\n").ids
        spoken = int(role == "assistant")
        ids += head + body + tail
        weights += [0] * len(head) + [spoken] * len(body) + [0] * len(tail)
    return ids, weights
