"""Frames that cannot be looked for or marked like that."""

from __future__ import annotations

from lprsite.errors import Refused


class PlaceUnknown(Refused):
    """Facts: place."""

    en = "“{place}” is no place in a list of frames. Begin again without “after”."
    es = "«{place}» no es un lugar en una lista de fotogramas. Empiece de nuevo sin «after»."


class TimeNeedsVideo(Refused):
    en = "A time belongs to a video. Choose the video first."
    es = "Un tiempo pertenece a un video. Elija primero el video."


class VideoUnknown(Refused):
    """Facts: video."""

    status = 404
    en = "There is no video {video} in this project."
    es = "No hay un video {video} en este proyecto."
