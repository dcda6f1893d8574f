import { memo, type RefObject, useEffect, useState } from "react";

import { useTexts } from "../shared/text";
import { type Clock, useMoment } from "./clock";
import type { Player } from "./commands";
import { DrawPlate, DrawnBox } from "./DrawPlate";
import { type Corners, type Read, boxAt, shownText } from "./review";
import { texts } from "./texts";
import type { VideoFacts } from "./wire";

interface Props {
  readonly facts: VideoFacts;
  readonly video: RefObject<HTMLVideoElement | null>;
  readonly reads: readonly Read[];
  readonly current: Read | null;
  readonly overlay: boolean;
  readonly clock: Clock;
  /** A box around a missed plate is awaited on the picture. */
  readonly drawing: boolean;
  readonly drawn: Corners | null;
  readonly onDrawn: (box: Corners) => void;
  /** A text with the separators of its format. */
  readonly write: (text: string) => string;
}

/** The preview with the boxes of the reads at the very frame on screen. */
export const VideoStage = memo(function VideoStage({ facts, video, reads, current, overlay, clock, write, drawing, drawn, onDrawn }: Props) {
  const t = useTexts(texts);
  const [broken, setBroken] = useState(false);
  useFrameTime(video, clock.set, facts.preview);
  const { width, height } = upright(facts);
  if (!facts.preview || broken) return <div className="video-none t2">{t(broken ? "video_failed" : "no_video")}</div>;
  return (
    <div className="video-frame" style={{ aspectRatio: `${width} / ${height}`, maxWidth: `calc(100cqh * ${width / height})` }}>
      <video ref={video} src={facts.preview} muted playsInline preload="auto" aria-label={t("video")} onError={() => setBroken(true)}
        onClick={(event) => void (event.currentTarget.paused ? event.currentTarget.play() : event.currentTarget.pause())} />
      <svg viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
        {overlay && <PlateBoxes reads={reads} chosen={current?.id ?? null} clock={clock} frame={{ width, height }} write={write} />}
        {drawn && <DrawnBox box={drawn} />}
      </svg>
      {drawing && <DrawPlate frame={{ width, height }} label={t("add_draw")} onDrawn={onDrawn} />}
    </div>
  );
});

function PlateBoxes({ reads, chosen, clock, frame, write }: Pick<Props, "reads" | "clock" | "write"> & { chosen: number | null; frame: { width: number; height: number } }) {
  const time = useMoment(clock);
  const shown = reads.filter((read) => inSight(read, time) && read.passage?.status !== "rejected");
  return <>{shown.map((read) => <PlateBox key={read.id} read={read} time={time} chosen={read.id === chosen} scale={frame.width / 900} frame={frame} write={write} />)}</>;
}

const inSight = (read: Read, time: number): boolean => read.firstSeconds <= time + 1 && read.lastSeconds >= time - 1;

/** Boxes are in pixels of the upright original, whatever size the preview has. */
function upright({ width, height, rotation }: VideoFacts): { width: number; height: number } {
  return Math.abs(rotation) % 180 === 90 ? { width: height, height: width } : { width, height };
}

function PlateBox({ read, time, chosen, scale, frame, write }: { read: Read; time: number; chosen: boolean; scale: number; frame: { width: number; height: number }; write: Props["write"] }) {
  const box = boxAt(read, time);
  if (box === null) return null;
  const [x1, y1, x2, y2] = box;
  const text = write(shownText(read)) || "?";
  const tag = { width: (text.length * 8.2 + 12) * scale, height: 18 * scale };
  const x = Math.min(Math.max(x1, 0), Math.max(frame.width - tag.width, 0));
  const y = Math.max(y1 - tag.height - 2 * scale, 0);
  const shape = { x: x1, y: y1, width: Math.max(x2 - x1, 0), height: Math.max(y2 - y1, 0) };
  return (
    <g data-chosen={chosen || undefined} data-read={read.id}>
      <rect className="box-edge" {...shape} /><rect className="box-line" {...shape} />
      <rect className="box-tag" x={x} y={y} {...tag} />
      <text x={x + 6 * scale} y={y + 13 * scale} style={{ fontSize: 13 * scale }}>{text}</text>
    </g>
  );
}

/** At every presented frame where the browser tells, else at every time update. */
function useFrameTime(video: RefObject<HTMLVideoElement | null>, onTime: (seconds: number) => void, address: string | null): void {
  useEffect(() => {
    const element = video.current;
    if (!element) return;
    let handle = 0;
    const each = (_: number, { mediaTime }: VideoFrameCallbackMetadata): void => {
      onTime(mediaTime);
      handle = element.requestVideoFrameCallback(each);
    };
    const told = (): void => onTime(element.currentTime);
    if ("requestVideoFrameCallback" in element) handle = element.requestVideoFrameCallback(each);
    else (element as HTMLVideoElement).addEventListener("timeupdate", told);
    element.addEventListener("seeked", told);
    return () => {
      if ("cancelVideoFrameCallback" in element) element.cancelVideoFrameCallback(handle);
      element.removeEventListener("timeupdate", told);
      element.removeEventListener("seeked", told);
    };
  }, [video, onTime, address]);
}

/** What the keys do with the video element. */
export function playerOf(video: RefObject<HTMLVideoElement | null>, fps: number | null, current: () => Read | null): Player {
  const with_ = (what: (element: HTMLVideoElement) => void): void => {
    if (video.current) what(video.current);
  };
  let stopped = new AbortController();
  const move = (by: number): void => with_((element) => {
    element.pause();
    element.currentTime = Math.max(element.currentTime + by, 0);
  });
  return {
    toggle: () => with_((element) => void (element.paused ? element.play().catch(() => undefined) : element.pause())),
    playThis: () => with_((element) => {
      const read = current();
      if (!read) return;
      stopped.abort();
      stopped = new AbortController();
      const { signal } = stopped;
      element.currentTime = Math.max(read.firstSeconds - 0.5, 0);
      void element.play().catch(() => undefined);
      const stop = (): void => {
        if (element.currentTime < read.lastSeconds + 0.5) return;
        element.pause();
      };
      element.addEventListener("timeupdate", stop, { signal });
      // Whoever pauses it decides from then on.
      element.addEventListener("pause", () => stopped.abort(), { signal });
    }),
    moment: () => with_((element) => {
      element.pause();
      element.currentTime = current()?.bestSeconds ?? element.currentTime;
    }),
    frames: (count) => move(count / (fps ?? 25)),
    seconds: move,
  };
}
