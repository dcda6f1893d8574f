"""The rows left of the dataset version, and the dataset version itself."""

from annotations.models.crops import Crop, Transcription
from annotations.models.datasets import DatasetItem, DatasetVersion
from annotations.models.frames import Box, BoxChange, Frame, Suggestion
from annotations.models.imports import AuditEntry, Export, ImportBatch
from annotations.models.passages import CheckedSpan, Passage, PassageChange
from annotations.models.people import Keymap
from annotations.models.projects import Camera, Label, Membership, PlateFormat, Project, Role
from annotations.models.uploads import DoomedFile, Purpose, Upload, WatchedFile
from annotations.models.videos import Selection, Video

__all__ = [
    "AuditEntry",
    "Box",
    "BoxChange",
    "Camera",
    "CheckedSpan",
    "Crop",
    "DatasetItem",
    "DatasetVersion",
    "DoomedFile",
    "Export",
    "Frame",
    "ImportBatch",
    "Keymap",
    "Label",
    "Membership",
    "Passage",
    "PassageChange",
    "PlateFormat",
    "Project",
    "Purpose",
    "Role",
    "Selection",
    "Suggestion",
    "Transcription",
    "Upload",
    "Video",
    "WatchedFile",
]
