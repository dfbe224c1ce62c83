"""What others have published on the public data sets, to stand beside Keeprank's figures."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """A published figure.

    Attributes:
        who: the method.
        auc: its AUC (of several classes the mean one-vs-rest one); - where another figure was published.
        split: how it was judged.
        rows: on how many rows.
        note: other figures, and what makes it comparable or not.
        source: where it stands.
    """

    who: str
    auc: str
    split: str
    rows: str
    note: str
    source: str


_MISRA = "Misra, Wan and McAuley, RecSys 2018 (doi 10.1145/3240323.3240398)"
_SHEIKH = "Sheikh et al., RecSys 2019 (arXiv 1907.09844)"
_WHOLE = "on all 192,544 rentals; the file here holds a part of them"

RENT_THE_RUNWAY = (
    Published("K-LF-ML", "0.719", "fit, random", "", _WHOLE, _MISRA),
    Published("SFNet", "0.749", "fit, random", "", _WHOLE, _SHEIKH),
)

DMC_2014 = (
    Published(
        "winner (Iowa State University)",
        "-",
        "return, the competition's",
        "50,078",
        "14,165 points; delivery dates could be used, while Keeprank forecasts when the order is placed",
        "Data Mining Cup 2014",
    ),
)
