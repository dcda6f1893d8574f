"""Archives and annotation files we cannot read."""

from __future__ import annotations

from lprsite.errors import Refused


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


class ArchiveOverlap(ArchiveBomb):
    en = (
        "“{member}” in “{name}” shares its bytes with another file, as only damaged or harmful "
        "archives do. Nothing was kept; download or export it again."
    )
    es = (
        "«{member}» en «{name}» comparte sus bytes con otro archivo, como solo ocurre en los "
        "dañados o dañinos. No se guardó nada; descárguelo o expórtelo otra vez."
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
        "_annotations.json, .txt or .xml files beside the pictures, a COCO or Create ML .json, "
        "or a .csv with the columns file, x, y, w, h."
    )
    es = (
        "«{name}» no contiene recuadros en un formato conocido. Se espera un _annotations.json, "
        "archivos .txt o .xml junto a las imágenes, un .json de COCO o Create ML, o un .csv con "
        "las columnas file, x, y, w, h."
    )


class OnlyArchives(Refused):
    """Facts: name, member."""

    en = (
        "“{name}” holds other archives, such as “{member}”, and nothing else to read. Unpack it "
        "and bring those in one by one."
    )
    es = (
        "«{name}» contiene otros archivos comprimidos, como «{member}», y nada más que leer. "
        "Descomprímalo y tráigalos uno por uno."
    )


class ArchiveOfAnotherKind(Refused):
    """Facts: name, kind ("RAR", "7z", ...)."""

    en = "“{name}” is a {kind} archive. Pack it again as an ordinary .zip."
    es = "«{name}» es un archivo {kind}. Comprímalo otra vez como un .zip normal."


class JsonBroken(Refused):
    en = "“{name}” is not valid JSON (line {line}). Export it again."
    es = "«{name}» no es JSON válido (línea {line}). Expórtelo otra vez."


class JsonTooDeep(Refused):
    en = "“{name}” is nested too deeply to be a list of boxes. Export it again."
    es = "«{name}» está demasiado anidado para ser una lista de recuadros. Expórtelo otra vez."


class XmlBroken(Refused):
    en = "“{name}” is not valid XML (line {line}). Export it again."
    es = "«{name}» no es XML válido (línea {line}). Expórtelo otra vez."


class XmlUnsafe(Refused):
    en = (
        "“{name}” declares a document type, with which a small file can pretend to be endless. "
        "Take its <!DOCTYPE …> out."
    )
    es = (
        "«{name}» declara un tipo de documento, con el que un archivo pequeño puede fingir no "
        "tener fin. Quite su <!DOCTYPE …>."
    )


class XmlTooDeep(Refused):
    en = "“{name}” is nested too deeply to be a list of boxes. Export it again."
    es = "«{name}» está demasiado anidado para ser una lista de recuadros. Expórtelo otra vez."


class ClassNamesBroken(Refused):
    en = "The list of class names in “{name}” cannot be read. Correct it, or leave the file out."
    es = "No se puede leer la lista de clases en «{name}». Corríjala o quite el archivo."


class LooksLikePercent(Refused):
    en = (
        "All numbers in “{name}” lie between 1 and 100: they look like percent, or like pixels "
        "of small pictures. This format needs fractions from 0 to 1."
    )
    es = (
        "Todos los números en «{name}» están entre 1 y 100: parecen porcentajes, o píxeles de "
        "imágenes pequeñas. Este formato necesita fracciones de 0 a 1."
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
    es = "«{name}» indica más de {limit:,} recuadros para una imagen. Revise cómo se creó."


class TooManyEntries(Refused):
    en = (
        "“{name}” lists more than {limit:,} boxes, the most that can be read at once. Split it "
        "into smaller parts."
    )
    es = (
        "«{name}» indica más de {limit:,} recuadros, lo máximo que se lee de una vez. Divídalo "
        "en partes."
    )


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
        "“FILE TEXT” a line, a .csv with the columns image_path and plate_text, TAO's folders "
        "image and label, or pictures named by their texts."
    )
    es = (
        "«{name}» no contiene textos de placas. Se espera el annotations.txt de labelerJS con "
        "un «ARCHIVO TEXTO» por línea, un .csv con las columnas image_path y plate_text, las "
        "carpetas image y label de TAO, o imágenes llamadas como sus textos."
    )
