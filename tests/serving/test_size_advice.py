from __future__ import annotations

import pytest

from serving.size_advice import Answered, Ask, Chance, advise, best_question, gain, sentence, words


def chances(*fits: float, system: str | None = "EU") -> tuple[Chance, ...]:
    """Sizes 36, 38, … that fit so often; what does not fit is too small."""
    return tuple(Chance(str(36 + 2 * at), system, 36.0 + 2 * at, 1 - p, p, 0.0, 0.5) for at, p in enumerate(fits))


def test_the_size_that_most_likely_fits_is_advised_with_its_margin() -> None:
    advice = advise(chances(0.2, 0.75, 0.5))

    assert advice.next is not None
    assert ("38", "40", "high") == (advice.chance.size, advice.next.size, advice.confidence)
    assert pytest.approx(0.25) == advice.margin


@pytest.mark.parametrize(("fits", "confidence"), [(0.7, "high"), (0.69, "medium"), (0.5, "medium"), (0.49, "low")])
def test_confidence_is_how_likely_it_fits(fits: float, confidence: str) -> None:
    assert confidence == advise(chances(fits, 0.1)).confidence


@pytest.mark.parametrize(("prefers", "size"), [(None, "38"), ("closer", "36"), ("looser", "40")])
def test_of_sizes_that_fit_about_as_well_taste_decides(prefers: str | None, size: str) -> None:
    advice = advise(chances(0.65, 0.7, 0.65, 0.4), prefers)  # type: ignore[arg-type]

    assert size == advice.chance.size


def test_taste_does_not_advise_what_fits_clearly_less() -> None:
    assert "38" == advise(chances(0.4, 0.7, 0.4), "looser").chance.size


def test_a_style_of_one_size_has_no_next_best() -> None:
    advice = advise([Chance("one size", None, None, 0.2, 0.7, 0.1, None)])

    assert (None, None) == (advice.next, advice.margin)
    assert "It comes in one size only, which fits 7 of 10 like you." == sentence(advice)


# What to ask.


def test_an_answer_that_changes_nothing_brings_nothing() -> None:
    now = chances(0.3, 0.6)

    assert 0.0 == gain(now, [Answered(0.5, chances(0.2, 0.8)), Answered(0.5, chances(0.4, 0.5))])
    assert 0.0 == gain(now, [])


def test_an_answer_that_changes_the_advice_brings_what_the_other_size_fits_more() -> None:
    now = chances(0.3, 0.6)

    brings = gain(now, [Answered(0.25, chances(0.9, 0.5)), Answered(0.75, chances(0.3, 0.6))])

    assert pytest.approx(0.25 * 0.4) == brings


def test_the_question_that_brings_most_is_asked_with_the_sizes_it_may_lead_to() -> None:
    now = chances(0.3, 0.6)
    changes, hardly = [Answered(1.0, chances(0.9, 0.5)), Answered(1.0, now)], [Answered(1.0, chances(0.61, 0.6))]

    asked = best_question(now, {("weight_kg",): hardly, ("height_cm",): changes})

    assert asked is not None
    assert (("height_cm",), ("36", "38")) == (asked.attributes, asked.sizes)
    assert pytest.approx(0.2) == asked.gain


def test_of_two_questions_that_bring_the_same_the_shorter_is_asked() -> None:
    now, changes = chances(0.3, 0.6), [Answered(1.0, chances(0.9, 0.5))]

    asked = best_question(now, {("height_cm", "weight_kg"): changes, ("weight_kg",): changes})

    assert asked is not None
    assert ("weight_kg",) == asked.attributes


def test_nothing_is_asked_that_is_not_worth_the_asking() -> None:
    now = chances(0.3, 0.6)

    assert best_question(now, {("height_cm",): [Answered(1.0, chances(0.61, 0.595))]}) is None
    assert best_question(now, {}) is None


# In words.


@pytest.mark.parametrize(
    ("fits", "expected"),
    [
        ((0.2, 0.74), "Take 38: it fits 7 of 10 like you."),
        ((0.2, 0.97), "Take 38: it fits more than 9 of 10 like you."),
        ((0.66, 0.7), "Take 38: it fits 7 of 10 like you. 36 is as good if you like it closer."),
        ((0.7, 0.66), "Take 36: it fits 7 of 10 like you. 38 is as good if you like it looser."),
        ((0.2, 0.4), "Our best guess is 38: it fits 4 of 10 like you."),
        ((0.01, 0.2), "Our best guess is 38: it fits 2 of 10 like you."),
    ],
)
def test_the_advice_is_said_in_a_sentence(fits: tuple[float, float], expected: str) -> None:
    assert expected == sentence(advise(chances(*fits)))


def test_sizes_of_two_systems_are_not_compared_in_words() -> None:
    letters = (Chance("M", "letters", 1.0, 0.34, 0.66, 0.0, 0.5),)

    assert "Take 36: it fits 7 of 10 like you." == sentence(advise((*chances(0.7), *letters)))


def test_the_question_is_part_of_the_sentence() -> None:
    told = sentence(advise(chances(0.2, 0.74)), Ask(("height_cm", "size:dress"), 0.1, ("36", "38")))

    assert "Take 38: it fits 7 of 10 like you. Tell us your height and your usual dress size: it may change the size." == told


@pytest.mark.parametrize("attribute", ["height_cm", "weight_kg", "bust_band_in", "bust_cup", "size:shirt"])
def test_everything_that_can_be_asked_for_has_words(attribute: str) -> None:
    assert words(attribute).startswith("your ")
