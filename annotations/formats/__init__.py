"""Files of other tools to dataclasses and back. Pure: no database, no web.

``read`` looks inside a source and says what it holds; ``Annotations.resolve`` decides
what becomes of every entry.
"""

from __future__ import annotations

from annotations.errors import JsonBroken, JsonTooDeep, NothingToImport
from annotations.formats import cloud_annotations, kitti, labelerjs, lprnet, manifest, yolo
from annotations.formats.archives import Source, suffix
from annotations.formats.matching import is_picture
from annotations.formats.plans import (
    Annotations,
    Entry,
    Plan,
    PlannedBox,
    PlannedPicture,
    Progress,
    ReportLine,
    annotations_of,
)
from annotations.formats.transcribed import TextPair, Transcribed

_JSONS = 50  # files of a source that are looked into
_SAMPLE = 50
_ANNOTATIONS = "_annotations.json"
_MANIFEST = "manifest.csv"


def read(source: Source, *, progress: Progress | None = None) -> Annotations:
    """What a source says about its pictures, in whichever format it says it.

    The order: Cloud Annotations JSON, label files beside the pictures (YOLO or KITTI), a
    CSV of boxes; pictures alone give annotations without entries. ``progress`` is called
    with (pictures measured, pictures). Raises NothingToImport, JsonBroken and the other
    refusals of the formats.
    """
    for look in (_read_json, _read_labels, _read_csv, _read_pictures):
        if found := look(source, progress):
            return found
    raise NothingToImport(name=source.name)


def read_transcriptions(source: Source) -> Transcribed:
    """The texts of crops in a source: labelerJS, or the folders of TAO LPRNet.

    Raises NoTranscriptions.
    """
    return labelerjs.read(source) if labelerjs.find(source) else lprnet.read(source)


def _read_json(source: Source, progress: Progress | None) -> Annotations | None:
    for member in _candidates(source, ".json")[:_JSONS]:
        try:
            content = cloud_annotations.load_json(source, member)
        except (JsonBroken, JsonTooDeep):
            if member == source.main or member.endswith(_ANNOTATIONS):
                raise
            continue
        if cloud_annotations.is_v1(content) or cloud_annotations.is_v2(content):
            return cloud_annotations.read(source, member, content, progress=progress)
    return None


def _read_labels(source: Source, progress: Progress | None) -> Annotations | None:
    names_file = source.main if source.main and suffix(source.main) in (".yaml", ".yml") else None
    if source.main is not None and names_file is None:
        return None
    files = yolo.label_files(source)
    samples = [yolo.read_text(source, file) for file in files[:_SAMPLE]]
    spoken = [lines for lines in samples if any(line.strip() for line in lines)]
    if any(kitti.looks_like_kitti(lines) for lines in spoken):
        return kitti.read(source, files, progress=progress)
    empty = bool(files) and not spoken
    if empty or any(yolo.looks_like_yolo(lines) for lines in spoken):
        return yolo.read(source, files, names_file=names_file, progress=progress)
    return None


def _read_csv(source: Source, progress: Progress | None) -> Annotations | None:
    for member in _candidates(source, ".csv")[:_JSONS]:
        if member == source.main or manifest.looks_like_manifest(source, member):
            return manifest.read(source, member, progress=progress)
    return None


def _read_pictures(source: Source, progress: Progress | None) -> Annotations | None:
    """Pictures alone: nothing is said, every picture is unlabelled."""
    if source.main is not None or any(
        suffix(member) in (".json", ".xml", ".csv") for member in source.members()
    ):
        return None
    pictures = [member for member in source.members() if is_picture(member)]
    if not pictures:
        return None
    return annotations_of(
        source,
        format="pictures",
        labels=(),
        entries=(),
        matches={},
        unlabelled=pictures,
        progress=progress,
    )


def _candidates(source: Source, ending: str) -> list[str]:
    """The files of a kind: only the named one, else the likeliest and shallowest first."""
    if source.main is not None:
        return [source.main] if suffix(source.main) == ending else []
    members = [member for member in source.members() if suffix(member) == ending]
    return sorted(
        members,
        key=lambda member: (not member.endswith((_ANNOTATIONS, _MANIFEST)), member.count("/")),
    )


__all__ = [
    "Annotations",
    "Entry",
    "Plan",
    "PlannedBox",
    "PlannedPicture",
    "ReportLine",
    "TextPair",
    "Transcribed",
    "read",
    "read_transcriptions",
]
