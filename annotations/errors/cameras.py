"""Cameras over the net."""

from lprsite.errors import Refused

WHY_IN_SPANISH = {  # what else libav says stays as it says it
    "it fell silent": "dejó de enviar",
    "what it sends broke": "lo que envía está dañado",
    "the connection ended": "la conexión terminó",
    "nobody knows this name": "nadie conoce ese nombre",
    "it sends no picture that can be shown": "no envía ninguna imagen que se pueda mostrar",
    "Connection refused": "conexión rechazada",
    "Connection timed out": "no respondió a tiempo",
    "No route to host": "no hay camino hasta ella",
    "Network is unreachable": "la red no la alcanza",
    "Server returned 401 Unauthorized (authorization failed)": "el usuario o la contraseña no vale",
    "Server returned 403 Forbidden (access denied)": "no permite el acceso",
    "Server returned 404 Not Found": "no hay nada en esa dirección",
    "Server returned 5XX Server Error reply": "su servidor falla",
    "Invalid data found when processing input": "lo que envía no es un video",
}


class CameraAddressWrong(Refused):
    en = "A camera's address begins with rtsp://, rtsps://, http:// or https://, then its host."
    es = (
        "La dirección de una cámara empieza con rtsp://, rtsps://, http:// o https://, luego su "
        "servidor."
    )


class CameraHostForbidden(Refused):
    """Facts: host."""

    en = (
        "{host} is a link-local address, where machines of a cloud keep their secrets. Give the "
        "camera's address in your network, such as 192.168.1.20."
    )
    es = (
        "{host} es una dirección de enlace local, donde las máquinas de una nube guardan sus "
        "secretos. Indique la dirección de la cámara en su red, por ejemplo 192.168.1.20."
    )


class CameraWithoutAddress(Refused):
    """Facts: name."""

    en = "The camera “{name}” has no address yet. Give it one on its page."
    es = "La cámara «{name}» aún no tiene dirección. Indíquela en su página."


class CameraAddressLost(Refused):
    """Facts: name."""

    en = (
        "The address of the camera “{name}” cannot be read any more: this installation has "
        "another secret key than when it was given. Give it again on its page."
    )
    es = (
        "La dirección de la cámara «{name}» ya no se puede leer: esta instalación tiene otra "
        "clave secreta que cuando se indicó. Indíquela de nuevo en su página."
    )


class CameraBusy(Refused):
    """Facts: name."""

    en = "The camera “{name}” is being tried already. Wait a few seconds."
    es = "La cámara «{name}» ya se está probando. Espere unos segundos."
    status = 409


class CameraUnknown(Refused):
    """Facts: name."""

    en = "There is no camera “{name}” in this project. Add it on the page of cameras first."
    es = "No hay cámara «{name}» en este proyecto. Agréguela primero en la página de cámaras."


class CameraAway(Refused):
    """Facts: host, why."""

    en = "No picture comes from the camera at {host}: {why}."
    es = "No llega imagen de la cámara en {host}: {why}."

    def sentence(self, language: str = "en") -> str:
        if not language.startswith("es"):
            return super().sentence(language)
        why = str(self.facts["why"])
        return self.es.format(host=self.facts["host"], why=WHY_IN_SPANISH.get(why, why))


class CameraCodecUnknown(Refused):
    """Facts: host, codec."""

    en = "The camera at {host} sends {codec}. Set it to H.264 or H.265."
    es = "La cámara en {host} envía {codec}. Póngala en H.264 o H.265."
