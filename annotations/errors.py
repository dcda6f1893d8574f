"""What the left half of the line refuses: videos, pictures, imports, texts."""

from __future__ import annotations

from typing import Any, ClassVar

from lprsite.errors import Refused

# --- vision: pictures and videos


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
    es = "La caja está fuera de la imagen ({width}x{height} píxeles) o vacía. Dibújela otra vez."


class NotAVideo(Refused):
    """Facts: name."""

    en = (
        "“{name}” is not a video we can read. "
        "Use MP4, MOV, MKV, WebM, MPEG-TS or AVI; the content counts, not the name."
    )
    es = (
        "«{name}» no es un video que podamos leer. "
        "Use MP4, MOV, MKV, WebM, MPEG-TS o AVI; cuenta el contenido, no el nombre."
    )


class StillPicture(Refused):
    """Facts: name."""

    en = "“{name}” is a still picture, not a video. Import it as a picture instead."
    es = "«{name}» es una imagen fija, no un video. Impórtela como imagen."


class VideoCutOff(Refused):
    """Facts: name."""

    en = (
        "“{name}” is an MP4 video without its index: copying or recording was cut before the end. "
        "Copy it again, or repair it with a tool for broken MP4 files."
    )
    es = (
        "«{name}» es un video MP4 sin su índice: la copia o la grabación se cortó antes del final. "
        "Cópielo otra vez o repárelo con una herramienta para MP4 dañados."
    )


class NoPictureInVideo(Refused):
    """Facts: name."""

    en = "“{name}” holds no moving picture, only sound or other data. Choose the video file."
    es = "«{name}» no tiene imagen en movimiento, solo sonido u otros datos. Elija el video."


class VideoCodecUnknown(Refused):
    """Facts: name, codec."""

    en = "“{name}” is coded as “{codec}”, which we do not read. Convert it to H.264 in MP4."
    es = "«{name}» está codificado en «{codec}», que no leemos. Conviértalo a H.264 en MP4."


class RawVideoStream(Refused):
    """Facts: name."""

    en = (
        "“{name}” is a raw stream without times, so nothing in it can be dated. "
        "Put it into a container first: ffmpeg -framerate RATE -i FILE -c copy NEW.mp4"
    )
    es = (
        "«{name}» es un flujo sin tiempos: nada en él se puede fechar. "
        "Póngalo antes en un contenedor: ffmpeg -framerate TASA -i ARCHIVO -c copy NUEVO.mp4"
    )


class VideoTooLarge(Refused):
    """Facts: name, width, height."""

    en = "“{name}” claims {width}x{height} pixels a frame; we read up to 8192x8192 (8K)."
    es = "«{name}» declara {width}x{height} píxeles por cuadro; leemos hasta 8192x8192 (8K)."


class VideoTooLong(Refused):
    """Facts: name, hours (the limit)."""

    en = "“{name}” claims to last more than {hours} hours. Cut it into shorter files."
    es = "«{name}» declara durar más de {hours} horas. Córtelo en archivos más cortos."


class VideoUnreadable(Refused):
    """Facts: name."""

    en = "Not one frame of “{name}” can be decoded: the file is damaged. Copy it again."
    es = "No se puede decodificar ningún cuadro de «{name}»: está dañado. Cópielo otra vez."


class VideoCheckFailed(Refused):
    """Facts: name."""

    en = "Checking “{name}” took too long or too much memory, so it was stopped. Convert it to MP4."
    es = "Revisar «{name}» tomó demasiado tiempo o memoria y se detuvo. Conviértalo a MP4."


class SelectionWrong(Refused):
    """A rule for taking frames that makes no sense. No facts."""

    en = (
        "Take either a number of frames a second (over 0, at most 1000) or every Nth frame "
        "(1 or more), from a start not below 0 to an end after it."
    )
    es = (
        "Tome un número de cuadros por segundo (más de 0, hasta 1000) o cada N cuadros "
        "(1 o más), desde un inicio no menor que 0 hasta un final posterior."
    )


# --- formats: imports and exports


class SourceMissing(Refused):
    en = "There is no file or folder “{name}”. Check the path and try again."
    es = "No existe el archivo ni la carpeta «{name}». Revise la ruta e inténtelo otra vez."


class SourceUnknown(Refused):
    en = (
        "“{name}” is not an archive this program can read. Give a .zip archive, a folder, "
        "a .json or a .csv file."
    )
    es = (
        "«{name}» no es un archivo comprimido que este programa pueda leer. Indique un .zip, "
        "una carpeta, un .json o un .csv."
    )


class SourceEmpty(Refused):
    en = "“{name}” is empty. Export it again, or choose another file."
    es = "«{name}» está vacío. Expórtelo otra vez o elija otro archivo."


