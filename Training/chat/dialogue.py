"""What a generator makes: the messages of one conversation, and how its last answer is judged."""

from dataclasses import dataclass, field

DONT_KNOW = "I am sorry, I don't know that."
NOT_IN_TEXT = "The text does not say that."


@dataclass
class Dialogue:
    """`kind` names the generator; `wanted` are words that a story must mention."""

    kind: str
    messages: list[tuple[str, str]]
    wanted: list[str] = field(default_factory=list)

    @property
    def prompt(self) -> list[tuple[str, str]]:
        return self.messages[:-1]

    @property
    def answer(self) -> str:
        return self.messages[-1][1]


def exchange(kind: str, question: str, answer: str, **more) -> Dialogue:
    return Dialogue(kind, [("user", question), ("assistant", answer)], **more)
