"""What the right half of the line refuses: trainings, models, readings."""

from __future__ import annotations

from lprsite.errors import Refused

# --- checkpoints


class CheckpointMissing(Refused):
    en = "“{name}” holds no trained model. Give a checkpoint file or the folder of a training run."
    es = (
        "«{name}» no contiene ningún modelo entrenado. Indique un archivo de modelo o la carpeta "
        "de un entrenamiento."
    )


class CheckpointUnreadable(Refused):
    en = (
        "“{name}” is not a model file of this program, or it is damaged. Choose another file or "
        "train again."
    )
    es = (
        "«{name}» no es un archivo de modelo de este programa o está dañado. Elija otro archivo o "
        "entrene de nuevo."
    )


class CheckpointWrongKind(Refused):
    en = "“{name}” is a {found}, but a {wanted} is needed here. Choose another model."
    es = "«{name}» es un modelo «{found}», pero aquí hace falta «{wanted}». Elija otro modelo."


# --- detector


# --- recognizer


# --- synthetic


# --- runs, models, reads


__all__ = ["Refused"]
