import { Link } from "react-router";
import { useProjectId } from "../api/queries";
import type { CameraRead } from "../api/types";
import { ARROWS, isDirection } from "../review/review";
import { formatDateTime, formatTime } from "../shared/format";
import { More } from "../shared/Pages";
import { PlateText } from "../shared/PlateText";
import { Empty, Shown } from "../shared/States";
import { useTexts } from "../shared/text";
import { useCameraReads } from "./queries";
import { texts } from "./texts";
import "./cameras.css";

/** What is read of a camera, as it comes: the newest on top. */
export function CameraReads({ camera, recorded }: { camera: number; recorded: boolean }) {
  const t = useTexts(texts);
  const project = useProjectId();
  const reads = useCameraReads(camera);
  return (
    <section className="card stack">
      <header className="stack tight">
        <div className="spread"><h2>{t("reads")}</h2><Link className="small" to={`/p/${project}/reads?camera=${camera}`}>{t("search")}</Link></div>
        <p className="t3 small">{t("reads_live")}</p>
      </header>
      <Shown query={reads}>
        {(rows) => rows.length === 0 ? <Empty title={t("no_reads_title")}>{t(recorded ? "no_reads_on" : "no_reads_off")}</Empty> : (
          <>
            <ul className="camera-reads" aria-live="polite">{rows.map((read) => <Row key={read.id} read={read} />)}</ul>
            <More list={reads} />
          </>
        )}
      </Shown>
    </section>
  );
}

const today = (iso: string) => new Date(iso).toDateString() === new Date().toDateString();

function Row({ read }: { read: CameraRead }) {
  const t = useTexts(texts);
  const project = useProjectId();
  return (
    <li>
      <Link to={`/p/${project}/review/${read.run}?read=${read.id}`} aria-label={read.text}>
        <span className="camera-read-picture">{read.picture && <img src={read.picture} alt="" loading="lazy" />}</span>
        <PlateText text={read.text} size={20} />
        <span className="t3">{isDirection(read.direction) && ARROWS[read.direction]}</span>
        <span className="grow" />
        <span className="t2 small hide-narrow">{read.status ? <span className="ok">{t("reviewed")}</span> : `${Math.round(read.confidence * 100)} %`}</span>
        <time dateTime={read.seen_at ?? undefined}>{read.seen_at && (today(read.seen_at) ? formatTime(read.seen_at) : formatDateTime(read.seen_at, { seconds: true }))}</time>
      </Link>
    </li>
  );
}
