"""Imports as a step: the map, the state, the names."""

from __future__ import annotations

from lprsite.errors import Refused


class ImportNotReady(Refused):
    status = 409
    en = "“{name}” is still being looked at. Wait until its classes are shown, then start."
    es = "«{name}» aún se está revisando. Espere a que se muestren sus clases y luego inicie."


class ImportDone(Refused):
    status = 409
    en = "“{name}” was already imported. Bring the file in again to import it another way."
    es = "«{name}» ya se importó. Traiga el archivo otra vez para importarlo de otra manera."


class ImportBusy(Refused):
    status = 409
    en = "Somebody works on “{name}” at the moment. Wait until that is done, or stop it."
    es = "Alguien trabaja con «{name}» en este momento. Espere a que termine o deténgalo."


class ImportGone(Refused):
    status = 409
    en = "The file of “{name}” is not kept any more. Bring it in again."
    es = "El archivo de «{name}» ya no se conserva. Tráigalo otra vez."


class MapNeeded(Refused):
    en = (
        "“{name}” has class numbers but no names: {classes}. "
        "Say what they are, as in --map 0=car,1=plate."
    )
    es = (
        "«{name}» tiene números de clase pero no nombres: {classes}. "
        "Diga qué son, como en --map 0=car,1=plate."
    )


class MapWrong(Refused):
    en = "“{text}” is no mapping. Write it as 0=car,1=plate; nothing after “=” leaves a class out."
    es = "«{text}» no es una asignación. Escriba 0=car,1=plate; nada tras «=» omite la clase."


class LabelNameWrong(Refused):
    en = "“{name}” cannot be the name of a label: use 1 to {limit} printable characters."
    es = "«{name}» no puede ser nombre de clase: use de 1 a {limit} caracteres imprimibles."


class TooManyLabels(Refused):
    en = "“{name}” would add {count} new labels; at most {limit} at once. Map or leave some out."
    es = "«{name}» añadiría {count} clases nuevas; como máximo {limit} a la vez. Asigne u omita."
