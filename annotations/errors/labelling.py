"""Projects, members, frames, boxes, crops and texts."""

from __future__ import annotations

from typing import Any

from lprsite.errors import Refused


class BadPattern(Refused):
    en = "“{pattern}” is no plate format. Write A for a letter, 9 for a digit, [set] for a choice."
    es = "«{pattern}» no es un formato. Escriba A por letra, 9 por cifra, [grupo] por elección."


class NotAllowed(Refused):
    status = 403
    en = "This needs the role {role} in the project. Ask a manager of the project."
    es = "Esto requiere el papel {role} en el proyecto. Pídalo a quien lo administra."


class ProjectUnknown(Refused):
    en = "No project is called “{name}”."
    es = "Ningún proyecto se llama «{name}»."


class ProjectUnclear(Refused):
    en = "There are several projects. Name one with --project: {names}."
    es = "Hay varios proyectos. Nombre uno con --project: {names}."


class LabelUnknown(Refused):
    en = "This project has no label “{name}”."
    es = "Este proyecto no tiene la clase «{name}»."


class BoxTooSmall(Refused):
    en = "This box has less than one pixel on the frame. Draw it larger."
    es = "Este recuadro tiene menos de un píxel en el fotograma. Dibújelo más grande."


class BoxChanged(Refused):
    status = 409
    en = "Somebody else changed this box in the meantime."
    es = "Alguien más cambió este recuadro mientras tanto."

    @property
    def details(self) -> dict[str, Any]:
        return {"current": self.facts["current"]}


class CropChanged(Refused):
    status = 409
    en = "This crop has a newer text or picture than the one you saw."
    es = "Este recorte tiene un texto o una imagen más nuevos que los que usted vio."

    @property
    def details(self) -> dict[str, Any]:
        return {"current": self.facts["current"], "yours": self.facts["yours"]}


class KeyTaken(Refused):
    status = 409
    en = "The client_key is taken by another entry. Send a new one."
    es = "El client_key ya lo usa otra entrada. Envíe uno nuevo."


class CarUnknown(Refused):
    en = "There is no box {car} on this frame that could be the car of this plate."
    es = "En este fotograma no hay un recuadro {car} que pueda ser el auto de esta placa."


class NothingBetween(Refused):
    en = "This is a single picture: only frames of a video have frames between them."
    es = "Es una imagen suelta: solo los fotogramas de un video tienen otros entre ellos."


class TooManyBetween(Refused):
    """Facts: count, limit."""

    en = "That would be {count} boxes at once, more than {limit}. Choose fewer boxes first."
    es = "Serían {count} recuadros a la vez, más de {limit}. Elija antes menos recuadros."


class TextEmpty(Refused):
    en = "Type the text of the plate, or mark it unreadable."
    es = "Escriba el texto de la placa o márquela ilegible."


class TextNotWanted(Refused):
    en = "An unreadable plate has no text, but “{text}” came with it."
    es = "Una placa ilegible no lleva texto, pero llegó «{text}»."


class TextForeign(Refused):
    en = "“{text}” has characters that no plate of this project has: {characters}."
    es = "«{text}» tiene caracteres que ninguna placa de este proyecto tiene: {characters}."


class TextTooLong(Refused):
    en = "“{text}” is longer than {limit} characters."
    es = "«{text}» tiene más de {limit} caracteres."


class LastManager(Refused):
    status = 409
    en = "A project needs a manager. Make somebody else manager first."
    es = "Un proyecto necesita quien lo administre. Nombre antes a otra persona."


class FrameHasBoxes(Refused):
    status = 409
    en = "There are boxes on this frame. Delete them before saying that nothing is here."
    es = "Hay recuadros en este fotograma. Elimínelos antes de decir que no hay nada."


class ReasonUnknown(Refused):
    en = "“{reason}” is no reason to reject a read; choose one of {known}."
    es = "«{reason}» no es un motivo para rechazar una lectura; elija uno de {known}."