class ArchiveDamaged(Refused):
    en = "“{name}” is damaged or was cut off and cannot be opened. Download or export it again."
    es = "«{name}» está dañado o incompleto y no se puede abrir. Descárguelo o expórtelo otra vez."


class ArchivePathUnsafe(Refused):
    en = (
        "“{name}” holds the entry “{member}”, which points outside the archive. Nothing was "
        "read; pack the folder again with ordinary relative names."
    )
    es = (
        "«{name}» contiene la entrada «{member}», que apunta fuera del archivo. No se leyó nada; "
        "comprima la carpeta otra vez con nombres relativos normales."
    )


class ArchiveLink(Refused):
    en = (
        "“{name}” holds “{member}”, which is a link and not a file. Nothing was read; pack the "
        "files themselves."
    )
    es = (
        "«{name}» contiene «{member}», que es un enlace y no un archivo. No se leyó nada; "
        "comprima los archivos mismos."
    )


class ArchiveEncrypted(Refused):
    en = "“{name}” is protected by a password. Pack it again without one."
    es = "«{name}» está protegido con contraseña. Comprímalo otra vez sin ella."


class ArchiveDuplicateName(Refused):
    en = (
        "“{name}” holds the entry “{member}” twice, so it is not clear which one counts. "
        "Pack it again with every name once."
    )
    es = (
        "«{name}» contiene dos veces la entrada «{member}» y no está claro cuál vale. "
        "Comprímalo otra vez con cada nombre una sola vez."
    )


class ArchiveTooManyEntries(Refused):
    en = (
        "“{name}” holds {entries:,} files; at most {limit:,} can be read at once. Split it into "
        "smaller parts."
    )
    es = (
        "«{name}» contiene {entries:,} archivos; se pueden leer como máximo {limit:,} a la vez. "
        "Divídalo en partes."
    )


class ArchiveTooLarge(Refused):
    en = (
        "“{name}” unpacks to more than {limit:,} bytes, the most that can be read at once. "
        "Split it into smaller parts."
    )
    es = (
        "«{name}» ocupa descomprimido más de {limit:,} bytes, lo máximo que se lee de una vez. "
        "Divídalo en partes."
    )


class ArchiveMemberTooLarge(Refused):
    en = (
        "“{member}” in “{name}” is larger than the {limit:,} bytes allowed for one such file. "
        "Leave it out or make it smaller."
    )
    es = (
        "«{member}» en «{name}» supera los {limit:,} bytes permitidos para un archivo así. "
        "Quítelo o redúzcalo."
    )


class ArchiveBomb(Refused):
    en = (
        "“{member}” in “{name}” unpacks to more than {limit} times its packed size, as harmful "
        "archives do. Nothing was kept; leave it out."
    )
    es = (
        "«{member}» en «{name}» ocupa descomprimido más de {limit} veces su tamaño, como hacen "
        "los archivos dañinos. No se guardó nada; quítelo."
    )


class ArchiveCompression(Refused):
    en = (
        "“{member}” in “{name}” is packed in a way this program cannot read. Pack it again as an "
        "ordinary .zip."
    )
    es = (
        "«{member}» en «{name}» está comprimido de una forma que este programa no lee. "
        "Comprímalo otra vez como un .zip normal."
    )


class MemberDamaged(Refused):
    en = "“{member}” in “{name}” is damaged and cannot be read. Export the archive again."
    es = "«{member}» en «{name}» está dañado y no se puede leer. Exporte el archivo otra vez."


class MemberMissing(Refused):
    en = "There is no file “{member}” in “{name}”. Check the name, or add the file."
    es = "No hay ningún archivo «{member}» en «{name}». Revise el nombre o añada el archivo."


class NothingToImport(Refused):
    en = (
        "“{name}” holds no boxes in a format this program knows. Expected are an "
        "_annotations.json, .txt files beside the pictures, or a .csv with the columns "
        "file, x, y, w, h."
    )
    es = (
        "«{name}» no contiene cajas en un formato conocido. Se espera un _annotations.json, "
        "archivos .txt junto a las imágenes o un .csv con las columnas file, x, y, w, h."
    )


class JsonBroken(Refused):
    en = "“{name}” is not valid JSON (line {line}). Export it again."
    es = "«{name}» no es JSON válido (línea {line}). Expórtelo otra vez."


class JsonTooDeep(Refused):
    en = "“{name}” is nested too deeply to be a list of boxes. Export it again."
    es = "«{name}» está demasiado anidado para ser una lista de cajas. Expórtelo otra vez."


class ClassNamesBroken(Refused):
    en = "The list of class names in “{name}” cannot be read. Correct it, or leave the file out."
    es = "No se puede leer la lista de clases en «{name}». Corríjala o quite el archivo."


