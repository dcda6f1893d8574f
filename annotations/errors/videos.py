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


class StartBeyondEnd(Refused):
    """Facts: name, start and length in seconds."""

    en = "“{name}” lasts {length:.1f} seconds, so there are no frames from second {start:.1f} on."
    es = "«{name}» dura {length:.1f} segundos: no hay cuadros desde el segundo {start:.1f}."


class FilterWrong(Refused):
    """Filters of a rule for taking frames that make no sense. No facts."""

    en = (
        "Movement is a share of the picture's side over 0 and up to 1, near-duplicates are bits "
        "from 0 to 64, and a cap is 1 or more. Leave out what you do not want."
    )
    es = (
        "El movimiento es una parte del lado de la imagen, mayor que 0 y hasta 1; los casi "
        "duplicados son bits de 0 a 64; el tope es 1 o más. Deje fuera lo que no quiera."
    )


class VideoOverMemory(Refused):
    """Decoding took more memory than a video of this size may. Facts: name."""

    en = (
        "Decoding “{name}” takes far more memory than a video of its size should, so it was "
        "stopped; what was taken before is kept. Convert it to H.264 in MP4."
    )
    es = (
        "Decodificar «{name}» toma mucha más memoria que un video de su tamaño y se detuvo; "
        "lo tomado antes se conserva. Conviértalo a H.264 en MP4."
    )


class VideoOverTime(Refused):
    """Decoding took more time than a video of this length may. Facts: name."""

    en = (
        "Decoding “{name}” takes far longer than a video of its length should, so it was "
        "stopped; what was taken before is kept. Convert it to H.264 in MP4."
    )
    es = (
        "Decodificar «{name}» tarda mucho más que un video de su duración y se detuvo; "
        "lo tomado antes se conserva. Conviértalo a H.264 en MP4."
    )


class VideoStuck(Refused):
    """No frame came for too long. Facts: name, seconds."""

    en = (
        "Decoding “{name}” stood still for {seconds} seconds and was stopped; what was taken "
        "before is kept. The file is probably damaged there: copy it again or convert it."
    )
    es = (
        "Decodificar «{name}» quedó parado {seconds} segundos y se detuvo; lo tomado antes se "
        "conserva. El archivo estará dañado ahí: cópielo otra vez o conviértalo."
    )


class VideoDecoderDied(Refused):
    """The program that decodes ended without a word. Facts: name."""

    en = (
        "The program that decodes “{name}” broke off; what was taken before is kept. "
        "The file is probably damaged: copy it again, or convert it to H.264 in MP4."
    )
    es = (
        "El programa que decodifica «{name}» se interrumpió; lo tomado antes se conserva. "
        "El archivo estará dañado: cópielo otra vez o conviértalo a H.264 en MP4."
    )


class VideoOutputTooLarge(Refused):
    """What is written from a video outgrew its bounds. Facts: name."""

    en = (
        "The copy made of “{name}” grows far beyond the size it should have, so it was stopped. "
        "The file's times are probably damaged: convert it to H.264 in MP4."
    )
    es = (
        "La copia de «{name}» crece mucho más de lo debido y se detuvo. Los tiempos del archivo "
        "estarán dañados: conviértalo a H.264 en MP4."
    )


class NothingMoves(Refused):
    """A condensed video would be empty. Facts: name."""

    en = "Nothing moves in “{name}”, so a video without its idle stretches would be empty."
    es = "Nada se mueve en «{name}»: un video sin sus tramos quietos estaría vacío."


class NeverIdle(Refused):
    """A condensed video would be all of it. Facts: name, seconds (of the shortest idle stretch)."""

    en = (
        "Nothing in “{name}” stands still for {seconds:.0f} seconds beyond the second kept before "
        "and after each movement, so there is nothing to leave out."
    )
    es = (
        "Nada en «{name}» queda quieto {seconds:.0f} segundos, aparte del segundo que se conserva "
        "antes y después de cada movimiento: no hay nada que omitir."
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


class VideoFileGone(Refused):
    """Its row is there, its file is not. Facts: name."""

    en = (
        "The file of “{name}” is not on the disk any more; what was made of it stays. Upload "
        "the same recording again to go on, or delete the video."
    )
    es = (
        "El archivo de «{name}» ya no está en el disco; lo que se hizo de él se conserva. Suba "
        "la misma grabación otra vez para seguir, o borre el video."
    )


class VideoTooBig(Refused):
    en = "“{name}” is larger than {limit} GB. Cut it, or raise LPR_MAX_VIDEO_GB."
    es = "«{name}» supera {limit} GB. Córtelo o aumente LPR_MAX_VIDEO_GB."


class DiskFull(Refused):
    en = "“{name}” needs {needed} MB, more than is free. Make room and try again."
    es = "«{name}» necesita {needed} MB, más de lo libre. Libere espacio e intente de nuevo."
