"""What a person says about a whole frame."""

from __future__ import annotations

from annotations.errors import FrameHasBoxes, LabelUnknown
from annotations.models import Box, Frame, Label
from annotations.models.frames import FrameStatus


def mark(
    frame: Frame, *, status: str | None = None, complete_labels: list[str] | None = None
) -> Frame:
    """Set the status of a frame, and which classes are fully labelled on it.

    "Done" and "nothing here" mean that every label of the project is complete on the frame,
    unless ``complete_labels`` says otherwise.

    Raises:
        FrameHasBoxes: "nothing here" on a frame with boxes.
        LabelUnknown: a complete label that the project does not have.
    """
    names = list(Label.objects.filter(project=frame.project_id).values_list("name", flat=True))
    if complete_labels is not None:
        for name in complete_labels:
            if name not in names:
                raise LabelUnknown(name=name)
        frame.complete_labels = complete_labels
    elif status in (FrameStatus.DONE, FrameStatus.NOTHING_HERE):
        frame.complete_labels = names
    elif status == FrameStatus.OPEN:
        frame.complete_labels = []
    if status == FrameStatus.NOTHING_HERE and Box.objects.present().filter(frame=frame).exists():
        raise FrameHasBoxes()
    if status is not None:
        frame.status = status
    frame.save(update_fields=["status", "complete_labels"])
    return frame
