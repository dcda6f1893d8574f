"""Decoding in a child: the same results, within limits, and what came before is kept."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from annotations import errors
from annotations.vision import child, crops, video
from annotations.vision.activity import ROW, Meter
from annotations.vision.child import Take, limits_for
from annotations.vision.confined import Limits, Message
from annotations.vision.selection import Selection
from tests.annotations.vision import clips


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    path: Path = clips.write(tmp_path_factory.mktemp("clips") / "clip.mp4", b_frames=2)
    return path


@pytest.fixture(scope="module")
def long(tmp_path_factory) -> Path:
    """A minute, so that it takes a while."""
    folder = tmp_path_factory.mktemp("long")
    path: Path = clips.street(folder / "long.mp4", seconds=60, fps=20, cars=[])
    return path


def limits(path: Path, **other) -> Limits:
    return replace(limits_for(video.probe(path)), **other)


def heard(messages, kind: str) -> list[Message]:
    return [message for message in messages if message.kind == kind]


def test_probe_says_the_same_and_makes_a_thumbnail(clip, tmp_path):
    assert child.probe(clip, thumbnail_to=tmp_path / "t.jpg") == video.probe(clip)
    assert crops.picture_size((tmp_path / "t.jpg").read_bytes()) == (480, 288)


def test_refusal_of_the_child_is_a_refusal_here(tmp_path):
    (tmp_path / "text.mp4").write_text("no video\n" * 99)
    with pytest.raises(errors.NotAVideo, match=r"text\.mp4"):
        child.probe(tmp_path / "text.mp4")


def test_probe_that_ends_without_an_answer_is_a_refusal(clip, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(errors.VideoCheckFailed, match=r"clip\.mp4"):
        child.probe(clip)


def test_pictures_figures_and_report_come_from_one_pass(clip):
    what = Take(Selection(fps=1), measure=True, known=np.array([20480], np.int64).tobytes())
    messages = list(child.take(clip, what, name="gate", limits=limits(clip)))
    pictures = heard(messages, "picture")
    assert [message.facts["index"] for message in pictures] == [0, 10, 30]
    assert [message.facts["pts"] for message in heard(messages, "known")] == [20480]
    for message in pictures:
        whole, small = message.data[: message.facts["jpeg"]], message.data[message.facts["jpeg"] :]
        assert clips.bar_of(crops.decode_picture(whole, name="")) == message.facts["index"]
        assert crops.picture_size(small) == (160, 96)
    rows = np.frombuffer(b"".join(message.data for message in heard(messages, "rows")), ROW)
    meter = Meter()
    assert rows.tolist() == [meter.measure(frame) for frame in video.decode(clip)]
    (report,) = heard(messages, "report")
    assert report.facts["complete"] and report.facts["decoded"] == 40


def test_frames_are_taken_by_their_times(clip):
    pts = [frame.pts for frame in video.decode(clip)][13:35:7]
    what = Take(Selection(), stretches=[(1.3, 3.45)], wanted=np.array(pts, np.int64).tobytes())
    messages = child.take(clip, what, name="gate", limits=limits(clip))
    assert [m.facts["index"] for m in heard(messages, "picture")] == [13, 20, 27, 34]


def pictures_of(path: Path, rule: Selection, stretches=((0.0, None),), check=lambda: None, **short):
    info = video.probe(path)
    return child.pictures(
        path,
        rule,
        stretches=stretches,
        name="gate",
        limits=limits(path, **short),
        size=(info.width, info.height),
        check=check,
    )


@pytest.mark.parametrize("rotation", [None, -90])
def test_pictures_to_look_at_are_those_decoded_here(tmp_path, rotation):
    path = clips.write(tmp_path / "clip.mp4", b_frames=2, rotation=rotation)
    here = list(video.select(video.decode(path, start=1.0), Selection(fps=5)))
    there = list(pictures_of(path, Selection(fps=5), [(1.0, None)]))
    assert len(there) == 15 > child.AHEAD
    assert [(p.pts, p.seconds) for p in there] == [(f.pts, f.seconds) for f in here]
    assert all((p.bgr == f.bgr()).all() for p, f in zip(there, here, strict=True))


def test_pictures_of_a_stretch_do_not_depend_on_the_ones_before(clip):
    stretches, rule = [(0.0, 0.9), (1.5, 2.35), (2.8, None)], Selection(fps=3)
    whole = [p.pts for p in pictures_of(clip, rule, stretches)]
    parts = [p.pts for one in stretches for p in pictures_of(clip, rule, [one])]
    assert whole == parts and len(whole) == 8


def test_who_looks_may_stop_while_the_child_is_silent(long):
    def stop() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        list(pictures_of(long, Selection(fps=0.001), check=stop))
    with pytest.raises(AssertionError, match="no child"):
        child_of_this_process()


def test_pictures_end_with_a_sentence_where_the_child_dies(long):
    seen = 0
    with pytest.raises(errors.VideoDecoderDied, match="“gate”"):
        for _ in pictures_of(long, Selection(fps=20)):
            seen += 1
            if seen == 5:
                os.kill(child_of_this_process(), 9)
    assert 5 <= seen <= 5 + child.AHEAD


def test_pictures_are_decoded_within_limits(tmp_path):
    heavy = clips.heavy(tmp_path / "heavy.mp4")
    with pytest.raises(errors.VideoOverTime, match="“gate”"):
        list(pictures_of(heavy, Selection(fps=10), cpu=1))


@pytest.mark.parametrize(
    ("short", "refusal"),
    [
        ({"memory": 600 << 20}, errors.VideoOverMemory),
        ({"cpu": 1}, errors.VideoOverTime),
        ({"wall": 1.0}, errors.VideoOverTime),
    ],
)
def test_child_that_reaches_a_limit_says_so_in_one_sentence(tmp_path, short, refusal):
    if "memory" in short:  # three pictures of 8192x4096 do not fit
        path = clips.write(
            tmp_path / "large.mp4", codec="mjpeg", pixel_format="yuvj420p", frames=8,
            width=8000, height=6000,
        )  # fmt: skip
    else:
        path = clips.heavy(tmp_path / "heavy.mp4")
    what = Take(Selection(fps=20), measure=True)
    with pytest.raises(refusal, match="“gate”"):
        list(child.take(path, what, name="gate", limits=limits(path, **short)))


def test_copy_that_outgrows_its_bounds_is_stopped(long, tmp_path):
    with pytest.raises(errors.VideoOutputTooLarge):
        list(
            child.preview(
                long,
                tmp_path / "p.mp4",
                name="g",
                limits=limits(long, output=20_000),
                transcode=True,
            )
        )
    assert list(tmp_path.iterdir()) == []


def test_what_came_before_a_child_died_is_kept(long):
    came = []
    with pytest.raises(errors.VideoDecoderDied, match="“gate”"):
        for message in child.take(long, Take(Selection(fps=20)), name="gate", limits=limits(long)):
            if message.kind == "picture":
                came.append(message)
                if len(came) == 5:
                    os.kill(child_of_this_process(), 9)
    assert len(came) >= 5


def test_silent_child_is_given_up(long, monkeypatch):
    messages = child.take(long, Take(Selection()), name="gate", limits=limits(long, silence=1.0))
    assert next(messages).kind in ("picture", "seconds", "tick")
    os.kill(child_of_this_process(), 19)  # stands still
    with pytest.raises(errors.VideoStuck, match="1 second"):
        list(messages)


def test_listener_that_stops_ends_the_child(long):
    with closing(child.measure(long, name="gate", limits=limits(long))) as messages:
        next(messages)
        started = child_of_this_process()
    with pytest.raises(ProcessLookupError):
        os.kill(started, 0)


def test_child_dies_with_its_parent(long, tmp_path):
    program = f"""
import time
from pathlib import Path
from annotations.vision import child, video
path = Path({str(long)!r})
for message in child.measure(path, name="x", limits=child.limits_for(video.probe(path))):
    print(message.kind, flush=True)
    time.sleep(60)
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]
    )
    assert parent.stdout is not None
    with parent.stdout:
        parent.stdout.readline()
        orphan = child_of(parent.pid)
        parent.kill()
        parent.wait()
    until = time.monotonic() + 20
    with contextlib.suppress(ProcessLookupError):
        while time.monotonic() < until:
            os.kill(orphan, 0)
        pytest.fail("the child lives on")


def child_of_this_process() -> int:
    return child_of(os.getpid())


def child_of(parent: int) -> int:
    listed = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    for pid in map(int, listed):
        if b"annotations.vision.decoding" in Path(f"/proc/{pid}/cmdline").read_bytes():
            return pid
    raise AssertionError("no child decodes")
