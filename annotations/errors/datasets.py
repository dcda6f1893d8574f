"""Dataset versions and exports."""

from __future__ import annotations

from typing import Any

from lprsite.errors import Refused


class ExportFolderNotEmpty(Refused):
    en = "The folder “{name}” is not empty. Choose a new one, so that nothing is overwritten."
    es = "La carpeta «{name}» no está vacía. Elija una nueva para no sobrescribir nada."


class ExportLabelUnknown(Refused):
    en = "“{picture}” has a box of the label “{label}”, which is not in the list of labels."
    es = "«{picture}» tiene un recuadro de la etiqueta «{label}», que no está en la lista."


class ExportTextImpossible(Refused):
    en = (
        "The text “{text}” of “{picture}” holds “{character}”, which is not in the alphabet. "
        "Correct the text, or add the character to the alphabet."
    )
    es = (
        "El texto «{text}» de «{picture}» contiene «{character}», que no está en el alfabeto. "
        "Corrija el texto o añada el carácter al alfabeto."
    )


class DatasetEmpty(Refused):
    en = "There is nothing to freeze for the {kind} yet. Label frames or transcribe crops first."
    es = "Aún no hay nada que congelar ({kind}). Etiquete fotogramas o transcriba recortes antes."


class SharesWrong(Refused):
    en = "The shares of train, val and test must add up to 1, with something in train."
    es = "Las partes de train, val y test deben sumar 1, con algo en train."


class DatasetUnknown(Refused):
    en = "There is no dataset version “{name}” in this project. There are: {known}."
    es = "No existe la versión «{name}» en este proyecto. Existen: {known}."


class DatasetsUnlike(Refused):
    en = "These two versions are of different kinds or projects; compare two of one kind."
    es = "Estas dos versiones son de tipos o proyectos distintos; compare dos del mismo tipo."


class ExportFormatWrong(Refused):
    en = "A {kind} version cannot be written as {format}; choose one of {known}."
    es = "Una versión de {kind} no se puede escribir como {format}; elija uno de {known}."


class ExportFileMissing(Refused):
    en = "The file of “{name}” was deleted, so this version cannot be exported whole any more."
    es = "El archivo de «{name}» se eliminó; esta versión ya no se puede exportar completa."


class NothingLabelled(Refused):
    en = "No frame is labelled yet that could be exported. Draw boxes or import some first."
    es = "Ningún fotograma por exportar está etiquetado. Dibuje o importe recuadros antes."


class NothingRead(Refused):
    en = "No crop is transcribed yet that could be exported. Transcribe some first."
    es = "Ningún recorte por exportar está transcrito. Transcriba algunos antes."


class SeedWrong(Refused):
    en = "The seed {seed} is no whole number from 0 to 2147483647."
    es = "La semilla {seed} no es un número entero de 0 a 2147483647."


class ClassTwice(Refused):
    en = "The class “{label}” is mapped twice. Name it once."
    es = "La clase «{label}» se asigna dos veces. Nómbrela una vez."


class FrameFileGone(Refused):
    en = "The picture of frame “{name}” is not on the disk any more. Take the frames again."
    es = "La imagen del fotograma «{name}» ya no está en el disco. Cree los fotogramas otra vez."


class ExportKindUnclear(Refused):
    en = "{format} can hold frames with boxes or crops with texts: say detector or recognizer."
    es = (
        "{format} puede contener fotogramas con recuadros o recortes con textos: "
        "indique detector o recognizer."
    )


class ExportCropsHidden(Refused):
    en = (
        "Crops show nothing but plates, so they cannot be exported with the plates hidden. "
        "Choose a format with whole frames."
    )
    es = (
        "Los recortes solo muestran placas; no se pueden exportar con las placas ocultas. "
        "Elija un formato con fotogramas enteros."
    )


class ExportDiskFull(Refused):
    en = "Only {free} MB are free on the disk. Make room, then start the export again."
    es = "Solo quedan {free} MB libres en el disco. Libere espacio y repita la exportación."


class ExportGone(Refused):
    en = "What was to be exported does not exist any more, so it cannot be made again."
    es = "Lo que se iba a exportar ya no existe, así que no se puede repetir."
    status = 409


class ExportOfOthers(Refused):
    en = "This is made again where it was made first: on the review page of its reading."
    es = "Esto se repite donde se hizo primero: en la página de revisión de su lectura."
    status = 409


class DatasetUnclear(Refused):
    en = "There are two versions {number}: write detector:{number} or recognizer:{number}."
    es = "Hay dos versiones {number}: escriba detector:{number} o recognizer:{number}."


class TextOfCrop(Refused):
    """A text that cannot be learned, with the crop (and its frame, if it has one) to open."""

    @property
    def details(self) -> dict[str, Any]:
        return {"crop": self.facts["crop"], "frame": self.facts["frame"]}


class TextNotInAlphabet(TextOfCrop):
    en = (
        "The text “{text}” of the crop “{picture}” holds “{character}”, which is not in the "
        "project's alphabet. Correct the text, or add the character to the alphabet."
    )
    es = (
        "El texto «{text}» del recorte «{picture}» contiene «{character}», que no está en el "
        "alfabeto del proyecto. Corrija el texto o añada el carácter al alfabeto."
    )


class TextNotLearnable(TextOfCrop):
    en = (
        "The text “{text}” of the crop “{picture}” is too long: a recognizer writes at most "
        "{steps} characters, and one less for each doubled one. Correct the text, or mark the "
        "crop as unreadable."
    )
    es = (
        "El texto «{text}» del recorte «{picture}» es demasiado largo: un lector escribe como "
        "mucho {steps} caracteres, y uno menos por cada carácter doble. Corrija el texto o marque "
        "el recorte como ilegible."
    )
