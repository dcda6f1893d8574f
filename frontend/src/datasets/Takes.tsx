import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "../api/client";
import type { Id } from "../api/queries";
import type { Kind } from "../api/types";
import { useTexts } from "../shared/text";
import { TextField } from "../shared/ui";
import type { Wanted } from "./counts";
import { texts } from "./texts";

interface TakesProps { project: Id; kind: Kind; wanted: Wanted; change: (to: Partial<Wanted>) => void }

/** Which of what is labelled the version takes. */
export function Takes({ project, kind, wanted, change }: TakesProps) {
  const t = useTexts(texts);
  const videos = useQuery({
    queryKey: ["videos", project, "names"],
    queryFn: () => unwrap(api.GET("/api/v1/videos/", { params: { query: { project, limit: 1000 } } })),
  }).data?.results ?? [];
  const turned = (id: Id) => (wanted.videos.includes(id) ? wanted.videos.filter((one) => one !== id) : [...wanted.videos, id]);
  return (
    <div className="stack takes">
      {videos.length > 0 && (
        <div className="row wrap takes-videos" role="group" aria-label={t("of_videos")}>
          <span className="t3">{t("of_videos")}</span>
          <button type="button" className="chip" aria-pressed={wanted.videos.length === 0} onClick={() => change({ videos: [] })}>{t("all_videos")}</button>
          {videos.map((video) => (
            <button key={video.id} type="button" className="chip" aria-pressed={wanted.videos.includes(video.id)} onClick={() => change({ videos: turned(video.id) })}><span className="ellipsis">{video.name}</span></button>
          ))}
        </div>
      )}
      <div className="takes-fields">
        <TextField label={t("since")} type="date" value={wanted.since} onChange={(event) => change({ since: event.target.value })} />
        <TextField label={t("until")} type="date" value={wanted.until} onChange={(event) => change({ until: event.target.value })} />
        {kind === "recognizer" && <TextField label={t("min_width")} hint="px" inputMode="numeric" value={wanted.min_width} onChange={(event) => change({ min_width: event.target.value })} />}
        {kind === "recognizer" && <TextField label={t("min_sharpness")} inputMode="decimal" value={wanted.min_sharpness} onChange={(event) => change({ min_sharpness: event.target.value })} />}
      </div>
      {kind === "recognizer"
        ? <label className="check"><input type="checkbox" checked={wanted.agreed} onChange={(event) => change({ agreed: event.target.checked })} />{t("agreed")}</label>
        : <label className="check"><input type="checkbox" checked={wanted.done} onChange={(event) => change({ done: event.target.checked })} />{t("only_done")}</label>}
    </div>
  );
}
