"""Pictures that the project knows: by their bytes, or as its own frames at another size."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from django.db.models import F

from annotations.bringing.held import Errand, Held, read_stored
from annotations.formats import PlannedPicture
from annotations.formats.matching import stem
from annotations.models import Frame, Project
from annotations.vision import crops as vision
from lprsite.errors import Refused

SAME_VIEW = 8  # bits of 64 by which the dHash of a resized picture may differ


def frames_with(hashes: Iterable[str], project: Project) -> dict[str, Frame]:
    """The frames with these bytes; those of videos before loose pictures."""
    rows = Frame.objects.filter(project=project, sha256__in=set(hashes))
    frames: dict[str, Frame] = {}
    for frame in rows.order_by(F("video_id").asc(nulls_last=True), "id"):
        frames.setdefault(frame.sha256, frame)
    return frames


def as_frames_of_videos(held: Sequence[Held], errand: Errand) -> list[Held]:
    """Frames that we exported at another size become the frames they are.

    Both must agree: the name, as only our exports write it, and the look. Their boxes are
    scaled to the frame.
    """
    open_ = [one for one in held if one.frame is None and "_" in one.planned.name]
    names = {name_of(one.planned.name) for one in open_}
    rows = Frame.objects.filter(project=errand.project, video__isnull=False, name__in=names)
    by_name = {frame.name: frame for frame in rows} if names else {}
    wanted = [(one, by_name.get(name_of(one.planned.name))) for one in open_]
    pairs = [(one, frame) for one, frame in wanted if frame and frame.sha256 != one.sha256]
    swapped = dict(errand.crew.map(lambda pair: (id(pair[0]), _at_its_frame(*pair)), pairs))
    return [swapped.get(id(one), one) for one in held]


def _at_its_frame(one: Held, frame: Frame) -> Held:
    """The picture as the video's frame that it shows, if it does. Runs in the crew."""
    try:
        seen = vision.dhash(vision.decode_small(one.data, name=one.planned.name))
        if not frame.dhash or apart(seen, frame.dhash) > SAME_VIEW:
            return one
        width, height = vision.picture_size(one.data, name=one.planned.name)
        data = read_stored(frame, one.planned.name)
    except Refused:
        return one
    planned = scaled(one.planned, frame.width / width, frame.height / height)
    planned = replace(planned, width=frame.width, height=frame.height)
    return Held(planned, data, frame.sha256, one.text, frame)


def name_of(member: str) -> str:
    """The name of a picture without folders and ending, as our exports give it to frames."""
    return stem(member.rpartition("/")[2])


def apart(one: str, other: str) -> int:
    """By how many bits two hashes of 16 hex digits differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def scaled(planned: PlannedPicture, across: float, down: float) -> PlannedPicture:
    """A picture's plan with its boxes stretched."""
    boxes = tuple(
        replace(b, x1=b.x1 * across, y1=b.y1 * down, x2=b.x2 * across, y2=b.y2 * down)
        for b in planned.boxes
    )
    return replace(planned, boxes=boxes)
