"""Answers "which size?": every size of a style with its chances, the size to take, how sure that is, and what to ask the shopper."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from domain.size_systems import Equivalent, SizeSystems
from features.told import STATED_SIZE
from serving.likely_sizes import likely
from serving.reading import RequestRefused, pointer
from serving.size_advice import Advice, Answered, Ask, Chance, Prefers, advise, best_question, sentence
from serving.size_answers import answers, declared, may_be_asked
from serving.size_rows import SizeRows, size_rows
from serving.state import Serving
from serving.style_sizes import Described, StyleSizes
from serving.wire import Degraded, Fallback, FieldError
from training.size_curve import anchored

Floats = npt.NDArray[np.float64]

_LETTERS = "letters"


@dataclass(frozen=True)
class SizeQuestion:
    """Who asks for the size of what.

    Attributes:
        style_id: of which style.
        customer_id: who; None or unknown is a new customer.
        country: market.
        stated: what the shopper declares with the question, as attributes of the contract's preferences; by that she allows its use, once.
        usual: the size she usually wears in the style's category, in any system that the table knows, such as "UK 12", "M" or "38".
        selected: the size that she has already chosen; what the model says of it holds, and the others are told from it.
        prefers: how she likes it to sit.
        described: what the style is like, if the shop does not sell it yet.
        ask: whether to look for a question that is worth asking; it costs several times what the advice does.
    """

    style_id: str
    customer_id: str | None = None
    country: str | None = None
    stated: Mapping[str, str] | None = None
    usual: str | None = None
    selected: str | None = None
    prefers: Prefers | None = None
    described: Described | None = None
    ask: bool = True


@dataclass(frozen=True)
class SizeReply:
    """What to answer.

    Attributes:
        style_id: of which style.
        category: its category.
        sentence: the advice in words for a storefront.
        advice: the size to take.
        chances: of every size, in order.
        ask: what to ask the shopper; None where no answer is worth it, or she may not be asked.
        equivalents: the advised size in other systems, as far as the table knows it; a prior.
        ordered: whether the sizes have an order: without one (34D) each is told on its own.
        customer: what is known of the shopper: her history, what she declared, both, or nothing.
        style: what is known of the style: that it was ordered, that it is in the assortment, or what was described.
        fallback: the same as the other replies say it.
        release: seal of the release that scored.
        snapshot: seal of the snapshot that was read.
        degraded: what could not be asked: without customer_state, everybody is advised as a stranger.
    """

    style_id: str
    category: str
    sentence: str
    advice: Advice
    chances: tuple[Chance, ...]
    ask: Ask | None
    equivalents: tuple[Equivalent, ...]
    ordered: bool
    customer: Literal["history", "declared", "history and declared", "nothing"]
    style: Literal["ordered", "in the assortment", "described"]
    fallback: Fallback
    release: str
    snapshot: str
    degraded: tuple[Degraded, ...] = ()


def size_reply(serving: Serving, systems: SizeSystems, question: SizeQuestion) -> SizeReply:
    """Answer a question.

    Raises:
        ReleaseRefused: the release has no fit model.
        RequestRefused: the style is unknown and not described, it has no sizes, or a stated or selected size means nothing for it.
    """
    sizes = serving.styles.sizes(question.style_id, question.described)
    stated = {**(question.stated or {}), **_usual(question, sizes, systems)}
    (inputs,) = size_rows(sizes, customer_id=question.customer_id, country=question.country, stated=stated)
    (chances,) = _chances(serving, sizes, [inputs], question.selected)
    advice = advise(chances, question.prefers)
    ask = _ask(serving, sizes, question, stated, inputs, chances)
    known = declared(inputs, sizes.category)
    fallback, style = _level(serving, sizes, inputs, question)
    return SizeReply(
        style_id=question.style_id,
        category=sizes.category,
        sentence=sentence(advice, ask),
        advice=advice,
        chances=chances,
        ask=ask,
        equivalents=systems.equivalents(advice.chance.size, sizes.category, advice.chance.size_system),
        ordered=advice.chance.position is not None,
        customer=_customer(fallback in ("none", "new_offer"), bool(known)),
        style=style,
        fallback=fallback,
        release=serving.release.seal,
        snapshot=serving.snapshot.seal,
    )


def _usual(question: SizeQuestion, sizes: StyleSizes, systems: SizeSystems) -> dict[str, str]:
    """The stated usual size in the style's own system."""
    if question.usual is None:
        return {}
    system, _, printed = question.usual.strip().rpartition(" ")
    own = sizes.system[0]
    if printed in sizes.size and system in ("", own):
        return {STATED_SIZE + sizes.category: printed}
    found = systems.convert(printed, sizes.category, from_system=system or _system_of(printed, own), to_system=own)
    if found is None:
        raise _refused(
            "usual", f"{question.usual!r} cannot be told in {own or 'the sizes of the style'}; expected: a size of config/size_systems.toml"
        )
    return {STATED_SIZE + sizes.category: found.size.printed}


