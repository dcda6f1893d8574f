"""The steps of the demo, once Django and the workers are up. See ``demo.py``."""

from __future__ import annotations

import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User
from django.db import connections

from annotations import (
    datasets,
    imports,
    leases,
    projects,
    selections,
    splits,
    transcriptions,
    videos,
)
from annotations import tasks as annotation_tasks
from annotations.formats import cloud_annotations
from annotations.formats.exports import ExportBox, ExportPicture
from annotations.models import Crop, DatasetVersion, Frame, Project, Video
from annotations.models.crops import Status
from annotations.models.datasets import Kind
from annotations.vision import boxes as geometry
from lprsite import files
from lprsite.demo import SMALLEST_READABLE, DemoStopped, Line, Size
from lprsite.jobs.models import Job, State
from training import readings, runs
from training import tasks as training_tasks
from training.models import InferenceRun, Read, TrainedModel
from training.synthetic import video as synthetic

LABELS = ("car", "plate")
CAMERA = 7  # both videos are of one place, as a lab with fixed cameras has them


def draw(
    path: str, seconds: float, fps: float, size: tuple[int, int], seed: int, count: int
) -> None:
    """Draw one video and its truth; in a process of its own."""
    synthetic.write(
        Path(path), seconds=seconds, fps=fps, size=size, seed=seed, camera=CAMERA, count=count
    )


