from pathlib import Path

import pytest

from domain.size_systems import parse_size_systems
from serving.inspector.of_serving import Advises
from serving.sizes import SizeQuestion, size_reply
from serving.state import Serving

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def advises(ordering: Serving) -> Advises:
    """Size advice as the service gives it."""
    systems = parse_size_systems((ROOT / "config/size_systems.toml").read_text())
    return lambda style_id, gathered: size_reply(
        ordering, systems, SizeQuestion(style_id=style_id, customer_id=gathered.request.customer_id, country=gathered.request.country)
    )