class LooksLikePercent(Refused):
    en = (
        "All numbers in “{name}” lie between 1 and 100: they look like percent. Divide them by "
        "100 and try again."
    )
    es = (
        "Todos los números en «{name}» están entre 1 y 100: parecen porcentajes. Divídalos por "
        "100 e inténtelo otra vez."
    )


class LooksLikePixels(Refused):
    en = (
        "The numbers in “{name}” are larger than 1: they look like pixels. This format needs "
        "fractions of the picture's width and height."
    )
    es = (
        "Los números en «{name}» son mayores que 1: parecen píxeles. Este formato necesita "
        "fracciones del ancho y del alto de la imagen."
    )


class TooManyBoxes(Refused):
    en = "“{name}” lists more than {limit:,} boxes for one picture. Check how it was made."
    es = "«{name}» indica más de {limit:,} cajas para una imagen. Revise cómo se creó."


class ManifestColumns(Refused):
    en = "“{name}” lacks the column {missing} in its first line. Expected is file,x,y,w,h,text."
    es = (
        "A «{name}» le falta la columna {missing} en la primera línea. Se espera file,x,y,w,h,text."
    )


class ManifestBroken(Refused):
    en = "“{name}” cannot be read as a table from line {line} on. Save it again as a .csv file."
    es = "«{name}» no se puede leer como tabla desde la línea {line}. Guárdelo otra vez como .csv."


class KittiColumns(Refused):
    en = "“{name}”, line {line}: a KITTI label has exactly 15 columns, this line has {columns}."
    es = (
        "«{name}», línea {line}: una etiqueta KITTI tiene exactamente 15 columnas, esta línea "
        "tiene {columns}."
    )


class KittiNumbers(Refused):
    en = "“{name}”, line {line}: all columns but the first must be numbers."
    es = "«{name}», línea {line}: todas las columnas menos la primera deben ser números."


class NoTranscriptions(Refused):
    en = (
        "“{name}” holds no texts of plates. Expected is labelerJS's annotations.txt with one "
        "“FILE TEXT” a line and its pictures beside it or in “crops”."
    )
    es = (
        "«{name}» no contiene textos de placas. Se espera el annotations.txt de labelerJS con "
        "un «ARCHIVO TEXTO» por línea y sus imágenes al lado o en «crops»."
    )


class ExportFolderNotEmpty(Refused):
    en = "The folder “{name}” is not empty. Choose a new one, so that nothing is overwritten."
    es = "La carpeta «{name}» no está vacía. Elija una nueva para no sobrescribir nada."


class ExportLabelUnknown(Refused):
    en = "“{picture}” has a box of the label “{label}”, which is not in the list of labels."
    es = "«{picture}» tiene una caja de la etiqueta «{label}», que no está en la lista."


class ExportTextImpossible(Refused):
    en = (
        "The text “{text}” of “{picture}” holds “{character}”, which is not in the alphabet. "
        "Correct the text, or add the character to the alphabet."
    )
    es = (
        "El texto «{text}» de «{picture}» contiene «{character}», que no está en el alfabeto. "
        "Corrija el texto o añada el carácter al alfabeto."
    )


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
    es = "la caja sobresalía de la imagen y se recortó en el borde."


class EntryTagOnly(EntryRefused):
    outcome = "tag_only"
    en = "the picture has a tag here, not a box."
    es = "aquí la imagen tiene una marca, no una caja."


class EntryUndeclaredLabel(EntryRefused):
    outcome = "undeclared_label"
    en = "the label “{label}” is not in the file's list of labels. Map it to keep the box."
    es = "la etiqueta «{label}» no está en la lista del archivo. Asígnela para conservar la caja."


class EntryIndexOutOfRange(EntryRefused):
    outcome = "index_out_of_range"
    en = "no label is known for the class number {label}. Map it to keep the box."
    es = "no se conoce etiqueta para la clase número {label}. Asígnela para conservar la caja."


class EntryIgnored(EntryRefused):
    outcome = "ignored"
    en = "boxes of “{label}” are left out, as asked."
    es = "las cajas de «{label}» se omiten, como se pidió."


class EntryZeroArea(EntryRefused):
    outcome = "zero_area"
    en = "the box has no area. Draw it again."
    es = "la caja no tiene área. Dibújela otra vez."


class EntryOutside(EntryRefused):
    outcome = "zero_area"
    en = "the box lies wholly outside the picture. Draw it again."
    es = "la caja está completamente fuera de la imagen. Dibújela otra vez."


class EntryNotANumber(EntryRefused):
    outcome = "not_a_number"
    en = "“{value}” is not a number, so the box has no place. Correct it."
    es = "«{value}» no es un número y la caja no tiene lugar. Corríjalo."


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
    es = "esto no es una caja con etiqueta. Exporte el archivo otra vez."


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