class Demo:
    """The whole line, one method per step, in the order a person would take."""

    def __init__(self, size: Size, line: Line) -> None:
        self.size, self.line = size, line
        self.user = User.objects.filter(is_superuser=True).order_by("pk").first()
        self.folder = files.scratch() / "demo"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.taught, self.unseen = self.folder / "entrance_1.mp4", self.folder / "entrance_2.mp4"

    def run(self) -> None:
        self.project = self.make_project()
        self.draw_videos()
        self.video = self.bring_in(self.taught)
        self.take_frames()
        self.import_boxes()
        self.transcribe()
        versions = self.freeze()
        for version in versions:
            self.train(version)
        self.read()

    def make_project(self) -> Project:
        number = Project.objects.filter(name__startswith="Demo").count() + 1
        name = "Demo" if number == 1 else f"Demo {number}"
        return projects.create(name, by=self.user, time_zone="America/Guayaquil")

    def draw_videos(self) -> None:
        size = self.size
        jobs = [(self.taught, 11, size.vehicles), (self.unseen, 12, size.test_vehicles)]
        with self.line.step("draw two videos") as said, ProcessPoolExecutor(2) as pool:
            connections.close_all()
            done = [
                pool.submit(
                    draw,
                    str(path),
                    synthetic.seconds_for(count),
                    size.fps,
                    size.picture,
                    seed,
                    count,
                )
                for path, seed, count in jobs
            ]
            for one in done:
                one.result()
            said.append(f"{size.vehicles} and {size.test_vehicles} vehicles")

    def bring_in(self, path: Path) -> Video:
        with self.line.step(f"bring in {path.name}") as said:
            video, _ = videos.ingest(path, project=self.project, name=path.name, by=self.user)
            preview = annotation_tasks.make_preview.enqueue(
                project_id=self.project.pk, by=self.user, video=video.pk
            )
            wait(preview)
            said.append(f"{video.duration:.0f} s, {video.width}x{video.height}, {video.codec}")
        return video

    def take_frames(self) -> None:
        with self.line.step("take frames") as said:
            selection = selections.choose(self.video, fps=self.size.frames_a_second, by=self.user)
            job = annotation_tasks.split_video.enqueue(
                project_id=self.project.pk, by=self.user, selection=selection.pk
            )
            said.append(f"{wait(job).result['made']} frames")

    def import_boxes(self) -> None:
        with self.line.step("import boxes (Cloud Annotations zip)") as said:
            archive = self.folder / "entrance_1.zip"
            archive.unlink(missing_ok=True)
            cloud_annotations.write_standard_zip(archive, list(self._boxed_frames()), LABELS)
            batch = imports.receive(archive, project=self.project, name=archive.name, by=self.user)
            wait(
                annotation_tasks.examine_import.enqueue(project_id=self.project.pk, batch=batch.pk)
            )
            batch.refresh_from_db()
            imports.prepare(batch, None)
            wait(annotation_tasks.run_import.enqueue(project_id=self.project.pk, batch=batch.pk))
            batch.refresh_from_db()
            counts = batch.counts
            said.append(f"{counts['imported']} of {counts['seen']} boxes")

    def _boxed_frames(self) -> Any:
        """The frames as people would have exported them: those with traffic, with their boxes."""
        shown = {frame.pts: frame for frame in synthetic.read_truth(self.taught).frames}
        for frame in Frame.objects.filter(video=self.video).order_by("pts"):
            boxes = [
                ExportBox(box.label, box.x1, box.y1, box.x2, box.y2)
                for box in shown[frame.pts or 0].boxes
            ]
            data = files.local_path(frame.file).read_bytes()
            name = f"{frame.name}.jpg"
            yield ExportPicture(name, data, frame.width, frame.height, boxes, negative=not boxes)

    def transcribe(self) -> None:
        """Read every crop as a person would: from the drawn text, if it is large enough."""
        texts = synthetic.read_truth(self.taught).frames
        shown = {frame.pts: frame for frame in texts}
        with self.line.step("transcribe") as said:
            read = 0
            assert self.user is not None, "up makes the first administrator"
            while crops := leases.lease(self.project, self.user, count=100):
                for crop in crops:
                    text = self._seen_on(crop, shown)
                    reading = transcriptions.Reading(
                        status=Status.READABLE if text else Status.UNREADABLE,
                        text=text,
                        client_key=uuid4(),
                        revision=crop.revision,
                    )
                    transcriptions.save(crop, reading, by=self.user)
                    read += bool(text)
            total = Crop.objects.filter(project=self.project).count()
            said.append(f"{read} of {total} crops readable")

    def _seen_on(self, crop: Crop, shown: dict[int, synthetic.TruthFrame]) -> str:
        assert crop.box is not None, "crops of imported boxes have their box"
        plates = [b for b in shown[crop.box.frame.pts or 0].boxes if b.label == "plate"]
        overlaps = geometry.iou([crop.box.xyxy], [(b.x1, b.y1, b.x2, b.y2) for b in plates])[0]
        best = int(overlaps.argmax())
        return plates[best].text if crop.width >= SMALLEST_READABLE else ""

    def freeze(self) -> list[DatasetVersion]:
        with self.line.step("freeze dataset versions") as said:
            rule = splits.Rule.of({"train": 0.85, "val": 0.15}, seed=1, whole_videos=False)
            versions = [
                datasets.freeze(self.project, kind, rule, note="demo", by=self.user)
                for kind in (Kind.DETECTOR, Kind.RECOGNIZER)
            ]
            for version in versions:
                said.append(f"{version}: {version.items.count()} items")
        return versions

    def train(self, version: DatasetVersion) -> None:
        settings = self.size.detector if version.kind == Kind.DETECTOR else self.size.recognizer
        parent = runs.starter(version.kind) if version.kind == Kind.RECOGNIZER else None
        with self.line.step(f"train the {version.kind}") as said:
            run = runs.create(version, dict(settings), parent=parent, by=self.user)
            job = wait(training_tasks.start_training(run, by=self.user))
            figures = job.result["figures"]
            names = ("map", "exact", "char")
            said += [f"{name} {figures[name]:.3f}" for name in names if name in figures]
            if runs.current(self.project, version.kind) is None:  # the starter knows drawn streets
                model = TrainedModel.objects.filter(project=self.project, kind=version.kind).latest(
                    "pk"
                )
                runs.promote(model, by=self.user, why="demo")

    def read(self) -> None:
        video = self.bring_in(self.unseen)
        with self.line.step("read the second video") as said:
            detector, recognizer = (runs.current(self.project, kind) for kind in Kind.values)
            assert detector and recognizer, "both were trained and promoted"
            run = readings.create(video, detector=detector, recognizer=recognizer, by=self.user)
            wait(training_tasks.start_reading(run, by=self.user))
            self.reading: InferenceRun = run
            said.append(f"{run.reads.count()} reads")

    def outcome(self) -> dict[str, Any]:
        """How many of the drawn passages have a read with exactly their text, at their time."""
        truth = synthetic.read_truth(self.unseen).passages
        video = self.reading.video
        reads = [
            (read, video.seconds(read.first_pts), video.seconds(read.last_pts))
            for read in Read.objects.filter(run=self.reading)
        ]
        right = sum(
            any(
                read.text == passage.text
                and first <= passage.last_seconds + 1
                and passage.first_seconds - 1 <= last
                for read, first, last in reads
            )
            for passage in truth
        )
        return {
            "project": self.project.pk,
            "passages": len(truth),
            "reads": len(reads),
            "right": right,
            "share": right / len(truth),
            "size": asdict(self.size),
        }


def wait(job: Job) -> Job:
    """Until a worker has done the job. Raises DemoStopped when it did not succeed."""
    job.refresh_from_db()
    while job.is_active:
        time.sleep(0.2)
        job.refresh_from_db()
    if job.state != State.SUCCEEDED:
        raise DemoStopped(step=job.task, why=job.error or job.state)
    return job
