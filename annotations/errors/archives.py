"""Archives of whole projects."""

from __future__ import annotations

from lprsite.errors import Refused


class NoProjectArchive(Refused):
    """Facts: name."""

    en = "“{name}” is no archive of a project. Choose a zip that “export project” made."
    es = "«{name}» no es un archivo de proyecto. Elija un zip hecho con «exportar proyecto»."


class IsProjectArchive(Refused):
    """Facts: name."""

    en = "“{name}” is the archive of a whole project. Restore it on the page of projects."
    es = "«{name}» es el archivo de un proyecto entero. Restáurelo en la página de proyectos."


class ArchiveTooNew(Refused):
    """Facts: name, version, known."""

    en = (
        "“{name}” was made by a newer version of this program (layout {version}, this one knows "
        "{known}). Update the program, then restore it."
    )
    es = (
        "«{name}» se hizo con una versión más nueva del programa (formato {version}; este conoce "
        "{known}). Actualice el programa y restáurelo después."
    )


class ArchiveRowWrong(Refused):
    """Facts: name, table, line, reason."""

    en = (
        "“{name}” is damaged or was changed: {table}, line {line}: {reason}. "
        "Nothing was restored; export the project again if you still can."
    )
    es = (
        "«{name}» está dañado o fue modificado: {table}, línea {line}: {reason}. "
        "No se restauró nada; exporte el proyecto de nuevo si aún puede."
    )


class ArchiveFileWrong(Refused):
    """Facts: name, member."""

    en = (
        "“{name}” is damaged or was changed: the file “{member}” is not what its name says. "
        "Nothing was restored."
    )
    es = (
        "«{name}» está dañado o fue modificado: el archivo «{member}» no es lo que dice su "
        "nombre. No se restauró nada."
    )


class ArchiveNeedsSpace(Refused):
    """Facts: name, needed, free."""

    en = "“{name}” needs {needed} MB on the disk, but only {free} MB are free. Make room first."
    es = "«{name}» necesita {needed} MB en el disco y solo quedan {free} MB. Libere espacio antes."
