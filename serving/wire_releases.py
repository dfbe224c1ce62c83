"""Which release serves, who may serve next, and what was refused: what the deployment folder holds and `GET /v1/releases` tells."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from serving.wire import Moment, ReleaseInfo

Mode = Literal["alone", "shadow", "split"]
Arm = Literal["champion", "challenger"]
Seal = Annotated[str, Meta(pattern=r"^[0-9a-f]{12}$", description="Identifies a folder's content.")]


class Trial(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a challenger is used for."""

    mode: Annotated[
        Mode,
        Meta(description="alone: it is not loaded; shadow: scored and logged, never shown; split: shown to a share of shoppers."),
    ] = "alone"
    share: Annotated[float, Meta(ge=0.0, le=1.0, description="In mode split: share of shoppers who are shown the challenger's order.")] = (
        0.0
    )
    salt: Annotated[str, Meta(max_length=100, description="Another salt deals the shoppers anew.")] = ""


class Named(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A release and a snapshot that serve together."""

    release: Seal
    snapshot: Seal
    version: Annotated[str | None, Meta(description="Its version in the registry; null for one that was started by its folder.")]
    since: Annotated[Moment, Meta(description="Since when the release bears this part here (UTC).")]


class Appointed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who may serve: the content of serve.json, which every worker follows."""

    champion: Named
    challenger: Named | None = None
    trial: Trial = Trial()


class Refused(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A release, or a snapshot, that was named and does not serve; what served before serves on."""

    alias: Annotated[str, Meta(description="As what it was named: champion, challenger, or snapshot.")]
    version: Annotated[str, Meta(description="Its version in the registry; the name of a snapshot's folder.")]
    seal: Annotated[str, Meta(description="As the registry tells it; of a snapshot that cannot be read, empty.")]
    reason: str
    at: Annotated[Moment, Meta(description="When it was refused last (UTC).")]


class Contact(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the registry answered when it was asked last."""

    registry: Annotated[str, Meta(description="Its address, without a password.")]
    asked_at: Moment
    answered_at: Annotated[Moment | None, Meta(description="When it answered last; null: never since the service started.")]
    error: Annotated[str | None, Meta(description="Why it does not answer, or names nobody; null where all is well.")]


class Learned(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A release, and the days that its data are of."""

    release: str
    version: str | None
    first_day: Annotated[int | None, Meta(description="Day of its earliest fact, since 1970-01-01; null where nobody knows.")]
    last_day: Annotated[int | None, Meta(description="Day of its latest fact; null where nobody knows.")]


class InService(Struct, frozen=True, kw_only=True):
    """One release that this worker holds."""

    named: Named
    info: ReleaseInfo


class ReleasesInfo(Struct, frozen=True, kw_only=True):
    """What serves, what was refused, and what lies ready."""

    champion: InService
    challenger: InService | None
    trial: Trial
    behind: Annotated[str | None, Meta(description="Why this worker serves something else than it was told to; null where it does not.")]
    refused: list[Refused]
    registry: Annotated[Contact | None, Meta(description="Null for a service that follows none.")]
    local_releases: Annotated[list[str], Meta(description="Seals of the releases on this machine, the latest used last.")]
    local_snapshots: list[str]
