"""Files of other tools to dataclasses and back. Pure: no database, no web.

``read`` looks inside a source and says what it holds; ``Annotations.resolve`` decides
what becomes of every entry.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from annotations.errors import (
    IsProjectArchive,
    JsonBroken,
    JsonTooDeep,
    NothingToImport,
    NoTranscriptions,
    OnlyArchives,
    XmlBroken,
    XmlTooDeep,
    XmlUnsafe,
)
from annotations.formats import (
    cloud_annotations,
    coco_reader,
    create_ml,
    kitti,
    labelerjs,
    lprnet,
    manifest,
    plate_texts,
    voc_reader,
    yolo,
)
from annotations.formats.annotations import Annotations, Progress, annotations_of
from annotations.formats.archives import Source, is_archive, suffix
from annotations.formats.entries import Entry
from annotations.formats.exports import SOURCES
from annotations.formats.matching import is_picture, stem
from annotations.formats.plans import Plan, PlannedBox, PlannedPicture, ReportLine
from annotations.formats.reading import load_json, together
from annotations.formats.transcribed import TextPair, Transcribed
from lprsite.errors import Refused

_JSONS = 50  # files of a source that are looked into
_SAMPLE = 50
_ANNOTATIONS = "_annotations.json"
_MANIFEST = "manifest.csv"
PICTURES_ONLY = "pictures"
_OURS = "dataset.json"  # beside SOURCES in our exports: says nothing of boxes
_PROJECT = "project.json"  # of our own archives of whole projects
_PROJECT_MARK = b'"lpr-studio-project"'


def read(source: Source, *, progress: Progress | None = None) -> Annotations:
    """What a source says about its pictures, in whichever format it says it.

    Known by content, never by a file's name alone. The order: Cloud Annotations JSON, label
    files beside the pictures (YOLO or KITTI), VOC, COCO and Create ML, a CSV of boxes, label
    files without pictures; pictures alone give annotations without entries. ``progress`` is
    called with (pictures measured, pictures). Raises NothingToImport, JsonBroken and the
    other refusals of the formats.
    """
    if source.has(_PROJECT) and _PROJECT_MARK in source.head(_PROJECT, 200):
        raise IsProjectArchive(name=source.name)
    jsons = _Jsons(source)
    looks: tuple[Callable[[], Annotations | None], ...] = (
        lambda: _read_cloud(source, jsons, progress),
        lambda: _read_labels(source, progress, alone=False),
        lambda: _read_voc(source, progress),
        lambda: _read_lists(source, jsons, progress),
        lambda: _read_csv(source, progress),
        lambda: _read_labels(source, progress, alone=True),
        lambda: _read_pictures(source, progress),
    )
    for look in looks:
        if found := look():
            return found
    if jsons.broken:
        raise jsons.broken
    raise _nothing(source)


def read_transcriptions(source: Source) -> Transcribed:
    """The texts of crops in a source: labelerJS, a table, TAO LPRNet, or names of files.

    Raises NoTranscriptions.
    """
    if labelerjs.find(source):
        return labelerjs.read(source)
    if tables := plate_texts.find_tables(source):
        return plate_texts.read_tables(source, tables)
    try:
        found = lprnet.read(source)
    except NoTranscriptions:
        return plate_texts.read_names(source)
    if found.pairs:
        return found
    try:
        return plate_texts.read_names(source)
    except NoTranscriptions:
        return found


def look(source: Source, *, progress: Progress | None = None) -> Annotations | Transcribed:
    """What a source holds: boxes, or texts of crops. Raises what ``read`` does."""
    if labelerjs.find(source):
        return labelerjs.read(source)
    try:
        said = read(source, progress=progress)
    except (NothingToImport, XmlBroken, XmlTooDeep, XmlUnsafe):  # texts may lie beside them
        said = None
    if (said is None or said.format == PICTURES_ONLY) and (texts := _texts(source, said)):
        return texts
    if said is None:
        raise _nothing(source)
    return said


def _texts(source: Source, said: Annotations | None) -> Transcribed | None:
    """Texts where no boxes are; names of files only where the pictures look like crops."""
    if tables := plate_texts.find_tables(source):
        return plate_texts.read_tables(source, tables)
    try:
        found = lprnet.read(source)
    except NoTranscriptions:
        found = None
    if found is not None and found.pairs:
        return found
    if said is not None and plate_texts.looks_named_by_text(source, said.unlabelled):
        return plate_texts.read_names(source)
    return None


def _nothing(source: Source) -> Refused:
    """Why nothing of the source can be imported; beside a file that was named lie strangers."""
    if source.main is not None:
        return NothingToImport(name=source.name)
    if (reason := voc_reader.problem(source)) is not None:
        return reason
    archives = [member for member in source.members() if is_archive(member)]
    if archives:
        return OnlyArchives(name=source.name, member=archives[0])
    return NothingToImport(name=source.name)


class _Jsons:
    """The JSON files of a source, each read once."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._members = _candidates(source, ".json")[:_JSONS]
        self._read: dict[str, Any] = {}
        self.broken: Refused | None = None

    def like(self, *kinds: Callable[[object], bool]) -> list[tuple[str, Any]]:
        """(member, content) of the files that are of one of the kinds."""
        found = []
        for member in self._members:
            content = self._content(member)
            if any(kind(content) for kind in kinds):
                found.append((member, content))
        return found

    def _content(self, member: str) -> Any:
        if member not in self._read:
            try:
                self._read[member] = load_json(self._source, member)
            except (JsonBroken, JsonTooDeep) as reason:
                if member == self._source.main or member.endswith(_ANNOTATIONS):
                    raise
                self.broken = self.broken or reason
                self._read[member] = None
        return self._read[member]


