"""Every address of the API, walked as nobody, as an outsider, as a viewer and as the manager.

A new address fails here until it has its row and its body below; an unprotected one fails
until it is protected.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.admindocs.views import simplify_regex
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from annotations import boxes, transcriptions
from annotations.models import (
    Camera,
    CheckedSpan,
    DatasetItem,
    DatasetVersion,
    Export,
    ImportBatch,
    Membership,
    Passage,
    PlateFormat,
    Project,
    Role,
    Selection,
    Suggestion,
    Upload,
)
from annotations.views.media import KINDS
from lprsite import files
from lprsite.jobs.models import Job
from tests.annotations.rows import make_crops, make_frame, make_member, make_video
from training import runs, schedules
from training.models import (
    CameraRun,
    Evaluation,
    InferenceRun,
    Match,
    Read,
    ReadCrop,
    TrainedModel,
    TrainingRun,
)

API = "/api/v1/"
READING = ("get",)
SHUT = (401, 403)
NOT_THEIRS = (403, 404)
# Addresses that belong to no project, and who may use them anyway.
FOR_ALL = {("get", "session/"), ("post", "session/"), ("delete", "session/")}
FOR_MEMBERS = {
    ("get", "schema/"),
    ("get", "jobs/workers/"),
    ("get", "session/keys/"),
    ("put", "session/keys/"),
    ("get", "training-options/"),
    ("post", "projects/"),
    ("post", "projects/restore/"),
}
OF_A_PROJECT = ("jobs/", "stats/", "training-runs/queue/", "stats/videos/", "stats/labelling/",
                "frames/index/", "frames/counts/", "frames/reading/",
                "reads/search/", "reads/table/", "inference-runs/cycles/",
                "transcriptions/people/")  # fmt: skip
NOT_FOR_VIEWERS = ("media/exports/",)  # whole data sets to take away


@dataclass(frozen=True)
class Route:
    method: str
    pattern: str  # such as "boxes/<pk>/restore/"

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.pattern}"

    @property
    def key(self) -> tuple[str, str]:
        return self.method, self.pattern


def walk(patterns: list[Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for item in patterns:
        here = before + str(item.pattern)
        if isinstance(item, URLResolver):
            yield from walk(item.url_patterns, here)
        else:
            assert isinstance(item, URLPattern)
            yield here, item.callback


def methods_of(callback: Any) -> list[str]:
    actions = getattr(callback, "actions", None)
    view: Any = getattr(callback, "cls", None)
    if actions:
        return [verb for verb in actions if verb in view.http_method_names and verb != "head"]
    if view:
        verbs = ("get", "post", "put", "patch", "delete")
        return [verb for verb in verbs if hasattr(view, verb)]
    return ["get"]


def routes() -> list[Route]:
    """All (method, address) pairs below /api/v1/."""
    found = []
    for pattern, callback in walk(get_resolver().url_patterns):
        address = re.sub(r"<\w+:", "<", simplify_regex(pattern))
        if address.startswith(API):
            found += [Route(method, address[len(API) :]) for method in methods_of(callback)]
    return found


class World:
    """A project with one row of everything, and a good body for every writing address."""

    def __init__(self, project: Project, user: User, folder: Path) -> None:
        self.project = project
        label = {"label": "plate", "x1": 10, "y1": 10, "x2": 60, "y2": 40}
        self.folder = folder
        self.write_files()
        film, still = "videos/none.mp4", "videos/none.jpg"
        video = make_video(project, file=film, preview=film, thumbnail=still)
        frame = make_frame(project, video=video, pts=0)
        plate = boxes.draw(frame, label="plate", xyxy=(10, 10, 60, 40), by=user)
        gone = boxes.draw(frame, label="car", xyxy=(10, 10, 60, 40), by=user)
        key, sha256 = files.put_bytes("crops", b"crop", ".png")
        stored = {"file": key, "sha256": sha256, "width": 9, "height": 9}
        crop = make_crops(project, 1, file=key)[0]
        text, _ = transcriptions.save(
            crop, transcriptions.Reading("readable", "PBA1234", uuid4(), 1), by=user
        )
        job = Job.objects.create(task="test", queue="media", project_id=project.pk)
        version = DatasetVersion.objects.create(
            project=project, kind="recognizer", number=1, manifest_hash="a" * 64
        )
        item = DatasetItem.objects.create(
            version=version, position=0, name="a.png", text="A1", split="train", **stored
        )
        model = {
            kind: TrainedModel.objects.create(
                project=project, kind=kind, name=kind, file=film, onnx=film
            )
            for kind in ("detector", "recognizer")
        }
        stopped = TrainingRun.objects.create(project=project, kind="recognizer", dataset=version)
        reading = InferenceRun.objects.create(
            project=project, video=video, detector=model["detector"], recognizer=model["recognizer"]
        )
        judged = Evaluation.objects.create(
            model=model["recognizer"], dataset=version, split="train"
        )
        runs.promote(model["detector"])
        keys = [[0, 10, 10, 60, 40], [900, 12, 10, 62, 40]]
        span = {"first_pts": 0, "last_pts": 900}
        read = Read.objects.create(
            run=reading, number=0, boxes=keys, text="PBA1234", confidence=0.9, **span
        )
        kept = ReadCrop.objects.create(
            read=read, pts=0, sharpness=1.0, confidence=0.9, text="PBA1234", **stored
        )
        passage = Passage.objects.create(
            project=project, video=video, key_boxes=keys, text="PBA1234", status="accepted", **span
        )
        Match.objects.create(read=read, passage=passage, outcome="right")
        checked = CheckedSpan.objects.create(video=video, **span)
        export = Export.objects.create(
            project=project, format="csv", file=film, parameters={"dataset": version.pk}
        )
        seen = dict.fromkeys(("samples", "report_csv", "report_json"), film)
        batch = ImportBatch.objects.create(
            project=project, name="x.zip", path="imports/x.zip", **seen
        )
        camera = Camera.objects.create(project=project, name="Gate")
        later = schedules.create(project, "recognizer", {}, at=time(2, 30), nightly=True)
        User.objects.create_user("newcomer")
        second = make_member(project, "second", Role.ANNOTATOR)
        self.pks = {
            "jobs": job.pk,
            "training-runs": stopped.pk,
            "training-schedules": later.pk,
            "models": model["recognizer"].pk,
            "evaluations": judged.pk,
            "inference-runs": reading.pk,
            "reads": read.pk,
            "passages": passage.pk,
            "checked-spans": checked.pk,
            "projects": project.pk,
            "members": Membership.objects.get(user=second).pk,
            "cameras": camera.pk,
            "camera-runs": CameraRun.objects.create(camera=camera).pk,
            "plate-formats": PlateFormat.objects.filter(project=project)[0].pk,
            "videos": video.pk,
            "frames": frame.pk,
            "boxes": plate.pk,
            "crops": crop.pk,
            "suggestions": Suggestion.objects.create(crop=crop, model_name="m", text="A1").pk,
            "box-suggestions": Suggestion.objects.create(frame=frame, model_name="m").pk,
            "transcriptions": text.pk,
            "imports": batch.pk,
            "import-samples": batch.pk,
            "import-reports": batch.pk,
            "import-reports-json": batch.pk,
            "datasets": version.pk,
            "exports": export.pk,
            "selections": Selection.objects.create(video=video, fps=1).pk,
            "uploads": Upload.objects.create(
                project=project, user=user, name="x", size=9, expires_at=timezone.now()
            ).pk,
            "previews": video.pk,
            "thumbnails": video.pk,
            "frame-thumbnails": frame.pk,
            "read-crops": kept.pk,
            "dataset-items": item.pk,
        }
        boxes.delete(gone, revision=1)
        mine, named = {"project": project.pk}, {"client_key": str(uuid4())}
        reading_body = {"status": "readable", "text": "A1", "client_key": str(uuid4())}
        between = {"boxes": [plate.pk], "client_key": str(uuid4())}
        self.bodies: dict[tuple[str, str], dict[str, Any]] = {
            ("post", "training-runs/"): {"dataset": version.pk},
            ("post", "training-schedules/"): {"dataset": version.pk, "at": "02:30"},
            ("delete", "training-schedules/<pk>/"): {},
            ("post", "training-runs/check/"): {"dataset": version.pk},
            ("post", "training-runs/estimate/"): {"dataset": version.pk},
            ("post", "training-runs/<pk>/move/"): {"to": "first"},
            ("post", "training-runs/<pk>/resume/"): {},
            ("post", "training-runs/<pk>/cancel/"): {},
            ("post", "training-runs/<pk>/stop/"): {},
            ("patch", "models/<pk>/"): {"name": "renamed"},
            ("post", "models/<pk>/promote/"): {},
            ("post", "models/<pk>/export/"): {},
            ("post", "models/<pk>/retire/"): {},
            ("post", "evaluations/"): {"dataset": version.pk},
            ("post", "inference-runs/"): {
                "video": video.pk,
                "detector": str(model["detector"].pk),
                "recognizer": str(model["recognizer"].pk),
            },
            ("post", "inference-runs/<pk>/learn/"): {},
            ("post", "inference-runs/<pk>/annotated/"): {},
            ("post", "inference-runs/<pk>/accept-sure/"): {"threshold": 0.9, **named},
            ("post", "inference-runs/<pk>/undo/"): {"undone": str(uuid4())},
            ("post", "suggestions/"): mine,
            ("post", "box-suggestions/"): {"frame": frame.pk},
            ("delete", "box-suggestions/<pk>/"): {},
            ("post", "box-suggestions/<pk>/offer/"): {},
            ("post", "reads/<pk>/accept/"): {},
            ("post", "reads/<pk>/reject/"): {"reason": "not_a_plate"},
            ("post", "reads/<pk>/merge/"): {"other": read.pk, "text": "PBA1234"},
            ("post", "reads/<pk>/split/"): {"seconds": 0.5, "texts": ["PBA1234", "PBA1235"]},
            ("post", "passages/"): {"video": video.pk, "text": "A1", "boxes": [[1, 0, 0, 50, 40]]},
            ("patch", "passages/<pk>/"): {"revision": 1, "text": "A2"},
            ("delete", "passages/<pk>/"): {},
            ("post", "checked-spans/"): {
                "video": video.pk,
                "first_seconds": 1,
                "last_seconds": 2,
            },
            ("delete", "checked-spans/<pk>/"): {},
            ("patch", "projects/<pk>/"): {"name": "renamed"},
            ("post", "members/"): {**mine, "username": "newcomer", "role": 4},
            ("patch", "members/<pk>/"): {"role": 4},
            ("delete", "members/<pk>/"): {},
            ("post", "cameras/"): {**mine, "name": "Back gate"},
            ("patch", "cameras/<pk>/"): {"name": "renamed"},
            ("delete", "cameras/<pk>/"): {},
            ("post", "camera-runs/"): {"camera": camera.pk},
            ("post", "camera-runs/<pk>/stop/"): {},
            ("post", "cameras/<pk>/try/"): {},
            ("post", "plate-formats/"): {**mine, "name": "Mine", "pattern": "AA99"},
            ("patch", "plate-formats/<pk>/"): {"name": "renamed"},
            ("delete", "plate-formats/<pk>/"): {},
            ("post", "videos/"): {**mine, "path": "somewhere.mp4"},
            ("patch", "videos/<pk>/"): {"name": "renamed"},
            ("delete", "videos/<pk>/"): {},
            ("post", "videos/<pk>/condense/"): {},
            ("post", "videos/<pk>/measure/"): {},
            ("post", "videos/<pk>/preview/"): {},
            ("post", "selections/estimate/"): {"video": video.pk, "fps": 1},
            ("delete", "projects/<pk>/"): {},
            ("post", "uploads/"): {},
            ("patch", "uploads/<pk>/"): {},
            ("delete", "uploads/<pk>/"): {},
            ("post", "videos/<pk>/split/"): {"fps": 1},
            ("patch", "frames/<pk>/"): {"status": "done"},
            ("post", "frames/<pk>/interpolate/"): between,
            ("post", "frames/<pk>/interpolate/undo/"): between,
            ("post", "frames/bulk/"): {**mine, "frames": [frame.pk], "do": "done"},
            ("post", "boxes/"): {"frame": frame.pk, "client_key": str(uuid4()), **label},
            ("patch", "boxes/<pk>/"): {"revision": 1, "ignore": True},
            ("delete", "boxes/<pk>/"): {},
            ("post", "boxes/<pk>/restore/"): {},
            ("post", "crops/lease/"): mine,
            ("post", "crops/release/"): {**mine, "crops": [crop.pk]},
            ("post", "crops/<pk>/transcriptions/"): {**reading_body, "revision": 2},
            ("post", "imports/"): {**mine, "path": "somewhere.zip"},
            ("post", "imports/<pk>/examine/"): {},
            ("post", "imports/<pk>/start/"): {},
            ("post", "datasets/"): {**mine, "kind": "recognizer"},
            ("post", "datasets/preview/"): {**mine, "kind": "recognizer"},
            ("post", "exports/"): {"dataset": version.pk, "format": "csv"},
            ("delete", "exports/<pk>/"): {},
            ("post", "exports/<pk>/again/"): {},
            ("post", "jobs/<pk>/cancel/"): {},
        }

    def write_files(self) -> None:
        """The files of the rows; some addresses delete them, and no rollback brings them back."""
        (self.folder / "videos").mkdir(parents=True, exist_ok=True)
        for name in ("none.mp4", "none.jpg"):
            (self.folder / "videos" / name).write_bytes(b"0")

    def addresses(self, route: Route) -> list[str]:
        """Where the route leads for the rows of this project; several for media."""
        pattern = route.pattern
        if "<kind>" in pattern:
            return [
                address
                for kind in KINDS
                for address in self.addresses(Route(route.method, pattern.replace("<kind>", kind)))
            ]
        pattern = pattern.replace("<frames>", str(self.pks["frames"]))
        if "<pk>" in pattern:
            row = re.findall(r"([\w-]+)/<pk>", pattern)[0]
            assert row in self.pks, f"{route}: give it a row in this test"
            pattern = pattern.replace("<pk>", str(self.pks[row]))
        pattern = pattern.replace("<frames>", str(self.pks["frames"]))
        if route.pattern == "evaluations/<pk>/compare/":
            pattern += f"?other={self.pks['evaluations']}"
        if route.pattern == "datasets/<pk>/compare/":
            pattern += f"?with={self.pks['datasets']}"
        if pattern in OF_A_PROJECT:
            pattern += f"?project={self.project.pk}&text=P"
        if route.key in (("delete", "boxes/<pk>/"), ("delete", "passages/<pk>/")):
            pattern += "?revision=1"
        if route.pattern == "reads/lines/":
            pattern += f"?run={self.pks['inference-runs']}"
        if route.pattern == "inference-runs/<pk>/compare/":
            pattern += f"?other={self.pks['inference-runs']}"
        if route.key == ("delete", "projects/<pk>/"):
            pattern += f"?name={self.project.name}"
        return [API + pattern]

    def call(self, client: Client, route: Route, address: str) -> Any:
        """Call it with the body that would be right."""
        if route.method in READING or route.key in FOR_ALL | FOR_MEMBERS:
            return getattr(client, route.method)(address)
        assert route.key in self.bodies, f"{route}: give it a good body in this test"
        body = self.bodies[route.key]
        return getattr(client, route.method)(address, body, content_type="application/json")


@pytest.fixture
def world(project: Project, user: User, storage: Path) -> World:
    return World(project, user, storage)


@pytest.fixture
def walk_as(world: World) -> Callable[[User | None], Iterator[tuple[Route, str, Any]]]:
    """Calls every address as somebody, each on the untouched project."""

    def all_answers(user: User | None) -> Iterator[tuple[Route, str, Any]]:
        client = Client()
        if user is not None:
            client.force_login(user)
        for route in routes():
            for address in world.addresses(route):
                if route.pattern == "session/" and route.method != "get":
                    continue
                world.write_files()
                with transaction.atomic():
                    answer = world.call(client, route, address)
                    yield route, address, answer
                    transaction.set_rollback(True)

    return all_answers


def test_the_walk_finds_the_whole_api() -> None:
    found = {str(route) for route in routes()}
    assert {"POST crops/lease/", "DELETE boxes/<pk>/", "GET media/<kind>/<pk>/"} <= found
    assert "GET media/read-crops/<pk>/" in found and "GET schema/" in found
    assert len(found) > 60


def test_nobody_gets_anything_without_logging_in(walk_as: Any) -> None:
    wrong = []
    for route, address, answer in walk_as(None):
        shut = (*SHUT, 404) if route.pattern.startswith("media/") else SHUT
        if route.key not in FOR_ALL and answer.status_code not in shut:
            wrong.append(f"{route} {address}: {answer.status_code}")
    assert not wrong, wrong


def test_outsider_sees_and_changes_nothing(walk_as: Any, django_user_model: Any) -> None:
    outsider = django_user_model.objects.create_user("eve")
    wrong = []
    for route, address, answer in walk_as(outsider):
        if route.key in FOR_ALL | FOR_MEMBERS:
            continue
        status, whole = answer.status_code, "<" not in route.pattern
        if route.method == "get" and whole and status == 200:
            rows = answer.json()["results"]
            if route.pattern == "models/":  # those that come with the program are for all
                rows = [row for row in rows if row["project"] is not None]
            right = rows == []
        else:
            # A body that names rows of others: those rows do not exist for this person.
            right = status in NOT_THEIRS or (route.method == "post" and whole and status == 400)
        if not right:
            wrong.append(f"{route} {address}: {status}")
    assert not wrong, wrong


def test_viewer_reads_everything_and_writes_nothing(walk_as: Any, project: Project) -> None:
    viewer = make_member(project, "viewer", Role.VIEWER)
    wrong = []
    for route, address, answer in walk_as(viewer):
        status = answer.status_code
        closed = any(part in address for part in NOT_FOR_VIEWERS)
        right = status == 200 if route.method in READING and not closed else status in NOT_THEIRS
        if route.key not in FOR_ALL | FOR_MEMBERS and not right:
            wrong.append(f"{route} {address}: {status}")
    assert not wrong, wrong


def test_manager_is_let_in_everywhere(walk_as: Any, user: User) -> None:
    """Proves that the bodies above are good: what refused the others was their role."""
    wrong = []
    for route, address, answer in walk_as(user):
        if answer.status_code in (401, 403, 404, 405, 415) or answer.status_code >= 500:
            wrong.append(f"{route} {address}: {answer.status_code}")
    assert not wrong, wrong


# --- lists cost the same however long they are


def queries_of(api: Any, call: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert call().status_code == 200
    return len(queries)


def three_and_thirty(api: Any, make: Callable[[int], None], call: Callable[[], Any]) -> None:
    make(3)
    few = queries_of(api, call)
    make(27)
    assert queries_of(api, call) == few


def test_frames_list_costs_the_same_for_any_number(api: Any, project: Project) -> None:
    video = make_video(project)

    def make(count: int) -> None:
        for _ in range(count):
            pts = video.frames.count()
            frame = make_frame(project, video=video, pts=pts)
            boxes.draw(frame, label="car", xyxy=(0, 0, 9, 9))

    three_and_thirty(api, make, lambda: api.get(f"{API}frames/?project={project.pk}"))


def test_frame_costs_the_same_for_any_number_of_boxes(api: Any, project: Project) -> None:
    frame = make_frame(project)

    def make(count: int) -> None:
        for place in range(count):
            boxes.draw(frame, label="plate", xyxy=(place, 0, place + 20, 9))

    three_and_thirty(api, make, lambda: api.get(f"{API}frames/{frame.pk}/"))


def test_lease_costs_the_same_for_any_number(api: Any, project: Project) -> None:
    def make(count: int) -> None:
        for place in range(count):
            video = make_video(project)
            frame = make_frame(project, seed=place, video=video, pts=0)
            boxes.draw(frame, label="plate", xyxy=(0, 0, 60, 30))

    given = {"project": project.pk, "count": 100}
    three_and_thirty(api, make, lambda: api.post(f"{API}crops/lease/", given, format="json"))


def test_reads_list_costs_the_same_for_any_number(api: Any, world: World) -> None:
    run = InferenceRun.objects.get()
    kept = ReadCrop.objects.values("file", "sha256", "width", "height").get()
    passage = Passage.objects.get()

    def make(count: int) -> None:
        for _ in range(count):
            number = run.reads.count()
            read = Read.objects.create(
                run=run, number=number, first_pts=0, last_pts=9, text="A", confidence=0.5
            )
            ReadCrop.objects.create(read=read, pts=1, sharpness=1.0, confidence=0.5, **kept)
            Match.objects.create(read=read, passage=passage, outcome="double")

    three_and_thirty(api, make, lambda: api.get(f"{API}reads/?run={run.pk}"))


def test_transcriptions_list_costs_the_same_for_any_number(
    api: Any, project: Project, user: User
) -> None:
    def make(count: int) -> None:
        for crop in make_crops(project, count):
            transcriptions.save(crop, transcriptions.Reading("readable", "A1", uuid4(), 1), by=user)

    three_and_thirty(api, make, lambda: api.get(f"{API}transcriptions/?project={project.pk}"))
