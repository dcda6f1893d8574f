"""How frames are changed while a detector learns; data.py does it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """How far a frame may be changed; every range is drawn anew for each frame and epoch.

    ``flip``, ``perspective``, ``grey``, ``blur``, ``motion`` (blur of what moves), ``noise``
    and ``jpeg`` are probabilities. ``zoom`` is a range of scales, ``stretch`` the natural
    logarithm of width over height, ``shift`` the largest move as a share of the frame.
    ``brightness`` and ``contrast`` are shares, ``gamma`` (exposure) the natural logarithm of the
    exponent, ``cast`` a share per channel, ``saturation`` a share, ``hue`` degrees.
    """

    flip: float = 0.5
    zoom: tuple[float, float] = (0.8, 1.35)
    stretch: float = 0.15
    shift: float = 0.1
    perspective: float = 0.2
    brightness: float = 0.15
    contrast: float = 0.25
    gamma: float = 0.25
    cast: float = 0.08
    saturation: float = 0.4
    hue: float = 10.0
    grey: float = 0.05
    blur: float = 0.15
    motion: float = 0.08
    noise: float = 0.15
    jpeg: float = 0.15

    @classmethod
    def tao(cls) -> Augmentation:
        """What the toolkit's shipped settings do, 8 pixels of 1248 being the shift."""
        return cls(
            zoom=(1.0, 1.0),
            stretch=0.0,
            shift=8 / 1248,
            perspective=0.0,
            brightness=0.0,
            contrast=0.1,
            gamma=0.0,
            cast=0.0,
            saturation=0.2,
            hue=25.0,
            grey=0.0,
            blur=0.0,
            motion=0.0,
            noise=0.0,
            jpeg=0.0,
        )
