"""A preview in a real browser: parts by range, any moment, the same moment as in the video."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.browser.conftest import Person, Site

pytestmark = pytest.mark.browser

SEEK = """async ([preview, moments, pictures]) => {
  const told = (target, event) => new Promise((resolve, reject) => {
    target.addEventListener(event, resolve, { once: true });
    target.addEventListener("error", () => reject(new Error("cannot play")), { once: true });
  });
  const small = (source) => {
    const canvas = document.createElement("canvas");
    canvas.width = 96; canvas.height = 54;
    const context = canvas.getContext("2d");
    context.drawImage(source, 0, 0, 96, 54);
    return context.getImageData(0, 0, 96, 54).data;
  };
  const video = document.createElement("video");
  video.muted = true; video.preload = "auto"; video.src = preview;
  document.body.append(video);
  await told(video, "canplay");
  const frames = [];
  for (const address of pictures) {
    const image = new Image(); image.src = address;
    await told(image, "load"); frames.push(small(image));
  }
  const found = [];
  for (const moment of moments) {
    const seeked = told(video, "seeked");
    video.currentTime = moment; await seeked;
    const shown = small(video);
    const apart = frames.map((frame) =>
      frame.reduce((sum, value, at) => sum + Math.abs(value - shown[at]), 0));
    found.push(apart);
  }
  return { found, duration: video.duration };
}"""


def test_each_moment_of_the_preview_is_that_moment_of_the_video(ana: Person, site: Site) -> None:
    (video,) = ana.ask("GET", f"videos/?project={site.project}")["results"]
    page = ana.open(f"/p/{site.project}")
    if not page.evaluate(
        "document.createElement('video').canPlayType('video/mp4; codecs=avc1.640028')"
    ):
        pytest.skip("this Chromium plays no H.264")
    answers: list[Any] = []
    page.on("response", lambda answer: answers.append(answer))
    frames = ana.ask("GET", f"frames/?video={video['id']}")["results"]
    frames = sorted(frames, key=lambda frame: frame["seconds"])[2:18:3]
    order = (3, 0, 5, 1, 4, 2)  # backward and forward, a little after a frame began to be shown
    told = page.evaluate(
        SEEK,
        [
            video["preview"],
            [frames[at]["seconds"] + 0.02 for at in order],
            [frame["picture"] for frame in frames],
        ],
    )
    for apart, right in zip(told["found"], order, strict=True):
        assert apart[right] <= 1.15 * min(apart)  # an empty street looks alike at several times
    assert told["duration"] == pytest.approx(video["duration"], abs=0.2)
    parts = [answer for answer in answers if "/media/previews/" in answer.url]
    assert parts and {answer.status for answer in parts} == {206}
    assert all("content-range" in answer.headers for answer in parts)