def _read_cloud(source: Source, jsons: _Jsons, progress: Progress | None) -> Annotations | None:
    found = jsons.like(cloud_annotations.is_v1, cloud_annotations.is_v2)
    parts = [
        (member, cloud_annotations.read(source, member, content, progress=progress))
        for member, content in found
    ]
    return together(parts) if parts else None


def _read_lists(source: Source, jsons: _Jsons, progress: Progress | None) -> Annotations | None:
    """COCO or Create ML, one file for each split."""
    for kind, reader in ((coco_reader.is_coco, coco_reader), (create_ml.is_create_ml, create_ml)):
        found = jsons.like(kind)
        parts = [
            (member, reader.read(source, member, content, progress=progress))
            for member, content in found
        ]
        if parts:
            return together(parts)
    return None


def _read_labels(source: Source, progress: Progress | None, *, alone: bool) -> Annotations | None:
    """Label files: those of pictures that are here, or else such that are ``alone``."""
    names_file = source.main if source.main and suffix(source.main) in (".yaml", ".yml") else None
    if source.main is not None and names_file is None:
        return None
    files = yolo.label_files(source)
    if not alone and not _beside_pictures(source, files):
        return None
    spoken = [lines for lines in _sampled(source, files) if any(line.strip() for line in lines)]
    if any(kitti.looks_like_kitti(lines) for lines in spoken):
        return kitti.read(source, files, progress=progress)
    empty = bool(files) and not spoken
    if empty or any(yolo.looks_like_yolo(lines) for lines in spoken):
        return yolo.read(source, files, names_file=names_file, progress=progress)
    return None


def _beside_pictures(source: Source, files: list[str]) -> bool:
    stems = {stem(member) for member in source.members() if is_picture(member)}
    return any(path in stems for file in files for path in yolo.picture_paths(file))


def _sampled(source: Source, files: list[str]) -> list[list[str]]:
    """The lines of some label files, spread over all of them."""
    found = []
    for file in files[:: max(1, len(files) // _SAMPLE)][:_SAMPLE]:
        try:
            found.append(yolo.read_text(source, file))
        except Refused:  # told when it is read
            continue
    return found


def _read_voc(source: Source, progress: Progress | None) -> Annotations | None:
    if source.main is not None:
        return None
    members = voc_reader.find(source)
    return voc_reader.read(source, members, progress=progress) if members else None


def _read_csv(source: Source, progress: Progress | None) -> Annotations | None:
    parts = []
    tables = plate_texts.find_tables(source)
    for member in _candidates(source, ".csv")[:_JSONS]:
        named = member == source.main and member not in tables
        if named or manifest.looks_like_manifest(source, member):
            parts.append((member, manifest.read(source, member, progress=progress)))
    return together(parts) if parts else None


def _read_pictures(source: Source, progress: Progress | None) -> Annotations | None:
    """Pictures alone: nothing is said, every picture is unlabelled."""
    ours = {_OURS} if source.has(SOURCES) else set()
    if source.main is not None or any(
        suffix(member) in (".json", ".xml", ".csv") and member not in ours
        for member in source.members()
    ):
        return None
    pictures = [member for member in source.members() if is_picture(member)]
    if not pictures:
        return None
    return annotations_of(
        source,
        format=PICTURES_ONLY,
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
    "PICTURES_ONLY",
    "Annotations",
    "Entry",
    "Plan",
    "PlannedBox",
    "PlannedPicture",
    "ReportLine",
    "TextPair",
    "Transcribed",
    "look",
    "read",
    "read_transcriptions",
]