def _system_of(printed: str, own: str) -> str:
    return _LETTERS if printed.strip("0123456789").isalpha() else own


def _chances(serving: Serving, sizes: StyleSizes, turns: Sequence[SizeRows], selected: str | None = None) -> list[tuple[Chance, ...]]:
    """Coherent chances of every size, for each of some tables of features; colours of a size are taken together."""
    raw = serving.scoring.fit(np.concatenate([inputs.features for inputs in turns]))
    trust = np.concatenate([_likely(sizes, inputs) if selected is None else _selected(sizes, selected) for inputs in turns])
    steps = np.tile(sizes.position / sizes.step, len(turns))
    curve = np.arange(len(turns))[:, None] * len(sizes.systems) + _numbers(sizes)
    p, placed = raw.copy(), ~np.isnan(steps)
    if placed.any():
        p[placed] = anchored(raw[placed], steps[placed], trust[placed], curve.ravel()[placed]).p
    told = np.column_stack([p, np.where(placed, trust, np.nan)]).reshape(len(turns), len(sizes.skus), -1)
    return [tuple(_by_size(sizes, one)) for one in told]


def _numbers(sizes: StyleSizes) -> npt.NDArray[np.int64]:
    """The number of each sku's size system."""
    found = np.empty(len(sizes.skus), dtype="int64")
    for number, rows in enumerate(sizes.systems.values()):
        found[rows] = number
    return found


def _by_size(sizes: StyleSizes, told: Floats) -> Iterator[Chance]:
    """A chance of each size from what is told of its skus, which stand together: means, and how likely any of them is ordered."""
    names = list(zip(sizes.system, sizes.size, strict=True))
    for system, size in dict.fromkeys(names):
        rows = [row for row, name in enumerate(names) if name == (system, size)]
        small, fits, large = told[rows, :3].mean(axis=0).tolist()
        place = sizes.position[rows[0]]
        likely_ = None if np.isnan(place) else float(told[rows, 3].sum())
        yield Chance(size, system or None, None if np.isnan(place) else float(place), small, fits, large, likely_)


def _likely(sizes: StyleSizes, inputs: SizeRows) -> Floats:
    """How likely each sku's size is ordered; each size system sums to 1."""
    found = np.zeros(len(sizes.skus))
    for rows in sizes.systems.values():
        found[rows] = likely(inputs.at(rows), sizes.position[rows], float(sizes.step[rows[0]]))
    return found


def _selected(sizes: StyleSizes, selected: str) -> Floats:
    chosen = [size == selected for size in sizes.size]
    if len({*itertools.compress(sizes.system, chosen)}) != 1 or len(sizes.systems) != 1:
        raise _refused("selected", f"{selected!r} is no size of this style; expected: one of {', '.join(dict.fromkeys(sizes.size))}")
    return np.array(chosen, dtype="float64")


def _ask(
    serving: Serving,
    sizes: StyleSizes,
    question: SizeQuestion,
    stated: Mapping[str, str],
    inputs: SizeRows,
    chances: Sequence[Chance],
) -> Ask | None:
    if not question.ask or len(chances) < 2 or question.selected is not None or not may_be_asked(serving.snapshot, question.customer_id):
        return None
    known = declared(inputs, sizes.category) | set(stated)
    asked = answers(serving.snapshot, sizes.category, known, tuple(chances))
    given = [answer for told in asked.values() for _, answer in told]
    if not given:
        return None
    rows = size_rows(sizes, customer_id=question.customer_id, country=question.country, stated=stated, answers=given)
    then = iter(_chances(serving, sizes, rows))
    return best_question(chances, {what: [Answered(share, next(then)) for share, _ in told] for what, told in asked.items()})


def _level(
    serving: Serving, sizes: StyleSizes, inputs: SizeRows, question: SizeQuestion
) -> tuple[Fallback, Literal["ordered", "in the assortment", "described"]]:
    old = serving.snapshot.knows_customer(question.customer_id)
    if inputs.ordered.any():
        return ("none" if old else "new_customer"), "ordered"
    level: Fallback = "new_offer" if old else "new_customer_and_offer"
    return level, "in the assortment" if sizes.snapshot is serving.snapshot else "described"


def _customer(history: bool, said: bool) -> Literal["history", "declared", "history and declared", "nothing"]:
    if history:
        return "history and declared" if said else "history"
    return "declared" if said else "nothing"


def _refused(field: str, message: str) -> RequestRefused:
    return RequestRefused(FieldError(field=pointer(field), message=message))
