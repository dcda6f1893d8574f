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


class CheckpointOtherLayout(CheckpointUnreadable):
    en = (
        "“{name}” was trained with another layout of the network “{network}” than this version "
        "of the program has. Train it again."
    )
    es = (
        "«{name}» se entrenó con otra estructura de la red «{network}» que la de esta versión "
        "del programa. Entrénelo de nuevo."
    )


class CheckpointWrongKind(Refused):
    en = "“{name}” is a {found}, but a {wanted} is needed here. Choose another model."
    es = "«{name}» es un modelo «{found}», pero aquí hace falta «{wanted}». Elija otro modelo."


class StarterMissing(Refused):
    en = (
        "The program comes without a {kind} to start with. Train one, or name a number, a folder "
        "or current."
    )
    es = (
        "El programa no trae ningún {kind} inicial. Entrene uno o indique un número, una carpeta "
        "o current."
    )


class OnnxMissing(Refused):
    status = 409
    en = (
        "Exporting to ONNX needs packages that are not installed. Start the program once with "
        "“python3 bootstrap.py up --extra onnx”."
    )
    es = (
        "Exportar a ONNX necesita paquetes que no están instalados. Inicie el programa una vez "
        "con «python3 bootstrap.py up --extra onnx»."
    )


class OnnxDiffers(Refused):
    en = (
        "The ONNX file would read differently from the model (its values are {difference} "
        "apart), so it was not kept. Another version of onnxruntime may help."
    )
    es = (
        "El archivo ONNX leería distinto que el modelo (sus valores difieren en {difference}), "
        "así que no se guardó. Otra versión de onnxruntime puede ayudar."
    )


# --- both networks: Diverged and what a training refuses before it starts


class Diverged(Refused):
    en = (
        "The training diverged in epoch {epoch}: its loss grew beyond all bounds. Lower the "
        "learning rate, or look for wrong labels, and start again."
    )
    es = (
        "El entrenamiento divergió en la época {epoch}: la pérdida creció sin límite. Baje la "
        "tasa de aprendizaje o busque etiquetas erróneas, y empiece de nuevo."
    )


class HelpersEnded(Refused):
    en = (
        "The processes that prepare pictures for the training were ended {times} times, probably "
        "for want of memory. Close other programs or give the machine more memory, and resume."
    )
    es = (
        "Los procesos que preparan imágenes para el entrenamiento terminaron {times} veces, "
        "probablemente por falta de memoria. Cierre otros programas o dé más memoria al equipo, y "
        "continúe."
    )


class SettingRefused(Refused):
    en = "The training setting “{setting}” cannot be {value}: {reason.en}."
    es = "El ajuste de entrenamiento «{setting}» no puede ser {value}: {reason.es}."


class NothingToTrainOn(Refused):
    en = "There is nothing to train on: the dataset version has no usable pictures in “train”."
    es = "No hay con qué entrenar: la versión del conjunto no tiene imágenes útiles en «train»."


class AnotherTrainingHere(Refused):
    en = (
        "“{name}” holds another training ({setting} differs). Give a new folder, or the settings "
        "it was started with."
    )
    es = (
        "«{name}» contiene otro entrenamiento (difiere {setting}). Indique una carpeta nueva o "
        "los ajustes con que se inició."
    )


class OtherNetwork(Refused):
    en = "“{name}” is a {found} network, the training wants {wanted}. Choose another start model."
    es = "«{name}» es una red {found}, el entrenamiento pide {wanted}. Elija otro modelo inicial."


# --- detector


# --- recognizer


class AlphabetRefused(Refused):
    en = (
        "The alphabet “{alphabet}” cannot be used: it needs at least one character, each only "
        "once, without spaces and without “?”."
    )
    es = (
        "El alfabeto «{alphabet}» no sirve: debe tener al menos un carácter, cada uno una sola "
        "vez, sin espacios y sin «?»."
    )


class CharacterUnknown(Refused):
    en = (
        "“{character}” in the text “{text}” of “{name}” is not in the alphabet. Correct the "
        "text, or add the character to the alphabet."
    )
    es = (
        "«{character}» en el texto «{text}» de «{name}» no está en el alfabeto. Corrija el "
        "texto o añada el carácter al alfabeto."
    )


class TextTooLong(Refused):
    en = (
        "The text “{text}” of “{name}” is too long: the network writes at most {steps} "
        "characters, and one less for each doubled character. Correct the text or leave it out."
    )
    es = (
        "El texto «{text}» de «{name}» es demasiado largo: la red escribe como mucho {steps} "
        "caracteres, y uno menos por cada carácter doble. Corrija el texto o déjelo fuera."
    )


class PictureMissing(Refused):
    en = "“{name}” is listed for training but is not on the disk. Make the dataset version again."
    es = (
        "«{name}» figura para el entrenamiento pero no está en el disco. Vuelva a crear la "
        "versión del conjunto."
    )


# --- synthetic


class FontMissing(Refused):
    en = "The font {file} of the package “{package}” is missing: install it with pip and try again."
    es = "Falta la fuente {file} del paquete «{package}»: instálelo con pip e inténtelo de nuevo."


class UnknownPlateFormat(Refused):
    en = "There is no plate format “{name}”: choose among {known}."
    es = "No existe el formato de placa «{name}»: elija entre {known}."


class SyntheticVideoRefused(Refused):
    en = "The video cannot be made as asked: {reason}."
    es = "El vídeo no se puede hacer como se pide: {reason}."


