"""What customers tell the shop: their account, what they consent to, and (some) their measures, size or an occasion."""

from __future__ import annotations

import numpy as np
import pandas as pd

from experiments.demo_shop.arrays import Flags, Floats, Ints, Texts, moments, named
from experiments.demo_shop.people import COUNTRIES, NO_OCCASION, OCCASIONS, People
from experiments.demo_shop.settings import ShopSettings
from experiments.demo_shop.sizes import CATEGORIES, FIRST_NUMBER, NUMBER_STEP, nearest, position, wanted_number

_GRANTED = {"personalisation": 0.85, "measurements": 0.60}
_WITHDRAWN = 0.03
_STATES_MEASURES = 0.35
_STATES_SIZE = 0.15
_NOTICE = "2024-1"


def customers_table(people: People) -> pd.DataFrame:
    """The customers table."""
    return pd.DataFrame({"customer_id": people.ids, "joined_at": moments(people.joined), "country": named(COUNTRIES, people.country)})


def consents_table(settings: ShopSettings, people: People, rng: np.random.Generator) -> pd.DataFrame:
    """The answer to each purpose at joining, and 3 % who withdraw what they granted, later."""
    parts = []
    for purpose, share in _GRANTED.items():
        granted = rng.random(len(people.ids)) < share
        parts.append(_consents(people.ids, purpose, granted, people.joined))
        leaves = granted & (rng.random(len(granted)) < _WITHDRAWN)
        joined = people.joined[leaves]
        later = (joined + 1 + rng.random(len(joined)) * (settings.end - joined - 2)).astype(np.int64)
        parts.append(_consents(people.ids[leaves], purpose, np.zeros(len(joined), dtype=bool), later))
    return pd.concat(parts, ignore_index=True).sort_values(["at", "customer_id", "purpose"], ignore_index=True)


def preferences_table(settings: ShopSettings, people: People, rng: np.random.Generator) -> pd.DataFrame:
    """Height and weight, the usual size in one category, and occasions with their day."""
    sized = [index for index, category in enumerate(CATEGORIES) if category.numbers and category.name in settings.world.categories]
    parts = [*_measures(people, rng), *([_usual_size(people, sized, rng)] if sized else []), _occasion(people)]
    stated = pd.concat(parts, ignore_index=True)
    return stated.sort_values(["stated_at", "customer_id", "attribute"], ignore_index=True)


def _consents(customer_ids: Texts, purpose: str, granted: Flags, at: Ints) -> pd.DataFrame:
    return pd.DataFrame({"customer_id": customer_ids, "purpose": purpose, "granted": granted, "at": moments(at), "notice_version": _NOTICE})


def _measures(people: People, rng: np.random.Generator) -> list[pd.DataFrame]:
    """Rounded, and a little flattering: weight is understated (guess)."""
    who = np.flatnonzero(rng.random(len(people.ids)) < _STATES_MEASURES)
    height = people.height_cm[who] + rng.normal(0.5, 1.2, len(who))
    weight = people.weight_kg[who] + rng.normal(-1.2, 1.8, len(who))
    return [_at_joining(people, who, "height_cm", height), _at_joining(people, who, "weight_kg", weight)]


def _at_joining(people: People, who: Ints, attribute: str, value: Floats) -> pd.DataFrame:
    return _stated(people, who, people.joined[who], np.full(len(who), attribute, dtype=object), np.rint(value).astype(int).astype(str))


def _usual_size(people: People, sized: list[int], rng: np.random.Generator) -> pd.DataFrame:
    """The size she believes she wears."""
    who = np.flatnonzero(rng.random(len(people.ids)) < _STATES_SIZE)
    kind = rng.choice(sized, len(who)).astype(np.int64)
    number = wanted_number(people.body[who], kind, people.ease_cm[who] + people.belief_error_cm[who])
    size = FIRST_NUMBER[kind] + NUMBER_STEP[kind] * nearest(position(number, kind), kind)
    attributes = np.array([f"size:{CATEGORIES[one].name}" for one in kind], dtype=object)
    return _stated(people, who, people.joined[who], attributes, size.astype(str))


def _occasion(people: People) -> pd.DataFrame:
    """Told some time after joining, for a day 10 to 90 days ahead."""
    who = np.flatnonzero(people.occasion != NO_OCCASION)
    occasions = named(OCCASIONS, people.occasion[who])
    stated = _stated(people, who, people.told_at[who], np.full(len(who), "occasion", dtype=object), occasions)
    return stated.assign(needed_on=moments(people.needed_on[who]))


def _stated(people: People, who: Ints, at: Ints, attribute: Texts, value: Texts) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer_id": people.ids[who],
            "stated_at": moments(at),
            "attribute": attribute,
            "value": value.astype(object),
            "needed_on": moments(at, np.zeros(len(who), dtype=bool)),
        }
    )
