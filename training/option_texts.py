"""What every setting of a training is called, in what unit it is, and what it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lprsite.texts import both


@dataclass(frozen=True)
class About:
    """``low`` and ``high`` bound what may be typed; ``multiple``: whole multiples of it."""

    group: str
    title: str
    help: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    multiple: int = 1


GROUPS: dict[str, str] = {
    "course": both("Course of the training", "Curso del entrenamiento"),
    "network": both("Network and input", "Red y entrada"),
    "rate": both("Learning rate", "Tasa de aprendizaje"),
    "data": both("Data", "Datos"),
    "loss": both("Loss and weights", "Pérdida y pesos"),
    "start": both("Going on from a model", "Partir de un modelo"),
    "ellipse": both("Cells that learn an object", "Celdas que aprenden un objeto"),
    "clustering": both("From cells to boxes", "De celdas a cajas"),
    "augmentation": both("Changes to the pictures", "Cambios en las imágenes"),
}

_PIXELS = both("pixels", "píxeles")
_EPOCHS = both("epochs", "épocas")
_SHARE = both("share, 0 to 1", "fracción, de 0 a 1")
_CHANCE = both("probability, 0 to 1", "probabilidad, de 0 a 1")
_LOG = both("natural logarithm", "logaritmo natural")


def _of(group: str, title: tuple[str, str], told: tuple[str, str], *rest: Any) -> About:
    return About(group, both(*title), both(*told), *rest)


BOTH: dict[str, About] = {
    "epochs": _of(
        "course",
        ("Epochs", "Épocas"),
        (
            "How often the whole training part is gone through. More learns better, up to a point.",
            "Cuántas veces se recorre toda la parte de entrenamiento. Más aprende mejor, hasta "
            "cierto punto.",
        ),
        _EPOCHS,
        1,
        10_000,
    ),
    "batch": _of(
        "course",
        ("Batch", "Lote"),
        (
            "Pictures looked at together in one step. Larger is steadier and takes more memory.",
            "Imágenes que se ven juntas en un paso. Más es más estable y ocupa más memoria.",
        ),
        both("pictures", "imágenes"),
        1,
        4096,
    ),
    "seed": _of(
        "course",
        ("Seed", "Semilla"),
        (
            "The same seed, data and settings give the same training on a CPU.",
            "La misma semilla, datos y ajustes dan el mismo entrenamiento en CPU.",
        ),
        "",
        0,
        2**31 - 1,
    ),
    "soft_start": _of(
        "rate",
        ("Soft start", "Arranque suave"),
        (
            "Part of the training in which the learning rate rises from its lowest.",
            "Parte del entrenamiento en que la tasa sube desde la más baja.",
        ),
        _SHARE,
        0,
        1,
    ),
    "annealing": _of(
        "rate",
        ("Annealing", "Enfriamiento"),
        (
            "Where in the training the learning rate begins to fall.",
            "Punto del entrenamiento en que la tasa empieza a bajar.",
        ),
        _SHARE,
        0,
        1,
    ),
    "ema": _of(
        "loss",
        ("Running mean", "Media móvil"),
        (
            "Decay of the mean of the weights that is judged and kept; 0 keeps the weights "
            "themselves.",
            "Decaimiento de la media de los pesos que se evalúa y guarda; 0 guarda los pesos.",
        ),
        "",
        0,
        0.99999,
    ),
}

DETECTOR: dict[str, About] = {
    **BOTH,
    "passes": _of(
        "course",
        ("Passes", "Pasadas"),
        (
            "How often one epoch shows every frame, changed differently each time.",
            "Cuántas veces muestra una época cada fotograma, cada vez cambiado.",
        ),
        "",
        1,
        100,
    ),
    "evaluate_every": _of(
        "course",
        ("Judge every", "Evaluar cada"),
        (
            "Epochs between two looks at the held frames; the last is always judged.",
            "Épocas entre dos evaluaciones en lo reservado; la última siempre se evalúa.",
        ),
        _EPOCHS,
        1,
        1000,
    ),
    "patience": _of(
        "course",
        ("Patience", "Paciencia"),
        (
            "Stop after so many evaluations without a better one; 0 never stops early.",
            "Parar tras tantas evaluaciones sin mejora; 0 nunca para antes.",
        ),
        both("evaluations", "evaluaciones"),
        0,
        1000,
    ),
    "layers": _of(
        "network",
        ("Layers", "Capas"),
        (
            "Depth of the network: 10 is faster, 18 learns more from much data.",
            "Profundidad de la red: 10 es más rápida, 18 aprende más con muchos datos.",
        ),
    ),
    "stride": _of(
        "network",
        ("Grid cell", "Celda"),
        (
            "Width of a grid cell: 8 finds smaller plates, 16 is faster and as the toolkit.",
            "Ancho de una celda: 8 halla placas menores, 16 es más rápida y como la de NVIDIA.",
        ),
        _PIXELS,
    ),
    "width": _of(
        "network",
        ("Input width", "Ancho de entrada"),
        (
            "Frames are scaled to it. Larger finds smaller plates and costs time and memory.",
            "Los fotogramas se escalan a él. Más halla placas menores y cuesta tiempo y memoria.",
        ),
        _PIXELS,
        16,
        8192,
        16,
    ),
    "height": _of(
        "network",
        ("Input height", "Alto de entrada"),
        (
            "As the width: a multiple of 16, in the proportion of the recordings.",
            "Como el ancho: múltiplo de 16, en la proporción de los videos.",
        ),
        _PIXELS,
        16,
        8192,
        16,
    ),
    "precision": _of(
        "network",
        ("Precision", "Precisión"),
        (
            "Of the sums: auto takes bfloat16 where the processor computes in it.",
            "De los cálculos: auto usa bfloat16 donde el procesador lo tiene.",
        ),
    ),
    "lr_hi": _of(
        "rate",
        ("Highest rate", "Tasa más alta"),
        (
            "Size of the steps at full speed. Too high diverges, too low learns nothing.",
            "Tamaño de los pasos a plena marcha. Muy alta diverge, muy baja no aprende.",
        ),
        "",
        1e-9,
        10,
    ),
    "lr_lo": _of(
        "rate",
        ("Lowest rate", "Tasa más baja"),
        ("Where the rate starts and ends.", "Donde la tasa empieza y termina."),
        "",
        1e-12,
        10,
    ),
    "window": _of(
        "data",
        ("Window", "Ventana"),
        (
            "The training looks at windows of this part of a frame's sides, mostly around boxes; "
            "1 is whole frames. Half the sides costs a quarter of the time.",
            "El entrenamiento mira ventanas de esta parte de los lados, casi siempre junto a "
            "cajas; 1 son fotogramas enteros. La mitad de los lados cuesta un cuarto del tiempo.",
        ),
        _SHARE,
        0.01,
        1,
    ),
    "window_until": _of(
        "data",
        ("Windows until", "Ventanas hasta"),
        (
            "Part of the epochs with windows; the rest sees whole frames.",
            "Parte de las épocas con ventanas; el resto ve fotogramas enteros.",
        ),
        _SHARE,
        0,
        1,
    ),
    "l1": _of(
        "loss",
        ("L1", "L1"),
        (
            "Weight of the sum of all weights in the loss, before pruning; 0 for none.",
            "Peso de la suma de todos los pesos en la pérdida, antes de podar; 0 ninguno.",
        ),
        "",
        0,
        1,
    ),
    "norm_momentum": _of(
        "loss",
        ("Norm momentum", "Momento de norma"),
        (
            "How fast batch norms follow the data; the toolkit's 0.01 is slow.",
            "Con qué rapidez siguen los datos las normas; 0,01 de NVIDIA es lento.",
        ),
        _SHARE,
        1e-6,
        0.999999,
    ),
    "foreground": _of(
        "loss",
        ("Foreground", "Primer plano"),
        (
            "Weight of cells inside objects against all others.",
            "Peso de las celdas dentro de objetos frente a las demás.",
        ),
        _SHARE,
        1e-6,
        0.999999,
    ),
    "focus": _of(
        "loss",
        ("Focus", "Enfoque"),
        (
            "Power by which cells that are nearly right weigh less; 0 as the toolkit.",
            "Potencia con que pesan menos las celdas casi acertadas; 0 como NVIDIA.",
        ),
        "",
        0,
        10,
    ),
    "giou": _of(
        "loss",
        ("Overlap", "Solapamiento"),
        (
            "Weight of the boxes' overlap beside the distance of their edges; 0 as the toolkit.",
            "Peso del solapamiento de las cajas junto a la distancia de sus bordes; 0 como NVIDIA.",
        ),
        "",
        0,
        100,
    ),
    "box_target": _of(
        "loss",
        ("Box share", "Parte de las cajas"),
        (
            "What part of the loss the boxes should have, the coverage having 1.",
            "Qué parte de la pérdida deben tener las cajas, siendo 1 la cobertura.",
        ),
        "",
        1e-6,
        1000,
    ),
    "prior": _of(
        "loss",
        ("Prior", "A priori"),
        (
            "Coverage that the untrained network claims everywhere; 0 for the toolkit's half.",
            "Cobertura que dice la red sin entrenar en todas partes; 0 para la mitad, como NVIDIA.",
        ),
        _SHARE,
        0,
        0.999999,
    ),
    "freeze": _of(
        "start",
        ("Frozen stages", "Etapas fijas"),
        (
            "Stages of the start model that stay as they are, from 0 (the first) to 4.",
            "Etapas del modelo inicial que quedan como están, de 0 (la primera) a 4.",
        ),
        "",
        0,
        4,
    ),
    "prune": _of(
        "start",
        ("Prune below", "Podar bajo"),
        (
            "Filters of the start model weaker than this part of their layer's strongest are "
            "taken out; 0 for none.",
            "Se quitan los filtros del modelo inicial más débiles que esta parte del más fuerte "
            "de su capa; 0 ninguno.",
        ),
        _SHARE,
        0,
        0.999999,
    ),
    "ellipse.center": _of(
        "ellipse",
        ("Middle", "Centro"),
        (
            "Where in the box the ellipse sits: across, down.",
            "Dónde de la caja está la elipse: a lo ancho, a lo alto.",
        ),
        _SHARE,
        0,
        1,
    ),
    "ellipse.radius": _of(
        "ellipse",
        ("Radius", "Radio"),
        (
            "Half axes of the ellipse as part of half the box: across, down.",
            "Semiejes de la elipse como parte de media caja: a lo ancho, a lo alto.",
        ),
        _SHARE,
        0,
        1,
    ),
    "ellipse.min_radius": _of(
        "ellipse",
        ("Smallest radius", "Radio mínimo"),
        ("So that far plates have a cell too.", "Para que las placas lejanas tengan una celda."),
        both("cells", "celdas"),
        0.01,
        100,
    ),
    "ellipse.deadzone": _of(
        "ellipse",
        ("Dead zone", "Zona muerta"),
        (
            "From the ellipse (0) to the whole box (1): where no other object may be drawn.",
            "De la elipse (0) a la caja entera (1): donde no se dibuja otro objeto.",
        ),
        _SHARE,
        0,
        1,
    ),
    "ellipse.keep_aspect": _of(
        "ellipse",
        ("Keep proportions", "Mantener proporción"),
        (
            "Enlarge both axes together until each reaches the smallest radius, as the toolkit.",
            "Agrandar ambos ejes juntos hasta el radio mínimo, como NVIDIA.",
        ),
    ),
    "clustering.method": _of(
        "clustering",
        ("Method", "Método"),
        (
            "How cells are joined: by density, by keeping the best, or both.",
            "Cómo se unen las celdas: por densidad, quedándose con la mejor, o ambas.",
        ),
    ),
    "clustering.coverage": _of(
        "clustering",
        ("Least coverage", "Cobertura mínima"),
        ("Cells at or below it are not looked at.", "No se miran las celdas de menos."),
        _SHARE,
        0,
        1,
    ),
    "clustering.eps": _of(
        "clustering",
        ("Neighbours within", "Vecinos hasta"),
        (
            "Boxes at most this far apart (1 less their overlap) belong together.",
            "Van juntas las cajas a esta distancia como mucho (1 menos su solapamiento).",
        ),
        _SHARE,
        0,
        1,
    ),
    "clustering.min_samples": _of(
        "clustering",
        ("Least support", "Apoyo mínimo"),
        (
            "Total coverage that makes an object; below 1 one doubtful cell is enough.",
            "Cobertura total que hace un objeto; bajo 1 basta una celda dudosa.",
        ),
        "",
        0,
        1000,
    ),
    "clustering.merge_iou": _of(
        "clustering",
        ("Merge above", "Unir desde"),
        (
            "Of two groups that overlap more the weaker goes; 1 keeps all.",
            "De dos grupos que se solapan más se va el débil; 1 los deja todos.",
        ),
        _SHARE,
        0,
        1,
    ),
    "clustering.group_threshold": _of(
        "clustering",
        ("Group threshold", "Umbral de grupo"),
        (
            "Hybrid keeps the best only within groups whose coverage adds up to more.",
            "Híbrido elige solo en grupos cuya cobertura suma más.",
        ),
        "",
        0,
        1000,
    ),
    "clustering.nms_iou": _of(
        "clustering",
        ("Overlap that goes", "Solapamiento que se va"),
        (
            "What overlaps a better box more than this goes (nms and hybrid).",
            "Se va lo que se solapa más con una caja mejor (nms e híbrido).",
        ),
        _SHARE,
        0,
        1,
    ),
    "clustering.nms_border": _of(
        "clustering",
        ("Border", "Borde"),
        (
            "Added to the sides when overlaps are counted; 1 as the toolkit.",
            "Se suma a los lados al contar solapamientos; 1 como NVIDIA.",
        ),
        _PIXELS,
        0,
        10,
    ),
    "clustering.min_height": _of(
        "clustering",
        ("Least height", "Alto mínimo"),
        ("Lower boxes go.", "Las cajas más bajas se van."),
        _PIXELS,
        0,
        1000,
    ),
    "clustering.confidence": _of(
        "clustering",
        ("Confidence", "Confianza"),
        (
            "Of a detection: mean or best cell, how far the box is filled, or the toolkit's sum.",
            "De una detección: media o mejor celda, cuánto se llena la caja, o la suma de NVIDIA.",
        ),
    ),
    "clustering.threshold": _of(
        "clustering",
        ("Threshold", "Umbral"),
        ("Detections below it go.", "Las detecciones de menos se van."),
        "",
        0,
        1000,
    ),
    "clustering.max_cells": _of(
        "clustering",
        ("Most cells", "Máximo de celdas"),
        (
            "Only the best are joined, so that an untrained network stays fast.",
            "Solo se unen las mejores, para que una red sin entrenar no tarde.",
        ),
        both("cells", "celdas"),
        1,
        100_000,
    ),
    "augmentation.flip": _of(
        "augmentation",
        ("Mirror", "Espejo"),
        ("How often a frame is mirrored.", "Cuántas veces se refleja un fotograma."),
        _CHANCE,
        0,
        1,
    ),
    "augmentation.zoom": _of(
        "augmentation",
        ("Zoom", "Zoom"),
        (
            "Smallest and largest scale; below 1 makes far plates.",
            "Escala menor y mayor; bajo 1 hace placas lejanas.",
        ),
        both("times", "veces"),
        0.05,
        20,
    ),
    "augmentation.stretch": _of(
        "augmentation",
        ("Stretch", "Estirado"),
        ("Most change of width over height.", "Mayor cambio del ancho sobre el alto."),
        _LOG,
        0,
        2,
    ),
    "augmentation.shift": _of(
        "augmentation",
        ("Shift", "Desplazamiento"),
        ("Farthest move.", "Mayor movimiento."),
        both("share of the frame", "fracción del fotograma"),
        0,
        1,
    ),
    "augmentation.perspective": _of(
        "augmentation",
        ("Perspective", "Perspectiva"),
        ("How often it is seen from aside.", "Cuántas veces se ve de lado."),
        _CHANCE,
        0,
        1,
    ),
    "augmentation.brightness": _of(
        "augmentation",
        ("Brightness", "Brillo"),
        ("Most change, either way.", "Mayor cambio, a más o a menos."),
        _SHARE,
        0,
        1,
    ),
    "augmentation.contrast": _of(
        "augmentation",
        ("Contrast", "Contraste"),
        ("Most change, either way.", "Mayor cambio, a más o a menos."),
        _SHARE,
        0,
        1,
    ),
    "augmentation.gamma": _of(
        "augmentation",
        ("Exposure", "Exposición"),
        ("Most change of the exponent.", "Mayor cambio del exponente."),
        _LOG,
        0,
        3,
    ),
    "augmentation.cast": _of(
        "augmentation",
        ("Colour cast", "Tinte"),
        ("Most change of each colour alone.", "Mayor cambio de cada color por su lado."),
        _SHARE,
        0,
        1,
    ),
    "augmentation.saturation": _of(
        "augmentation",
        ("Saturation", "Saturación"),
        ("Most change, either way.", "Mayor cambio, a más o a menos."),
        _SHARE,
        0,
        1,
    ),
    "augmentation.hue": _of(
        "augmentation",
        ("Hue", "Tono"),
        ("Most turn of the colours.", "Mayor giro de los colores."),
        both("degrees", "grados"),
        0,
        180,
    ),
    "augmentation.grey": _of(
        "augmentation",
        ("Grey", "Gris"),
        ("How often colour is taken away, as at night.", "Cuántas veces se quita el color."),
        _CHANCE,
        0,
        1,
    ),
    "augmentation.blur": _of(
        "augmentation",
        ("Blur", "Desenfoque"),
        ("How often the lens is out of focus.", "Cuántas veces falla el enfoque."),
        _CHANCE,
        0,
        1,
    ),
    "augmentation.motion": _of(
        "augmentation",
        ("Motion", "Movimiento"),
        ("How often what moves is smeared.", "Cuántas veces se corre lo que se mueve."),
        _CHANCE,
        0,
        1,
    ),
    "augmentation.noise": _of(
        "augmentation",
        ("Noise", "Ruido"),
        ("How often the sensor is noisy.", "Cuántas veces hay ruido del sensor."),
        _CHANCE,
        0,
        1,
    ),
    "augmentation.jpeg": _of(
        "augmentation",
        ("JPEG", "JPEG"),
        ("How often it is compressed hard.", "Cuántas veces se comprime fuerte."),
        _CHANCE,
        0,
        1,
    ),
}

RECOGNIZER: dict[str, About] = {
    **BOTH,
    "network": _of(
        "network",
        ("Network", "Red"),
        (
            "lite is small and fast; lprnet10 and lprnet18 are laid out as NVIDIA's LPRNet.",
            "lite es pequeña y rápida; lprnet10 y lprnet18 son como LPRNet de NVIDIA.",
        ),
    ),
    "bf16": _of(
        "network",
        ("bfloat16", "bfloat16"),
        (
            "Compute in half the bits where the processor has them itself.",
            "Calcular con la mitad de bits donde el procesador los tiene.",
        ),
    ),
    "rate": _of(
        "rate",
        ("Highest rate", "Tasa más alta"),
        (
            "Size of the steps at full speed. Too high diverges, too low learns nothing.",
            "Tamaño de los pasos a plena marcha. Muy alta diverge, muy baja no aprende.",
        ),
        "",
        1e-9,
        10,
    ),
    "rate_floor": _of(
        "rate",
        ("Lowest rate", "Tasa más baja"),
        ("Where the rate ends.", "Donde termina la tasa."),
        "",
        1e-12,
        10,
    ),
    "schedule": _of(
        "rate",
        ("Schedule", "Plan"),
        (
            "How the rate falls: along a cosine, or flat and then down as the toolkit.",
            "Cómo baja la tasa: por un coseno, o plana y luego abajo como NVIDIA.",
        ),
    ),
    "optimiser": _of(
        "rate",
        ("Optimiser", "Optimizador"),
        (
            "adamw adapts each step; sgd with momentum is the toolkit's.",
            "adamw adapta cada paso; sgd con momento es el de NVIDIA.",
        ),
    ),
    "synthetic": _of(
        "data",
        ("Drawn plates", "Placas dibujadas"),
        (
            "Mixed into every epoch. They teach rare characters and help small datasets.",
            "Se mezclan en cada época. Enseñan caracteres escasos y ayudan con pocos datos.",
        ),
        both("plates each epoch", "placas por época"),
        0,
        1_000_000,
    ),
    "synthetic_formats": _of(
        "data",
        ("Formats drawn", "Formatos dibujados"),
        (
            "Countries whose plates are drawn, such as ecuador.",
            "Países cuyas placas se dibujan, como ecuador.",
        ),
    ),
    "augmentation": _of(
        "data",
        ("Changes to the crops", "Cambios en los recortes"),
        (
            "plates: other cameras, light and boxes; tao: the toolkit's; none.",
            "plates: otras cámaras, luz y cajas; tao: los de NVIDIA; none: ninguno.",
        ),
    ),
    "easy_start": _of(
        "data",
        ("Easy start", "Inicio fácil"),
        (
            "Part of the epochs that begins with easy plates; none after a model.",
            "Parte de las épocas que empieza con placas fáciles; ninguna si parte de un modelo.",
        ),
        _SHARE,
        0,
        1,
    ),
    "weight_decay": _of(
        "loss",
        ("Weight decay", "Decaimiento de pesos"),
        (
            "Pulls weights to zero, against learning by heart.",
            "Lleva los pesos a cero, contra aprender de memoria.",
        ),
        "",
        0,
        10,
    ),
    "clip": _of(
        "loss",
        ("Clip", "Recorte de gradiente"),
        (
            "Longest step that one batch may ask for.",
            "Mayor paso que puede pedir un lote.",
        ),
        both("length of the gradient", "longitud del gradiente"),
        1e-9,
        1e12,
    ),
    "tune": _of(
        "start",
        ("What learns", "Qué aprende"),
        (
            "full: all; head: only the last layer, for a new alphabet or few crops; gradual: "
            "from the last layer down.",
            "full: todo; head: solo la última capa, para otro alfabeto o pocos recortes; "
            "gradual: de la última hacia abajo.",
        ),
    ),
}
