"""Questions about sizes that cannot be answered: refused by name, and never guessed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.errors import ReleaseRefused
from domain.size_systems import SizeSystems
from serving.reading import RequestRefused
from serving.sizes import SizeQuestion, size_reply
from serving.state import Serving
from serving.style_sizes import Described
from training.model import Release


@pytest.mark.parametrize(
    ("question", "message"),
    [
        (SizeQuestion("nothing"), "/style_id: 'nothing' is no style of this shop"),
        (SizeQuestion("new", described=Described("spaceship")), "/style_id: nothing is sold in sizes in category 'spaceship'"),
        (SizeQuestion("dress", usual="UK 99"), "/usual: 'UK 99' cannot be told in EU"),
        (SizeQuestion("dress", selected="39"), "/selected: '39' is no size of this style; expected: one of 34, 36"),
    ],
)
def test_what_cannot_be_answered_is_refused(
    serving: Serving, systems: SizeSystems, dress: str, question: SizeQuestion, message: str
) -> None:
    with pytest.raises(RequestRefused) as refused:
        size_reply(serving, systems, replace(question, style_id=dress) if question.style_id == "dress" else question)

    assert message in str(refused.value)


def test_a_style_without_sizes_is_refused(serving: Serving, systems: SizeSystems) -> None:
    products = serving.snapshot.products
    style = products.loc[products["size"].isna(), "style_id"].iloc[0]

    with pytest.raises(RequestRefused, match="without sizes"):
        size_reply(serving, systems, SizeQuestion(style))


def test_a_release_without_a_fit_model_is_refused(serving: Serving, systems: SizeSystems, dress: str) -> None:
    release = serving.release
    bare = Release(release.seal, {}, release.feature_set, release.policy, release.about)

    with pytest.raises(ReleaseRefused, match="no fit model"):
        size_reply(replace(serving, release=bare), systems, SizeQuestion(dress))
