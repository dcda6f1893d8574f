import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "react-router";

import { api, unwrap } from "../api/client";
import { useProjectId } from "../api/queries";
import type { InferenceRun, Schemas } from "../api/types";
import { formatMoment, formatNumber } from "../shared/format";
import { PlateText } from "../shared/PlateText";
import { Notice, Shown } from "../shared/States";
import { useTexts } from "../shared/text";
import { Page } from "../shell/Page";
import { texts } from "./texts";

const share = (of: number): string => `${formatNumber(Math.round(1000 * of) / 10)} %`;

/** Two readings of one video, judged on what was reviewed of it. */
export default function ComparisonPage() {
  const t = useTexts(texts);
  const project = useProjectId();
  const { first, second } = useParams();
  const [one, two] = [Number(first), Number(second)];
  const read = (id: number) => unwrap(api.GET("/api/v1/inference-runs/{id}/", { params: { path: { id } } }));
  const both = useQuery({ queryKey: ["inference-runs", one, two], queryFn: () => Promise.all([read(one), read(two)]) });
  const told = useQuery({ queryKey: ["comparison", one, two], queryFn: () => unwrap(api.GET("/api/v1/inference-runs/{id}/compare/", { params: { path: { id: one }, query: { other: two } } })) });
  return (
    <Page title={both.data?.[0].video_name ?? t("title")} parent={{ name: t("review"), to: `/p/${project}/review` }}>
      <Shown query={both}>
        {(runs) => <Shown query={told}>{(found) => found.passages === 0 ? <Notice kind="warn">{t("none")}</Notice> : <Told runs={runs} found={found} />}</Shown>}
      </Shown>
    </Page>
  );
}

function Told({ runs, found }: { runs: readonly InferenceRun[]; found: Schemas["Comparison"] }) {
  const t = useTexts(texts);
  const project = useProjectId();
  return (
    <>
      <section className="card stack scroll-x">
        <h2>{t("of_passages", { count: found.passages })}</h2>
        <table className="table">
          <thead><tr><th>{t("reading")}</th><th className="num">{t("right")}</th><th className="num">{t("interval")}</th><th className="num">{t("only")}</th><th className="num">{t("false")}</th><th className="num">{t("double")}</th></tr></thead>
          <tbody>
            {runs.map((run, at) => {
              const { right = 0, low = 0, high = 1 } = found.shares[at] ?? {};
              return (
                <tr key={at}>
                  <td><Link to={`/p/${project}/review/${run.id}`}>{run.id}</Link> <span className="t2 small">{run.detector_name}, {run.recognizer_name}</span></td>
                  <td className="num">{formatNumber(right)} ({share(right / found.passages)})</td>
                  <td className="num">{share(low)} – {share(high)}</td>
                  <td className="num">{formatNumber(found.only_right[at] ?? 0)}</td>
                  <td className="num">{formatNumber(found.false[at] ?? 0)}</td>
                  <td className="num">{formatNumber(found.double[at] ?? 0)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
        <p className="t2 small">{t("chance", { share: share(found.chance) })}</p>
      </section>
      <section className="card stack scroll-x">
        <h2>{t("differing")}</h2>
        {found.differing.length === 0 ? <p className="t2">{t("alike")}</p> : (
          <table className="table">
            <thead><tr><th>{t("when")}</th><th>{t("truth")}</th>{runs.map((run, at) => <th key={at}>{t("reading")} {run.id}</th>)}</tr></thead>
            <tbody>
              {found.differing.map((row) => (
                <tr key={row.passage}>
                  <td className="t3">{formatMoment(row.seconds)}</td>
                  <td><PlateText text={row.text} size={15} /></td>
                  {[row.first, row.second].map((seen, at) => <Side key={at} seen={seen} review={`/p/${project}/review/${runs[at]?.id}`} />)}
                </tr>
              ))}
            </tbody>
          </table>
        )}
        {found.more > 0 && <p className="t3 small">{t("more", { count: found.more })}</p>}
      </section>
    </>
  );
}

function Side({ seen, review }: { seen: Schemas["Seen"]; review: string }) {
  const t = useTexts(texts);
  if (seen.outcome === "missed") return <td className="bad">{t("missed")}</td>;
  return <td><Link to={`${review}?read=${seen.read}`}><PlateText text={seen.text} size={15} /></Link> <span className={seen.outcome === "right" ? "ok" : "bad"}>{seen.outcome === "right" ? "✓" : "✗"}</span></td>;
}
