"""Trained models on drawn plates, without a training: ``python tests/browser/trained.py PROJECT``
with LPR_DATA set. Prints what it made as JSON.
"""

from __future__ import annotations

import json
import os
import sys

import numpy as np

TEXTS_HELD = 4
EPOCHS = 3


def main(project_id: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lprsite.settings")
    import django

    django.setup()
    from annotations.models import DatasetItem, DatasetVersion, Project
    from annotations.vision import crops as vision
    from lprsite import files
    from lprsite.jobs.models import Job, State
    from training import evaluations, runs
    from training.synthetic import plates

    project = Project.objects.get(pk=project_id)
    version = DatasetVersion.objects.create(
        project=project, kind="recognizer", number=1, manifest_hash="a" * 64
    )
    rng = np.random.default_rng(3)
    for position in range(TEXTS_HELD + 2):
        plate = plates.render(rng, formats=("ecuador",))
        key, sha256 = files.put_bytes("crops", vision.encode_png(plate.picture), ".png")
        height, width = plate.picture.shape[:2]
        DatasetItem.objects.create(
            version=version,
            position=position,
            split="val" if position < TEXTS_HELD else "train",
            name=f"{position}.png",
            text=plate.text,
            file=key,
            sha256=sha256,
            width=width,
            height=height,
        )
    held = list(version.items.filter(split="val"))

    def found(right: int) -> list[dict[str, object]]:
        """What is said where so many of the held plates are read right."""
        said = [item.text if at < right else item.text[:-1] for at, item in enumerate(held)]
        return [
            {"item": item.pk, "text": text, "confidence": 0.5, "wrong": int(text != item.text)}
            for item, text in zip(held, said, strict=True)
        ]

    made = []
    for right in (2, 4):
        run = runs.create(version, {"epochs": EPOCHS, "seed": right})
        run.job = Job.objects.create(
            task="train", queue="gpu", state=State.SUCCEEDED, project_id=project.pk, log="epoch 1"
        )
        run.environment = {"torch": "2.9", "config": {"rate": 0.003}}
        run.save()
        for epoch in range(1, EPOCHS + 1):
            exact = right * epoch / EPOCHS / TEXTS_HELD
            runs.record(run, epoch, {"loss": 3.0 / epoch, "val_loss": 4.0 / epoch, "exact": exact})
            runs.keep_samples(run, epoch, found(right * epoch // EPOCHS))
        exact = right / TEXTS_HELD
        model = runs.finish(run, {"network": "lite"}, {"exact": exact, "crops": TEXTS_HELD})
        evaluations.keep(model, version, "val", {"exact": exact}, found(right))
        made.append({"run": run.pk, "model": model.pk, "name": model.name})
    json.dump({"version": version.pk, "made": made, "texts": [i.text for i in held]}, sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]))
