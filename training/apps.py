from __future__ import annotations

from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "training"
    verbose_name = "Training and reading"

    def ready(self) -> None:
        from annotations import archive
        from training import archiving

        archive.TABLES.extend(archiving.TABLES)