class EntryDuplicate(EntryRefused):
    outcome = "duplicate"
    en = "the same box was already given for this picture."
    es = "la misma caja ya estaba indicada para esta imagen."


class EntryAmbiguousText(EntryRefused):
    outcome = "bad_line"
    en = "the line needs the name of a picture, a space and the text of its plate."
    es = "la línea necesita el nombre de una imagen, un espacio y el texto de su placa."


class EntryTextTwice(EntryRefused):
    outcome = "duplicate"
    en = "the picture “{picture}” already has a text above. Keep one of the two lines."
    es = "la imagen «{picture}» ya tiene un texto más arriba. Deje una de las dos líneas."


class EntryTextMissing(EntryRefused):
    outcome = "picture_missing"
    en = "the picture “{picture}” has no text and was left out."
    es = "la imagen «{picture}» no tiene texto y se omitió."


# --- steps: frames, boxes, crops, transcriptions, datasets


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


class PathNotAllowed(Refused):
    en = (
        "“{path}” is outside the folder that may be read on the server. "
        "Set LPR_SERVER_FOLDER to the folder with your recordings."
    )
    es = (
        "«{path}» está fuera de la carpeta que se puede leer en el servidor. "
        "Ponga en LPR_SERVER_FOLDER la carpeta de sus grabaciones."
    )


class VideoFileMissing(Refused):
    en = "There is no file “{name}”. Check the path."
    es = "No existe el archivo «{name}». Revise la ruta."


class VideoTooBig(Refused):
    en = "“{name}” is larger than {limit} GB. Cut it, or raise LPR_MAX_VIDEO_GB."
    es = "«{name}» supera {limit} GB. Córtelo o aumente LPR_MAX_VIDEO_GB."


class DiskFull(Refused):
    en = "“{name}” needs {needed} MB, more than is free. Make room and try again."
    es = "«{name}» necesita {needed} MB, más de lo libre. Libere espacio e intente de nuevo."


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
    es = "En este fotograma no hay una caja {car} que pueda ser el auto de esta placa."


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


class DatasetEmpty(Refused):
    en = "There is nothing to freeze for the {kind} yet. Label frames or transcribe crops first."
    es = "Aún no hay nada que congelar ({kind}). Etiquete fotogramas o transcriba recortes antes."


class SharesWrong(Refused):
    en = "The shares of train, val and test must add up to 1, with something in train."
    es = "Las partes de train, val y test deben sumar 1, con algo en train."


class ReasonUnknown(Refused):
    en = "“{reason}” is no reason to reject a read; choose one of {known}."
    es = "«{reason}» no es un motivo para rechazar una lectura; elija uno de {known}."


# --- steps: imports and exports


class ImportNotReady(Refused):
    status = 409
    en = "“{name}” is still being looked at. Wait until its classes are shown, then start."
    es = "«{name}» aún se está revisando. Espere a que se muestren sus clases y luego inicie."


class ImportDone(Refused):
    status = 409
    en = "“{name}” was already imported. Bring the file in again to import it another way."
    es = "«{name}» ya se importó. Traiga el archivo otra vez para importarlo de otra manera."


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


class EntryAlreadyHere(EntryRefused):
    outcome = "duplicate"
    en = "the same box is already on this picture in the project."
    es = "la misma caja ya está en esta imagen del proyecto."


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


class DatasetUnknown(Refused):
    en = "There is no dataset version “{name}” in this project. There are: {known}."
    es = "No existe la versión «{name}» en este proyecto. Existen: {known}."


class ExportFormatWrong(Refused):
    en = "A {kind} version cannot be written as {format}; choose one of {known}."
    es = "Una versión de {kind} no se puede escribir como {format}; elija uno de {known}."


class ExportFileMissing(Refused):
    en = "The file of “{name}” was deleted, so this version cannot be exported whole any more."
    es = "El archivo de «{name}» se eliminó; esta versión ya no se puede exportar completa."


class NothingLabelled(Refused):
    en = "No frame of this project is labelled yet. Draw boxes or import some first."
    es = "Ningún fotograma de este proyecto está etiquetado. Dibuje o importe cajas antes."


class SeedWrong(Refused):
    en = "The seed {seed} is no whole number from 0 to 2147483647."
    es = "La semilla {seed} no es un número entero de 0 a 2147483647."


class ClassTwice(Refused):
    en = "The class “{label}” is mapped twice. Name it once."
    es = "La clase «{label}» se asigna dos veces. Nómbrela una vez."


class FrameFileGone(Refused):
    en = "The picture of frame “{name}” is not on the disk any more. Take the frames again."
    es = "La imagen del fotograma «{name}» ya no está en el disco. Cree los fotogramas otra vez."


__all__ = ["Refused"]
