"""Crops with their texts, written for other readers: labelerJS, LPRNet_Pytorch, fast-plate-ocr.

labelerJS: ``crops`` and ``annotations.txt`` with a line "NAME TEXT" for each. LPRNet_Pytorch:
the text is the file's name up to the first "-" or "_". fast-plate-ocr: a CSV of
``image_path,plate_text`` for each split, paths relative to it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from io import StringIO
from pathlib import Path

from annotations.formats.exports import ExportCrop, Names, Sink, Spool, opened
from annotations.formats.lprnet import check_text
from annotations.formats.matching import stem

LIST = "annotations.txt"
_HEADER = ("image_path", "plate_text")


def write_labelerjs(out: Path | Sink, crops: Iterable[ExportCrop]) -> dict[str, int]:
    """Write all crops side by side, whatever their split; returns their count.

    Raises ExportTextImpossible for a text with a space: the tool would cut it there.
    """
    names, lines, count = Names(), Spool(), 0
    with opened(out) as sink:
        for crop in crops:
            check_text(crop)
            name = names.give(crop.name, flat=True)
            sink.put(f"crops/{name}", crop.data, of=crop.source)
            lines.write(f"{name} {crop.text}\n".encode())
            count += 1
        sink.put(LIST, lines.pieces())
    return {"crops": count}


def write_lprnet_pytorch(out: Path | Sink, crops: Iterable[ExportCrop]) -> dict[str, int]:
    """Write SPLIT/TEXT_number; returns the count of crops.

    Raises ExportTextImpossible for a text with "-" or "_", which end the text there.
    """
    names, count = Names(), 0
    with opened(out) as sink:
        for crop in crops:
            check_text(crop, never="-_/?")
            count += 1
            ending = crop.name[len(stem(crop.name)) :].lower()
            split = crop.split or "train"
            name = names.give(f"{crop.text}_{count:06d}{ending}", group=split)
            sink.put(f"{split}/{name}", crop.data, of=crop.source)
    return {"crops": count}


def write_fast_plate_ocr(out: Path | Sink, crops: Iterable[ExportCrop]) -> dict[str, int]:
    """Write images/SPLIT and SPLIT.csv; returns the count of crops."""
    names, tables, count = Names(), dict[str, Spool](), 0
    with opened(out) as sink:
        for crop in crops:
            check_text(crop)
            split = crop.split or "train"
            path = f"images/{split}/{names.give(crop.name, group=split, flat=True)}"
            sink.put(path, crop.data, of=crop.source)
            if split not in tables:
                tables[split] = Spool()
                tables[split].write(_line(_HEADER))
            tables[split].write(_line((path, crop.text)))
            count += 1
        for split, table in tables.items():
            sink.put(f"{split}.csv", table.pieces())
    return {"crops": count}


def _line(cells: Iterable[str]) -> bytes:
    line = StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue().encode()
