"""The latent core: posterior, sampling, KL, free bits, beta schedules, paths and directions through z.

Music and images share every line of it.
"""

from musicvae_lite.latent.directions import attribute_vector, lone_vectors
from musicvae_lite.latent.paths import (
    CIRCLE,
    INNER,
    OUTER,
    Course,
    along,
    blend,
    blended,
    points,
    slerp,
    toward,
    walk,
)
from musicvae_lite.latent.posterior import (
    NATS_PER_BIT,
    Point,
    Posterior,
    active_units,
    covariance,
    free_bits,
)
from musicvae_lite.latent.schedules import BetaSchedule, ramp

__all__ = [
    "CIRCLE",
    "INNER",
    "NATS_PER_BIT",
    "OUTER",
    "BetaSchedule",
    "Course",
    "Point",
    "Posterior",
    "active_units",
    "along",
    "attribute_vector",
    "blend",
    "blended",
    "covariance",
    "free_bits",
    "lone_vectors",
    "points",
    "ramp",
    "slerp",
    "toward",
    "walk",
]
