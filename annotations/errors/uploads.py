"""Uploads in pieces: what is wrong with a request, and what there is no room for."""

from __future__ import annotations

from typing import Any

from lprsite.errors import Refused


class TusVersionUnknown(Refused):
    """No facts."""

    en = "Uploads in pieces use tus 1.0.0. Send the header Tus-Resumable: 1.0.0."
    es = "La carga por partes usa tus 1.0.0. Envíe la cabecera Tus-Resumable: 1.0.0."
    status = 412


class UploadHeaderWrong(Refused):
    """Facts: header."""

    en = "The header {header} is missing or cannot be read."
    es = "La cabecera {header} falta o no se puede leer."


class UploadLengthUnknown(Refused):
    """No facts."""

    en = "Say with Upload-Length how large the file is; a length that comes later is not taken."
    es = "Indique con Upload-Length el tamaño del archivo; no se acepta un tamaño posterior."


class UploadBodyKindWrong(Refused):
    """No facts."""

    en = "A piece of an upload has the content type application/offset+octet-stream."
    es = "Una parte de una carga lleva el tipo application/offset+octet-stream."
    status = 415


class UploadTooLarge(Refused):
    """Facts: name, limit (GB)."""

    en = "“{name}” is larger than {limit} GB. Cut it, or have the limit of this server raised."
    es = "«{name}» supera {limit} GB. Córtelo o pida que se aumente el límite de este servidor."
    status = 413


class UploadPieceTooLarge(Refused):
    """Facts: limit (MB)."""

    en = (
        "This piece is larger than {limit} MB or goes beyond the end of the file. "
        "Send smaller pieces."
    )
    es = "Esta parte supera {limit} MB o pasa del final del archivo. Envíe partes menores."
    status = 413


class UploadOffsetWrong(Refused):
    """Facts: offset (where the file ends here)."""

    en = "Here the file ends at byte {offset}. Go on from there."
    es = "Aquí el archivo termina en el byte {offset}. Continúe desde ahí."
    status = 409

    @property
    def details(self) -> dict[str, Any]:
        return {"offset": self.facts["offset"]}


class UploadBusy(Refused):
    """Facts: name."""

    en = "“{name}” is being sent by another window or program. Wait a moment and try again."
    es = "«{name}» se está enviando desde otra ventana o programa. Espere e intente de nuevo."
    status = 423


class UploadExpired(Refused):
    """Facts: name."""

    en = "The upload of “{name}” waited too long and was given up. Send it again from the start."
    es = "La carga de «{name}» esperó demasiado y se abandonó. Envíela de nuevo desde el inicio."
    status = 410


class UploadNotYours(Refused):
    """Facts: name."""

    en = "“{name}” is being sent by somebody else. Only that person can go on with it."
    es = "«{name}» lo envía otra persona. Solo ella puede continuar."
    status = 403


class UploadsTooMany(Refused):
    """Facts: limit."""

    en = "You have {limit} unfinished uploads. Go on with them, or cancel some first."
    es = "Tiene {limit} cargas sin terminar. Continúelas o cancele algunas primero."
    status = 403


class ProjectFull(Refused):
    """Facts: name, limit (GB)."""

    en = "“{name}” does not fit: this project may hold {limit} GB of recordings. Delete some first."
    es = "«{name}» no cabe: este proyecto admite {limit} GB de grabaciones. Borre algunas antes."
    status = 413


class UploadsTooLarge(Refused):
    """Facts: name, limit (GB)."""

    en = "“{name}” does not fit: your unfinished uploads may hold {limit} GB together."
    es = "«{name}» no cabe: sus cargas sin terminar pueden sumar {limit} GB."
    status = 413


class NoRoomForUpload(Refused):
    """Facts: name, needed, free (MB)."""

    en = (
        "“{name}” does not fit on the server's disk: it and what is already on its way need "
        "{needed} MB, {free} MB are free. Make room and try again."
    )
    es = (
        "«{name}» no cabe en el disco del servidor: junto con lo que ya está en camino necesita "
        "{needed} MB y hay {free} MB libres. Libere espacio e intente de nuevo."
    )
    status = 507


class UploadFileGone(Refused):
    """Facts: name."""

    en = "What had arrived of “{name}” is no longer on the server. Send it again."
    es = "Lo que había llegado de «{name}» ya no está en el servidor. Envíelo de nuevo."
    status = 410


class UploadBroken(Refused):
    """The connection broke; said to nobody, but programs may see it. No facts."""

    en = "The connection broke. Ask where the file ends and go on from there."
    es = "La conexión se cortó. Pregunte dónde termina el archivo y continúe desde ahí."
    status = 408


class LoginNeeded(Refused):
    """No facts."""

    en = "Log in first, or send a token."
    es = "Inicie sesión primero o envíe un token."
    status = 401
