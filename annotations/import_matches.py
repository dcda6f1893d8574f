"""What of an import is in the project already: pictures by their names, crops, likely videos."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from annotations.errors import EntryPictureMissing
from annotations.formats import Annotations, Transcribed
from annotations.formats.archives import Source
from annotations.formats.entries import Picture
from annotations.formats.matching import is_picture, match_all, stem
from annotations.models import Crop, Frame, Project
from annotations.vision import crops as vision
from lprsite.errors import Refused

LOOKED_AT = 24  # pictures, for a likely video
ALIKE = 6  # bits of 64 by which two dHashes of one view may differ
SHARE = 0.6  # of the pictures that must be alike before a video is named
_FRAMES = 20_000  # of videos that are compared


def pictures_of_project(project: Project, said: Annotations) -> Annotations:
    """Give keys whose picture is not in the source the project's frame of that name, if one is.

    Matched as within a source: exactly, without case and form of accents, by unique name.
    """
    missing = {key: one for key, one in said.pictures.items() if one.missing and one.paths}
    if not missing:
        return said
    rows = Frame.objects.filter(project=project).exclude(name="")
    frames: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    for pk, name, width, height in rows.values_list("pk", "name", "width", "height"):
        frames[name].append((pk, width, height))
    unique = {name: found[0] for name, found in frames.items() if len(found) == 1}
    found: dict[str, Picture] = {}
    for by, keys in _by_ending(missing):
        for key, match in match_all(keys, unique, by=by).items():
            if match.member is not None:
                pk, width, height = unique[match.member]
                found[key] = Picture(key, match.member, width, height, stored=pk)
    return said.found_elsewhere(found)


def _by_ending(
    missing: dict[str, Picture],
) -> Iterator[tuple[Callable[[str], str], dict[str, Sequence[str]]]]:
    """Keys with and without a picture's ending; names of frames of videos have none."""
    stems: dict[str, Sequence[str]] = {
        key: [stem(path) for path in one.paths] for key, one in missing.items()
    }
    whole: dict[str, Sequence[str]] = {
        k: list(one.paths) for k, one in missing.items() if is_picture(one.paths[0])
    }
    yield stem, stems
    yield str, whole


def crops_of_project(project: Project, said: Transcribed) -> dict[int, Crop]:
    """Place in ``said.problems`` -> the crop whose picture the line names and the source lacks."""
    wanted: dict[str, list[str]] = {}
    places: dict[str, int] = {}
    for place, problem in enumerate(said.problems):
        facts = problem.refusal.facts
        if isinstance(problem.refusal, EntryPictureMissing) and facts.get("text"):
            wanted[str(place)] = [stem(str(facts["picture"]))]
            places[str(place)] = place
    if not wanted:
        return {}
    rows = Crop.objects.filter(project=project, withdrawn=False).exclude(name="")
    by_name: dict[str, list[int]] = defaultdict(list)
    for pk, name in rows.values_list("pk", "name"):
        by_name[name].append(pk)
    unique = {name: pks[0] for name, pks in by_name.items() if len(pks) == 1}
    matches = match_all(wanted, unique, by=stem)
    found = {places[key]: unique[m.member] for key, m in matches.items() if m.member is not None}
    crops = Crop.objects.select_related("current").in_bulk(list(found.values()))
    return {place: crops[pk] for place, pk in found.items() if pk in crops}


def likely_videos(project: Project, source: Source, members: Sequence[str]) -> list[dict[str, Any]]:
    """Videos whose frames most of some pictures resemble, most alike first.

    A likeness of views is no proof: this is only ever offered to a person.
    """
    rows = Frame.objects.filter(project=project, video__isnull=False).exclude(dhash="")
    known = list(rows.values_list("video_id", "video__name", "dhash")[:_FRAMES])
    sample = members[:: max(1, len(members) // LOOKED_AT)][:LOOKED_AT]
    if not known or not sample:
        return []
    hashes = np.array([int(dhash, 16) for _, _, dhash in known], np.uint64)
    alike: Counter[int] = Counter()
    looked = 0
    for member in sample:
        try:
            seen = int(vision.dhash(vision.decode_small(source.read(member), name=member)), 16)
        except Refused:
            continue
        looked += 1
        bits = np.bitwise_count(hashes ^ np.uint64(seen))
        alike.update({known[place][0] for place in np.flatnonzero(bits <= ALIKE)})
    names = {video: name for video, name, _ in known}
    return [
        {"video": video, "name": names[video], "alike": count, "looked": looked}
        for video, count in alike.most_common(3)
        if count >= SHARE * looked
    ]