# --- runs, models, reads


class ModelNotHere(Refused):
    en = "There is no {kind} “{given}”. Train one, or name a number, a folder, or current."
    es = "No hay {kind} «{given}». Entrene uno o indique un número, una carpeta o current."


class ModelRetired(Refused):
    status = 409
    en = "“{model}” was retired; its files are gone. Choose another."
    es = "«{model}» fue retirado; sus archivos ya no están. Elija otro."


class ReadingNotDone(Refused):
    en = "This reading has not come to its end. Wait until it is done."
    es = "Esta lectura no ha llegado a su fin. Espere hasta que esté lista."
    status = 409


class DatasetForOther(Refused):
    en = "“{model}” is a {kind}; this dataset version is for a {other}."
    es = "«{model}» es un {kind}; esta versión de datos es para un {other}."


class ReadingsOfDifferentVideos(Refused):
    en = "These are readings of different videos. Choose two readings of the same video."
    es = "Son lecturas de videos distintos. Elija dos lecturas del mismo video."


class RunOver(Refused):
    status = 409
    en = "This run is not over yet. Stop it, or wait for its end."
    es = "Esta ejecución aún no termina. Deténgala o espere su fin."


class RunFinished(Refused):
    status = 409
    en = "This run is finished: it made “{model}”. Start a new training from that model."
    es = "Esta ejecución terminó: hizo «{model}». Empiece un entrenamiento nuevo desde ese modelo."


class NothingKept(Refused):
    en = (
        "The training was stopped before its first epoch was over, so it left no model. Go on "
        "with it to have one."
    )
    es = (
        "El entrenamiento se detuvo antes de terminar su primera época, así que no dejó ningún "
        "modelo. Continúelo para tener uno."
    )


class RunNotWorking(Refused):
    status = 409
    en = "This run is not at work, so there is nothing to stop."
    es = "Este entrenamiento no está en marcha: no hay nada que detener."


class ModelInUse(Refused):
    status = 409
    en = "“{model}” is {use}. Make another model current, or wait, before retiring it."
    es = "«{model}» {use_es}. Haga vigente otro modelo, o espere, antes de retirarlo."


class TrainingDiskFull(Refused):
    status = 507
    en = "The disk is nearly full: {free} MB are free, a training needs {needed} MB. Make room."
    es = (
        "El disco está casi lleno: quedan {free} MB libres y un entrenamiento necesita {needed} "
        "MB. Haga espacio."
    )


class DiskRanFull(Refused):
    en = (
        "The disk ran full. What was finished until then is kept: make room and go on where it "
        "stopped."
    )
    es = (
        "El disco se llenó. Lo terminado hasta entonces está guardado: haga espacio y continúe "
        "donde se detuvo."
    )


class MemoryFull(Refused):
    en = (
        "The training needs more memory than there is. Choose a smaller batch or a smaller input "
        "and start again."
    )
    es = (
        "El entrenamiento necesita más memoria de la que hay. Elija un lote o una entrada menor "
        "y empiece de nuevo."
    )


class MeasuredToFail(Refused):
    en = "A few steps of this training were tried, and it cannot work: {why}"
    es = "Se probaron unos pasos de este entrenamiento y no puede funcionar: {why_es}"


class NoSuchDevice(Refused):
    en = "There is no device “{device}” here. Choose among {known}."
    es = "Aquí no hay ningún dispositivo «{device}». Elija entre {known}."


class NotComparable(Refused):
    en = "“{first}” and “{second}” were not judged on the same pictures. Evaluate both on one set."
    es = "«{first}» y «{second}» no se evaluaron con las mismas imágenes. Evalúe ambos en una."


class RunNotHere(Refused):
    en = "There is no {kind} training “{given}” here that could go on."
    es = "No hay aquí un entrenamiento ({kind}) «{given}» que pueda continuar."


class ResumeAlone(Refused):
    en = "A run that goes on keeps its settings. Give --resume without others, or start a new run."
    es = "Una ejecución que continúa conserva sus ajustes. Use --resume sin otros, o empiece una."


class NoPictures(Refused):
    en = "There is no picture to read in “{name}”. Name a folder of pictures or a manifest CSV."
    es = "No hay imágenes que leer en «{name}». Indique una carpeta de imágenes o un manifiesto."


class LabelUnknownToModel(Refused):
    en = "{name}: the model knows no “{label}”, so this box counts for nothing."
    es = "{name}: el modelo no conoce «{label}», así que esta caja no cuenta."


class BoxListedTwice(Refused):
    en = "{name}: this box is listed twice and counts once."
    es = "{name}: esta caja figura dos veces y cuenta una."


class EvaluationUnclear(Refused):
    en = "Say what to evaluate on: --dataset NUMBER or --manifest CSV."
    es = "Diga sobre qué evaluar: --dataset NÚMERO o --manifest CSV."


__all__ = ["Refused"]


# --- cameras


class CameraRecorded(Refused):
    status = 409
    en = "The camera “{name}” is recorded already. Stop it first to start it otherwise."
    es = "La cámara «{name}» ya se está grabando. Deténgala antes para iniciarla de otro modo."


class ReadingBehind(Refused):
    en = (
        "Reading is slower than the camera: {waiting} pieces wait. What comes now is thrown away, "
        "until half of them are read."
    )
    es = (
        "La lectura es más lenta que la cámara: {waiting} partes esperan. Lo que llega ahora se "
        "descarta, hasta que la mitad esté leída."
    )
