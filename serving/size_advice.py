"""Which size to take, how sure that is, and which one answer of the shopper would help most; said in a sentence.

The advised size is the one that most likely fits. A question is worth what following its answer brings:

    gain = sum over answers of share(answer) * (max over sizes of P(fits | answer) - P(the size advised now fits | answer))

which is 0 where no answer would change the advice (the expected value of information; Howard 1966).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Prefers = Literal["closer", "looser"]
"""How the shopper likes it to sit; the data contract has no such attribute, so the caller says it."""

Confidence = Literal["high", "medium", "low"]

_HIGH, _MEDIUM = 0.7, 0.5
"""P(fits) from which confidence is high, and medium (guess)."""

_CLOSE = 0.1
"""Two sizes whose P(fits) differs by less are a matter of taste (guess): who likes it closer or looser gets the smaller or larger one."""

WORTH_ASKING = 0.02
"""Expected gain in P(fits) from which a question is asked: it saves one wrong size in fifty answers (guess)."""

_WORDS = {
    "height_cm": "your height",
    "weight_kg": "your weight",
    "bust_band_in": "your bust band",
    "bust_cup": "your cup size",
}


@dataclass(frozen=True)
class Chance:
    """What is expected of one size of a style.

    Attributes:
        size: as printed.
        size_system: the system it belongs to, where the shop names one.
        position: its place in that system; None where it has none.
        small, fits, large: probabilities; they sum to 1.
        likely: how likely somebody like this shopper orders it; None where it has no place.
    """

    size: str
    size_system: str | None
    position: float | None
    small: float
    fits: float
    large: float
    likely: float | None


@dataclass(frozen=True)
class Advice:
    """Which size to take.

    Attributes:
        chance: of the advised size.
        next: of the best other size; None where the style has one size.
        confidence: from P(fits) of the advised size.
    """

    chance: Chance
    next: Chance | None
    confidence: Confidence

    @property
    def margin(self) -> float | None:
        """By how much it fits more likely than the best other size; below 0 where it was a matter of taste."""
        return None if self.next is None else self.chance.fits - self.next.fits


@dataclass(frozen=True)
class Answered:
    """What would be expected if the shopper gave an answer.

    Attributes:
        share: of shoppers that answer so.
        chances: of every size then, in the order of those without the answer.
    """

    share: float
    chances: tuple[Chance, ...]


@dataclass(frozen=True)
class Ask:
    """A question to the shopper.

    Attributes:
        attributes: what to ask for, as in the contract's preferences.
        gain: expected gain in P(fits) of the size that is then advised.
        sizes: what would be advised, by answer, the smallest first.
    """

    attributes: tuple[str, ...]
    gain: float
    sizes: tuple[str, ...]


def advise(chances: Sequence[Chance], prefers: Prefers | None = None) -> Advice:
    """The size that most likely fits; of two that are equally likely, the one more often ordered, then the smaller one.

    Args:
        chances: of every size; at least one.
        prefers: decides between sizes that are hardly less likely to fit.
    """
    ranked = sorted(chances, key=lambda one: (-one.fits, -(one.likely or 0.0), one.position or 0.0))
    best = ranked[0]
    same = [one for one in ranked if one.size_system == best.size_system and one.position is not None and best.fits - one.fits < _CLOSE]
    if prefers is not None and same:
        best = {"closer": min, "looser": max}[prefers](same, key=lambda one: one.position or 0.0)
    other = next((one for one in ranked if one is not best), None)
    return Advice(best, other, "high" if best.fits >= _HIGH else "medium" if best.fits >= _MEDIUM else "low")


def gain(chances: Sequence[Chance], answers: Sequence[Answered]) -> float:
    """What asking brings: see the formula above; 0 without answers."""
    now = list(chances).index(advise(chances).chance)
    total = sum(one.share for one in answers)
    gains = (one.share * (max(chance.fits for chance in one.chances) - one.chances[now].fits) for one in answers)
    return sum(gains) / total if total else 0.0


def best_question(chances: Sequence[Chance], questions: Mapping[tuple[str, ...], Sequence[Answered]]) -> Ask | None:
    """The question that brings most; None where none is worth it. Of two that bring the same, the one that asks for less."""
    gains = {attributes: gain(chances, answers) for attributes, answers in questions.items()}
    worth = [attributes for attributes, brings in gains.items() if brings >= WORTH_ASKING]
    if not worth:
        return None
    asked = min(worth, key=lambda attributes: (-round(gains[attributes], 3), len(attributes)))
    led_to = {advise(one.chances).chance for one in questions[asked]}
    sizes = dict.fromkeys(chance.size for chance in sorted(led_to, key=lambda chance: (chance.position or 0.0, chance.size)))
    return Ask(asked, gains[asked], tuple(sizes))


def sentence(advice: Advice, ask: Ask | None = None) -> str:
    """The advice in words for a storefront.

    >>> sentence(advise([Chance("40", "EU", 40.0, 0.1, 0.7, 0.2, 0.6), Chance("42", "EU", 42.0, 0.02, 0.3, 0.68, 0.4)]))
    'Take 40: it fits 7 of 10 like you.'
    """
    return " ".join([_take(advice), *_close(advice), *_tell(ask)])


def words(attribute: str) -> str:
    """What to ask the shopper for.

    >>> words("size:dress")
    'your usual dress size'
    """
    kind, _, category = attribute.partition(":")
    return f"your usual {category} size" if kind == "size" else _WORDS[attribute]


def _take(advice: Advice) -> str:
    best = advice.chance
    if advice.next is None:
        return f"It comes in {best.size} only, which fits {_of_ten(best.fits)} like you."
    if advice.confidence == "low":
        return f"Our best guess is {best.size}: it fits {_of_ten(best.fits)} like you."
    return f"Take {best.size}: it fits {_of_ten(best.fits)} like you."


def _close(advice: Advice) -> list[str]:
    best, other = advice.chance, advice.next
    if other is None or best.position is None or other.position is None or best.size_system != other.size_system:
        return []
    if abs(best.fits - other.fits) >= _CLOSE:
        return []
    return [f"{other.size} is as good if you like it {'looser' if other.position > best.position else 'closer'}."]


def _tell(ask: Ask | None) -> list[str]:
    return [] if ask is None else [f"Tell us {' and '.join(map(words, ask.attributes))}: it may change the size."]


def _of_ten(share: float) -> str:
    if share >= 0.95:
        return "more than 9 of 10"
    return f"{max(round(share * 10), 1)} of 10" if share >= 0.05 else "hardly anybody"
