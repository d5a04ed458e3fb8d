// Written by Sources/PluginABI/abi.py from info.schema.json; after a change there: abi.py --write

extension InfoSchema {
    static let text = #"""
        {
          "$schema": "https://json-schema.org/draft/2020-12/schema",
          "title": "info_json",
          "description": "What a model says of itself. Every member is optional; one that is null says nothing. A member that does not fit is named in the model's warnings and not used, but for those of image, which refuse the model.",
          "type": "object",
          "properties": {
            "name": {"description": "What the model is called.", "type": "string"},
            "architecture": {"description": "llama, bert, t5; the family of probe unless said.", "type": "string"},
            "parameters": {"description": "The number of weights.", "type": "integer", "minimum": 0, "maximum": 281474976710656},
            "context_length": {"description": "Positions of a sequence.", "type": "integer", "minimum": 0, "maximum": 281474976710656},
            "quantization": {"description": "Q4_K_M, BF16.", "type": "string"},
            "license": {"description": "An SPDX expression, or the file's own words.", "type": "string"},
            "notes": {
              "description": "What a person should know of how the model was opened, a sentence each: a key of its file that was left out, an assumption. Logged as warnings and shown with the model.",
              "type": "array", "items": {"type": "string"}
            },

            "chat_template": {"description": "roost.text.tokens/1: a Jinja template of transformers' kind.", "type": "string"},
            "tool_calls": {
              "description": "roost.text.tokens/1: how the template has calls of tools written. Hosts of 1.0 find it in the template.",
              "type": "string",
              "enum": ["command-r", "deepseek", "gemma", "granite", "harmony", "hermes", "json", "llama-json", "llama-python", "mistral", "phi"]
            },
            "reasoning": {
              "description": "roost.text.tokens/1: what stands around the reasoning before an answer, <think> and </think>. Hosts of 1.0 find it in the template.",
              "type": "object",
              "properties": {
                "start": {"description": "Empty where the prompt ends with it.", "type": "string"},
                "end": {"description": "What the answer follows.", "type": "string", "minLength": 1}
              },
              "required": ["end"]
            },

            "max_tokens": {
              "description": "roost.vectors/1: the longest text. roost.text.encode/1: the longest source; where positions are relative it is the length of the training, and longer ones are taken. Special tokens are included.",
              "type": "integer", "minimum": 0, "maximum": 281474976710656
            },
            "dimensions": {"description": "roost.vectors/1: floats of an embedding.", "type": "integer", "minimum": 0, "maximum": 281474976710656},
            "pooling": {"description": "roost.vectors/1: how the states of a text become one.", "type": "string", "enum": ["mean", "cls", "last", "max"]},
            "query_prefix": {"description": "roost.vectors/1: what stands before every query.", "type": "string"},
            "passage_prefix": {"description": "roost.vectors/1: what stands before every passage.", "type": "string"},
            "matryoshka": {"description": "roost.vectors/1: the first k numbers of an embedding, normalized, are one too.", "type": "boolean"},
            "problem_type": {
              "description": "roost.vectors/1: what the logits of classify mean.",
              "type": "string", "enum": ["single_label_classification", "multi_label_classification", "regression"]
            },
            "score_activation": {"description": "roost.vectors/1: what makes a score of a logit of score_pairs.", "type": "string", "enum": ["sigmoid", "identity"]},

            "source_prefix": {"description": "roost.text.encode/1: what stands before every source.", "type": "string"},
            "generation": {
              "description": "How the model writes where nobody says, by the names of transformers' GenerationConfig.",
              "type": "object",
              "properties": {
                "max_length": {"description": "The start token included.", "type": "integer", "minimum": 0, "maximum": 16777216},
                "min_length": {"description": "The start token included.", "type": "integer", "minimum": 0, "maximum": 16777216},
                "max_new_tokens": {"type": "integer", "minimum": 0, "maximum": 16777216},
                "min_new_tokens": {"type": "integer", "minimum": 0, "maximum": 16777216},
                "num_beams": {"type": "integer", "minimum": 1},
                "length_penalty": {"type": "number"},
                "early_stopping": {"enum": [true, false, "never"]},
                "no_repeat_ngram_size": {"type": "integer", "minimum": 0, "maximum": 16777216},
                "repetition_penalty": {"type": "number", "exclusiveMinimum": 0},
                "forced_bos_token_id": {"type": "integer", "minimum": 0, "maximum": 16777216},
                "forced_eos_token_id": {"type": "integer", "minimum": 0, "maximum": 16777216}
              }
            },

            "tasks": {"description": "roost.task/1: the names of list_json.", "type": "array", "items": {"type": "string"}},
            "image": {
              "description": "roost.image/1: what a request gets that leaves the choice to the model.",
              "type": "object",
              "properties": {
                "width": {"description": "Pixels.", "type": "integer", "minimum": 0, "maximum": 2048},
                "height": {"description": "Pixels.", "type": "integer", "minimum": 0, "maximum": 2048},
                "steps": {"type": "integer", "minimum": 0, "maximum": 1000},
                "guidance": {"type": "number"},
                "multiple_of": {"description": "Of which width and height are multiples.", "type": "integer", "minimum": 1, "maximum": 2048},
                "scheduler": {"description": "One of schedulers.", "type": "string"},
                "schedulers": {"description": "The names that extra_json may give.", "type": "array", "items": {"type": "string"}, "maxItems": 256},
                "max_tokens": {"description": "Tokens of a prompt that are read, special ones included.", "type": "integer", "minimum": 0, "maximum": 1073741824}
              }
            }
          }
        }
        """#
}
