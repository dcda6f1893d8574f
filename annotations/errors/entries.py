"""What became of one line or entry of an import."""

from __future__ import annotations

from typing import ClassVar

from lprsite.errors import Refused


class EntryRefused(Refused):
    """What became of one line or entry of an import; facts: file, line, entry_of (picture)."""

    outcome: ClassVar[str] = ""

    def sentence(self, language: str = "en") -> str:
        """“FILE”, line N: what happened, or “FILE”, entry N of “PICTURE”: what happened."""
        spanish = language.startswith("es") and bool(self.es)
        line, picture = self.facts.get("line", 0), self.facts.get("entry_of")
        quote = "«{}»" if spanish else "“{}”"
        place = quote.format(self.facts.get("file", ""))
        if picture is not None:
            words = ", entrada {} de " if spanish else ", entry {} of "
            place += words.format(line) + quote.format(picture)
        elif line:
            place += (", línea {}" if spanish else ", line {}").format(line)
        return f"{place}: {super().sentence(language)}"


class EntryClamped(EntryRefused):
    outcome = "clamped"
    en = "the box reached over the edge of the picture and was cut at the edge."
    es = "el recuadro sobresalía de la imagen y se recortó en el borde."


class EntryTagOnly(EntryRefused):
    outcome = "tag_only"
    en = "the picture has a tag here, not a box."
    es = "aquí la imagen tiene una marca, no un recuadro."


class EntryUndeclaredLabel(EntryRefused):
    outcome = "undeclared_label"
    en = "the label “{label}” is not in the file's list of labels. Map it to keep the box."
    es = "la etiqueta «{label}» no está en la lista. Asígnela para conservar el recuadro."


class EntryIndexOutOfRange(EntryRefused):
    outcome = "index_out_of_range"
    en = "no label is known for the class number {label}. Map it to keep the box."
    es = "no se conoce etiqueta para la clase {label}. Asígnela para conservar el recuadro."


class EntryIgnored(EntryRefused):
    outcome = "ignored"
    en = "boxes of “{label}” are left out, as asked."
    es = "los recuadros de «{label}» se omiten, como se pidió."


class EntryZeroArea(EntryRefused):
    outcome = "zero_area"
    en = "the box has no area. Draw it again."
    es = "el recuadro no tiene área. Dibújelo otra vez."


class EntryOutside(EntryRefused):
    outcome = "zero_area"
    en = "the box lies wholly outside the picture. Draw it again."
    es = "el recuadro está completamente fuera de la imagen. Dibújelo otra vez."


class EntryNotANumber(EntryRefused):
    outcome = "not_a_number"
    en = "“{value}” is not a number, so the box has no place. Correct it."
    es = "«{value}» no es un número y el recuadro no tiene lugar. Corríjalo."


class EntryBadLine(EntryRefused):
    outcome = "bad_line"
    en = "expected {expected} fields, found {found}. Correct the line."
    es = "se esperaban {expected} campos y hay {found}. Corrija la línea."


class EntryBadClass(EntryRefused):
    outcome = "bad_line"
    en = "“{value}” is not a class number. Correct the line."
    es = "«{value}» no es un número de clase. Corrija la línea."


class EntryBadShape(EntryRefused):
    outcome = "bad_line"
    en = "this is not a box with a label. Export the file again."
    es = "esto no es un recuadro con etiqueta. Exporte el archivo otra vez."


class EntryPictureMissing(EntryRefused):
    outcome = "picture_missing"
    en = "the picture “{picture}” is not there. Add it, or leave the line out."
    es = "falta la imagen «{picture}». Añádala o quite la línea."


class EntryPictureOutside(EntryRefused):
    outcome = "picture_missing"
    en = "“{picture}” points outside the folder of this file. Use a path below it."
    es = "«{picture}» apunta fuera de la carpeta de este archivo. Use una ruta dentro de ella."


class EntryAmbiguous(EntryRefused):
    outcome = "ambiguous"
    en = "more than one picture fits: {pictures}. Give each picture a name of its own."
    es = "corresponde a más de una imagen: {pictures}. Dé a cada imagen un nombre propio."


class EntryPictureUnreadable(EntryRefused):
    outcome = "picture_unreadable"
    en = "{reason}"
    es = "{reason}"

    def sentence(self, language: str = "en") -> str:
        reason = self.facts["reason"]
        if not isinstance(reason, Refused):
            return super().sentence(language)
        said = {**self.facts, "reason": reason.sentence(language)}
        return type(self)(**said).sentence(language)


class EntryFileUnreadable(EntryRefused):
    outcome = "file_unreadable"
    en = "the file cannot be read: {reason}"
    es = "el archivo no se puede leer: {reason}"

    def sentence(self, language: str = "en") -> str:
        reason = self.facts["reason"]
        if not isinstance(reason, Refused):
            return super().sentence(language)
        said = {**self.facts, "reason": reason.sentence(language)}
        return type(self)(**said).sentence(language)


class ArchiveGap(EntryRefused):
    """Facts: file (the archive), line, start and bytes of the stretch."""

    outcome = "file_unreadable"
    en = "{bytes:,} bytes from byte {start:,} on cannot be read. Files that lie there are lost."
    es = (
        "{bytes:,} bytes a partir del byte {start:,} no se pueden leer. Los archivos que había "
        "allí se perdieron."
    )


class EntryDuplicate(EntryRefused):
    outcome = "duplicate"
    en = "the same box was already given for this picture."
    es = "el mismo recuadro ya estaba indicado para esta imagen."


class EntryAmbiguousText(EntryRefused):
    outcome = "bad_line"
    en = "the line needs the name of a picture, a space and the text of its plate."
    es = "la línea necesita el nombre de una imagen, un espacio y el texto de su placa."


class EntryTextTwice(EntryRefused):
    outcome = "duplicate"
    en = "the picture “{picture}” already has a text above. Keep one of the two lines."
    es = "la imagen «{picture}» ya tiene un texto más arriba. Deje una de las dos líneas."


class EntryAlreadyHere(EntryRefused):
    outcome = "duplicate"
    en = "the same box is already on this picture in the project."
    es = "el mismo recuadro ya está en esta imagen del proyecto."


class EntryTextAlreadyHere(EntryRefused):
    outcome = "duplicate"
    en = "the project already has this text for the crop."
    es = "el proyecto ya tiene este texto para el recorte."


class EntryTextRefused(EntryRefused):
    outcome = "text_refused"
    en = "{reason}"
    es = "{reason}"

    def sentence(self, language: str = "en") -> str:
        reason = self.facts["reason"]
        if not isinstance(reason, Refused):
            return super().sentence(language)
        said = {**self.facts, "reason": reason.sentence(language)}
        return type(self)(**said).sentence(language)
