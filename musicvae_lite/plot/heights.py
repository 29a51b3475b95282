"""How high a part of a picture is: as high as it likes, or pressed together where the page is full."""

from __future__ import annotations

MOST_INCHES = 40.0  # of a page, as long as what is on it can be pressed together
MOST_PAGE = 160.0  # of any page: where even this is full, less is drawn
LEAST_KEYS, LEAST_SHARE = 0.6, 0.25  # of a range of pitches, and of what it likes to have
LANE, LEAST_LANE = 0.2, 0.09  # of a drum


def fitted(keys: float, lanes: int, room: float) -> tuple[float, float]:
    """Inches for pitches and for all lanes of drums together.

    Args:
        keys: inches that the pitches like to have, 0 for none.
        lanes: how many drums there are.
        room: inches for both. They take more where less could not be read.
    """
    squeeze = min(room / (keys + lanes * LANE), 1.0)
    least = min(keys, max(LEAST_KEYS, keys * LEAST_SHARE))
    return max(keys * squeeze, least), lanes * max(LANE * squeeze, LEAST_LANE)
