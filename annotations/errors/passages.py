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


__all__ = ["PassageBackwards", "PassageChanged", "PassageNowhere", "SpanEmpty"]
