import { type RefObject, useCallback, useMemo } from "react";
import { Link } from "react-router";
import { useProjectId } from "../api/queries";
import type { Video } from "../api/types";
import { type FrameIndex, statusAt } from "../frames/frame-index";
import { useThumbnails } from "../frames/Grid";
import { thumbnails } from "../frames/thumbnails";
import { useFrameIndex } from "../frames/useFrameIndex";
import { formatMoment } from "../shared/format";
import { Empty, Shown } from "../shared/States";
import { useTexts } from "../shared/text";
import { nearest } from "./near";
import { texts } from "./texts";
import { usePlayhead } from "./Timeline";

const SHOWN = 24;

/** The frames around the player's time; all of them are in the grid. */
export function NearPlayhead({ video, player }: { video: Video; player: RefObject<HTMLVideoElement | null> }) {
  const t = useTexts(texts);
  const project = useProjectId();
  const index = useFrameIndex(project, video.id);
  const at = usePlayhead(player, video.preview) ?? 0;
  return (
    <section className="stack">
      <div className="row wrap">
        <h2>{t("frames")}</h2>
        {video.frames > 0 && <span className="t3 small">{t("near_playhead")}</span>}
        <span className="grow" />
        {video.frames > 0 && <Link className="button" to={`/p/${project}/grid?video=${video.id}`}>{t("all_frames", { count: video.frames })}</Link>}
      </div>
      <Shown query={index}>
        {(frames) => frames.count === 0
          ? (frames.whole ? <Empty title={t("no_frames")}>{t("no_frames_body")}</Empty> : null)
          : <Around video={video} frames={frames} seconds={at} player={player} />}
      </Shown>
    </section>
  );
}

function Around({ video, frames, seconds, player }: { video: Video; frames: FrameIndex; seconds: number; player: RefObject<HTMLVideoElement | null> }) {
  const t = useTexts(texts);
  const project = useProjectId();
  const here = nearest(frames, seconds * 1000);
  const from = Math.max(0, Math.min(frames.count - SHOWN, here - SHOWN / 3));
  const places = useMemo(() => Array.from({ length: Math.min(SHOWN, frames.count) }, (_, place) => Math.floor(from) + place), [from, frames.count]);
  const idAt = useCallback((place: number) => frames.ids[place] ?? null, [frames.ids]);
  useThumbnails(places[0] ?? 0, (places.at(-1) ?? 0) + 1, idAt);
  const seek = (to: number) => { if (player.current) player.current.currentTime = to; };
  return (
    <ul className="frame-grid">
      {places.map((place) => {
        const id = frames.ids[place] ?? 0;
        const moment = (frames.milliseconds[place] ?? 0) / 1000;
        const boxes = frames.boxes[place] ?? 0;
        const status = statusAt(frames, place);
        return (
          <li key={id} data-here={place === here || undefined}>
            <Link to={`/p/${project}/frames/${id}?video=${video.id}`} aria-label={formatMoment(moment)} className="thumb-frame" style={{ aspectRatio: `${video.width} / ${video.height}` }}>
              {thumbnails.get(id)?.url && <img className="thumb" src={thumbnails.get(id)?.url ?? ""} alt="" />}
            </Link>
            <div className="spread tiny">
              <button type="button" className="link" onClick={() => seek(moment)} title={t("show")}><i className="dot" data-status={status} /> {formatMoment(moment)}</button>
              <span className="t3">{boxes > 0 ? t("boxes", { count: boxes }) : t(status)}</span>
            </div>
          </li>
        );
      })}
    </ul>
  );
}

