"""Taking videos and projects away."""

from __future__ import annotations

from lprsite.errors import Refused


class NameNotTyped(Refused):
    """Facts: name."""

    en = "Type the name of the project, “{name}”, to delete it with everything in it."
    es = "Escriba el nombre del proyecto, «{name}», para borrarlo con todo lo que contiene."


class BeingDeleted(Refused):
    """Facts: name."""

    en = "“{name}” is being deleted."
    es = "«{name}» se está borrando."
    status = 409


class WorkStillRunning(Refused):
    """Facts: name, count."""

    en = (
        "“{name}” was not deleted: {count} running jobs did not stop. "
        "It will be tried again within the hour."
    )
    es = (
        "«{name}» no se borró: {count} trabajos en curso no se detuvieron. "
        "Se intentará de nuevo dentro de una hora."
    )
