"""Cameras over the net."""

from lprsite.errors import Refused


class CameraAddressWrong(Refused):
    en = "A camera's address begins with rtsp://, rtsps://, http:// or https://, then its host."
    es = (
        "La dirección de una cámara empieza con rtsp://, rtsps://, http:// o https://, luego su "
        "servidor."
    )


class CameraUnknown(Refused):
    """Facts: name."""

    en = "There is no camera “{name}” in this project. Add it in the settings first."
    es = "No hay cámara «{name}» en este proyecto. Agréguela primero en los ajustes."


class CameraAway(Refused):
    """Facts: host, why."""

    en = "No picture comes from the camera at {host}: {why}."
    es = "No llega imagen de la cámara en {host}: {why}."


class CameraCodecUnknown(Refused):
    """Facts: host, codec."""

    en = "The camera at {host} sends {codec}. Set it to H.264 or H.265."
    es = "La cámara en {host} envía {codec}. Póngala en H.264 o H.265."
