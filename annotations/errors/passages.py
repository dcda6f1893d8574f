"""What reviewing refuses: passages and checked spans."""

from __future__ import annotations

from typing import Any

from lprsite.errors import Refused


class PassageChanged(Refused):
    status = 409
    en = "Somebody else decided about this vehicle in the meantime."
    es = "Alguien más decidió sobre este vehículo mientras tanto."

    @property
    def details(self) -> dict[str, Any]:
        return {"current": self.facts["current"]}


class PassageNowhere(Refused):
    en = "Draw a box around the plate on the picture, inside its borders."
    es = "Dibuje un recuadro alrededor de la placa, dentro de los bordes de la imagen."


class PassageBackwards(Refused):
    en = "The vehicle cannot leave before it comes: its last moment lies before its first."
    es = "El vehículo no puede irse antes de llegar: su último momento es anterior al primero."


class SpanEmpty(Refused):
    en = "A checked stretch needs a beginning and a later end within the video."
    es = "Un tramo revisado necesita un comienzo y un final posterior dentro del video."


class NothingToUndo(Refused):
    en = "There is nothing to take back: this was not done, or was taken back already."
    es = "No hay nada que deshacer: esto no se hizo o ya se deshizo."


class TracksApart(Refused):
    en = (
        "Both tracks are in sight at the same moment in different places: they are two vehicles. "
        "Reject one as a duplicate if they are not."
    )
    es = (
        "Ambos seguimientos se ven en el mismo momento en lugares distintos: son dos vehículos. "
        "Rechace uno como duplicado si no lo son."
    )


class SplitAtEdge(Refused):
    en = "Go to a moment inside the track: a part of it has to lie on both sides."
    es = "Vaya a un momento dentro del seguimiento: debe quedar una parte a cada lado."


class ThresholdUnknown(Refused):
    en = "Reads can be accepted unseen from one of these confidences on: {known}."
    es = "Las lecturas se pueden aceptar sin verlas desde una de estas confianzas: {known}."


class TooFewSampled(Refused):
    en = (
        "First review the random tenth of these reads: {reviewed} of {sample} are reviewed, and "
        "at least {least} are needed."
    )
    es = (
        "Primero revise la décima parte al azar de estas lecturas: {reviewed} de {sample} están "
        "revisadas, y se necesitan al menos {least}."
    )


__all__ = [
    "NothingToUndo",
    "PassageBackwards",
    "PassageChanged",
    "PassageNowhere",
    "SpanEmpty",
    "SplitAtEdge",
    "ThresholdUnknown",
    "TooFewSampled",
    "TracksApart",
]
