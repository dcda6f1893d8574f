"""The boxes of one picture."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import numpy as np

from annotations.models import Box, Label
from annotations.vision.boxes import Xyxy

SAME_BOX = 1.0  # pixel: how far the edges of one box may lie apart, tables round differently


class Shelf:
    """The boxes of one picture: those it has, and those that join them."""

    def __init__(self, boxes: Iterable[Box]) -> None:
        self._rows: list[Box] = []
        self._edges = np.zeros((16, 4))
        self._labels = np.zeros(16, np.int64)
        self._keys: dict[UUID, Box] = {}
        for box in boxes:
            self.add(box)

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, box: Box) -> None:
        """A deleted box is known by its key only."""
        if box.client_key:
            self._keys[box.client_key] = box
        if box.deleted_at is not None:
            return
        if len(self) == len(self._edges):
            self._edges = np.concatenate([self._edges, np.zeros_like(self._edges)])
            self._labels = np.concatenate([self._labels, np.zeros_like(self._labels)])
        self._edges[len(self)], self._labels[len(self)] = box.xyxy, box.label_id
        self._rows.append(box)

    def made_by(self, key: UUID) -> Box | None:
        """The box that an earlier attempt of the same import made."""
        return self._keys.get(key)

    def like(self, label: Label, xyxy: Xyxy) -> Box | None:
        """A present box of the label in the same place."""
        if not self._rows:
            return None
        apart = np.abs(self._edges[: len(self)] - xyxy).max(axis=1)
        apart[self._labels[: len(self)] != label.pk] = np.inf
        nearest = int(apart.argmin())
        return self._rows[nearest] if apart[nearest] <= SAME_BOX else None
