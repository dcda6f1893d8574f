"""Pictures that are nothing but one plate become crops without a box."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.db.models import F

from annotations.bringing.held import Errand, Held, ending_of
from annotations.bringing.texts import Said, Texts
from annotations.errors import EntryAlreadyHere, EntryRefused
from annotations.models import Crop
from annotations.vision import crops as vision
from lprsite import files
from lprsite.errors import Refused


class LooseCrops:
    """Brings in the crops of one import."""

    def __init__(self, errand: Errand, texts: Texts) -> None:
        self._errand, self._texts = errand, texts
        self._taken: set[str] = set()

    def bring(self, held: Sequence[Held]) -> None:
        if not held:
            return
        known = self._known([one.sha256 for one in held])
        new = {one.sha256: one for one in held if one.sha256 not in known}
        made = dict(zip(new, self._errand.crew.map(self._new, new.values()), strict=True))
        fresh = [crop for crop in made.values() if isinstance(crop, Crop)]
        usable = []
        for one in held:
            if isinstance(reason := made.get(one.sha256), Refused):
                self._errand.tally.unreadable(one.planned, reason)
            else:
                usable.append(one)
        self._errand.tally.made["crops"] += len(fresh)
        if not self._errand.dry:
            Crop.objects.bulk_create(fresh, ignore_conflicts=True)
            known |= self._known([crop.sha256 for crop in fresh])
        self._settle(usable, known)

    def _known(self, hashes: Iterable[str]) -> dict[str, Crop]:
        rows = Crop.objects.filter(project=self._errand.project, sha256__in=set(hashes))
        crops: dict[str, Crop] = {}
        for crop in rows.select_related("current").order_by(
            F("box_id").asc(nulls_first=True), "id"
        ):
            crops.setdefault(crop.sha256, crop)
        return crops

    def _new(self, one: Held) -> Crop | Refused:
        """A row for a crop without a box, its file stored; or why not. Runs in the crew."""
        name = one.planned.name
        try:
            if self._errand.dry:
                vision.check_whole(one.data, name=name)
                return Crop(project=self._errand.project, sha256=one.sha256)
            picture = vision.decode_picture(one.data, name=name)
        except Refused as reason:
            return reason
        key, sha256 = files.put_bytes("crops", one.data, ending_of(one.data))
        return Crop(
            project=self._errand.project,
            name=name[-255:],
            file=key,
            sha256=sha256,
            width=picture.shape[1],
            height=picture.shape[0],
            sharpness=vision.sharpness(picture),
        )

    def _settle(self, held: Sequence[Held], known: Mapping[str, Crop]) -> None:
        """Keep the texts, and say of each entry whether it was new."""
        said = [Said(known.get(o.sha256), o.text, o.planned.name) for o in held if o.text]
        answers = iter(self._texts.keep(said))
        for one in held:
            refusal = next(answers) if one.text else None
            if not self._errand.texts_only:  # the entries are boxes; their texts are counted apart
                if one.text:
                    self._errand.tally.count_text(refusal)
                refusal = self._again(one, known.get(one.sha256))
            if refusal is not None and one.planned.boxes:
                self._errand.tally.drop(refusal, one.planned.boxes[0])

    def _again(self, one: Held, crop: Crop | None) -> EntryRefused | None:
        """Whether the crop was there before this batch, or comes twice in it."""
        before = crop is not None and crop.created_at < self._errand.batch.created_at
        again = one.sha256 in self._taken or before
        self._taken.add(one.sha256)
        return EntryAlreadyHere(file=one.planned.name, line=0) if again else None
