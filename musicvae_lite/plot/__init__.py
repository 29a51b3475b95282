"""Pictures of music: pitch upwards, time to the right, one colour a track, pale notes are soft ones.

Pictures are drawn on canvases of their own, so nothing here touches pyplot or needs a display.
"""

from musicvae_lite.plot.matrices import draw_matrices, matrices
from musicvae_lite.plot.rolls import draw_roll, piano_roll
from musicvae_lite.plot.strips import draw_strip, strip

__all__ = ["piano_roll", "draw_roll", "strip", "draw_strip", "matrices", "draw_matrices"]
