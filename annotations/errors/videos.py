"""Videos we cannot take, and what stops them being taken apart."""

from __future__ import annotations

from lprsite.errors import Refused


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
