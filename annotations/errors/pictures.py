"""Pictures we cannot take."""

from __future__ import annotations

from lprsite.errors import Refused


class EmptyFile(Refused):
    """A file of 0 bytes, picture or video. Facts: name."""

    en = "“{name}” is empty (0 bytes). Copy or upload it again."
    es = "«{name}» está vacío (0 bytes). Cópielo o súbalo otra vez."


class NotAPicture(Refused):
    """Facts: name."""

    en = "“{name}” is not a picture we can read. Use JPEG, PNG, WebP or BMP."
    es = "«{name}» no es una imagen que podamos leer. Use JPEG, PNG, WebP o BMP."


class PictureDamaged(Refused):
    """Facts: name."""

    en = "“{name}” is a picture, but it is cut off or damaged. Copy it again from its source."
    es = "«{name}» es una imagen, pero está cortada o dañada. Cópiela otra vez de su origen."


class PictureTooLarge(Refused):
    """Facts: name, limit (million pixels)."""

    en = "“{name}” has more than {limit} million pixels. Make it smaller and try again."
    es = "«{name}» tiene más de {limit} millones de píxeles. Redúzcala e inténtelo otra vez."


class BoxOutsidePicture(Refused):
    """Facts: width, height of the picture in pixels."""

    en = "The box lies outside the picture ({width}x{height} pixels) or is empty. Draw it again."
    es = (
        "El recuadro está fuera de la imagen ({width}x{height} píxeles) o vacío. Dibújelo otra vez."
    )
