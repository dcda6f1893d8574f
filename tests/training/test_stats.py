"""The dashboard's figures right of the dataset version."""

from __future__ import annotations

from typing import Any

from annotations.models import Role
from tests.annotations.rows import client_of, json_of, make_member, make_video
from tests.training.rows import make_read, make_run
from training import reviews, stats


def test_reads_of_the_newest_reading_count_per_video(
    project: Any, django_assert_max_num_queries: Any
) -> None:
    old = make_run(project)
    make_read(old, "OLD0001", 0, 500)
    run = make_run(project, old.video)
    first, second, _ = (make_read(run, "PBA1234", at, at + 500) for at in (1000, 3000, 5000))
    make_video(project, name="second.mp4")
    make_run(project, old.video)  # has read nothing yet
    reviews.accept(first)
    reviews.accept(second, text="PBA1235")
    with django_assert_max_num_queries(6):
        one, other = stats.videos(project)
    assert (one.reads, one.reads_open, one.right) == (3, 1, 1)
    counts = stats.counts(project)
    assert (counts["reads"], counts["reads_open"]) == (3, 1)
    assert (other.name, other.reads) == ("second.mp4", 0)


def test_by_the_api(project: Any) -> None:
    make_video(project)
    client = client_of(make_member(project, "eva", Role.VIEWER))
    _, (row,) = json_of(client, "get", f"stats/videos/?project={project.pk}")
    assert (row["name"], row["frames"], row["reads"]) == ("gate.mp4", 0, 0)
    _, looks = json_of(client, "get", f"stats/labelling/?project={project.pk}")
    assert looks["widths"] == {}
    assert set(looks["characters"].values()) == {0}
