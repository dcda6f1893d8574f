import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useNavigate } from "react-router";
import { api, sentenceOf, unwrap } from "../api/client";
import { isActive, useJobsOf, useProjectId } from "../api/queries";
import type { Evaluation, Kind, TrainedModel } from "../api/types";
import { JobProgress } from "../jobs/JobProgress";
import { formatBytes, formatDateTime, formatNumber, formatShare } from "../shared/format";
import { More, useList } from "../shared/Pages";
import { Empty, Notice, Shown } from "../shared/States";
import { useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { Page } from "../shell/Page";
import { figuresOf, headline, onLearned } from "./figures";
import { History } from "./History";
import { PromoteButton, useManages } from "./ModelActions";
import { texts } from "./texts";
import { asTree } from "./tree";

/** Generations that are set in; later ones stand below each other. */
const DEEPEST = 8;

export default function ModelsPage() {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const project = useProjectId();
  const models = useList(["models", project], (cursor) => unwrap(api.GET("/api/v1/models/", { params: { query: { project, cursor } } })));
  return (
    <Page title={s("models")}>
      <Shown query={models}>
        {(rows) => rows.length === 0
          ? <Empty title={t("none_title")} actions={<Link className="button primary" to={`/p/${project}/training/new`}>{t("train")}</Link>}>{t("none_body")}</Empty>
          : <>{(["detector", "recognizer"] as const).map((kind) => <OfKind key={kind} kind={kind} rows={rows.filter((row) => row.kind === kind)} />)}<More list={models} /><History /></>}
      </Shown>
    </Page>
  );
}

function OfKind({ kind, rows }: { kind: Kind; rows: readonly TrainedModel[] }) {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const id = useProjectId();
  const go = useNavigate();
  const [set, setSet] = useState<number | null>(null);
  const [chosen, setChosen] = useState<readonly number[]>([]);
  const versions = useList(["datasets", id, "all"], (cursor) => unwrap(api.GET("/api/v1/datasets/", { params: { query: { project: id, limit: 200, cursor } } })));
  const judged = useList(["models", "evaluations", set], (cursor) => set === null ? Promise.resolve({ results: [] as Evaluation[], next: null, previous: null }) : unwrap(api.GET("/api/v1/evaluations/", { params: { query: { dataset: set, limit: 200, cursor } } })));
  if (rows.length === 0) return null;
  const sets = (versions.data ?? []).filter((version) => version.kind === kind);
  const found = new Map((judged.data ?? []).map((one) => [one.model, one]));
  const pick = (evaluation: number) => setChosen(chosen.includes(evaluation) ? chosen.filter((one) => one !== evaluation) : [...chosen, evaluation].slice(-2));
  const living = rows.filter((row) => row.retired_at === null);
  return (
    <section className="card scroll-x" data-kind={kind}>
      <header className="wrap"><h2>{s(kind === "detector" ? "plate_detector" : "plate_recognizer")}</h2><span className="t3 small grow">{t("promote_hint")}</span>
        {sets.length > 0 && (
          <label className="row small t2">{t("judged_on")}
            <select className="input" style={{ width: "auto" }} value={set ?? ""} onChange={(event) => { setSet(event.target.value ? Number(event.target.value) : null); setChosen([]); }}>
              <option value="">{t("own_held")}</option>
              {sets.map((version) => <option key={version.id} value={version.id}>{s(version.kind)} v{version.number}</option>)}
            </select>
          </label>
        )}
        {set !== null && <Judge dataset={set} missing={living.filter((row) => !found.has(row.id)).length} />}
        {set !== null && <button type="button" className="button small" disabled={chosen.length !== 2} title={t("choose_two")} onClick={() => void go(`/p/${id}/models/compare?first=${chosen[0]}&second=${chosen[1]}`)}>{t("compare")}</button>}
      </header>
      <table className="table">
        <thead><tr>{set !== null && <th><span className="visually-hidden">{t("compare")}</span></th>}<th>{t("model")}</th><th className="hide-narrow">{t("network")}</th><th className="hide-narrow">{t("dataset")}</th><th className="num">{t(kind === "detector" ? "map" : "exact")}</th><th className="num hide-narrow">{kind === "recognizer" && t("ms_short")}</th><th className="num hide-narrow">{t("size")}</th><th className="hide-narrow">{s("made")}</th><th /></tr></thead>
        <tbody>
          {asTree(rows).map(({ model, depth }) => {
            const its = found.get(model.id);
            const figures = set === null ? model.figures : its?.figures;
            const figure = headline(kind, figures);
            const speed = figuresOf(figures).ms_per_crop;
            return (
              <tr key={model.id} style={{ height: 40 }}>
                {set !== null && <td>{its && <input type="checkbox" aria-label={t("compare_one", { name: model.name })} checked={chosen.includes(its.id)} onChange={() => pick(its.id)} />}</td>}
                <td style={depth > 0 ? { paddingLeft: 14 * Math.min(depth, DEEPEST) } : undefined}>
                  {depth > 0 && <span className="t3" title={t("parent_hint")} aria-label={t("parent_hint")}>└ </span>}
                  <Link to={`/p/${id}/models/${model.id}`}>{model.name}</Link>
                </td>
                <td className="t2 hide-narrow">{model.network}</td>
                <td className="t2 hide-narrow">{model.dataset_name}</td>
                <td className="num strong">{figure === undefined ? <span className="t3">{t("not_evaluated")}</span> : formatShare(figure)}
                  {its !== undefined && its.learned > 0 && <span className="chip warn" title={t("learned_hint")}>{t("learned", { count: its.learned })}</span>}
                  {set === null && onLearned(figures) && <span className="chip warn" title={t("learned_hint")}>{t("on_learned")}</span>}</td>
                <td className="num t2 hide-narrow">{speed === undefined ? "" : `${formatNumber(speed, undefined, 1)} ms`}</td>
                <td className="num t2 hide-narrow">{model.bytes === null ? "–" : formatBytes(model.bytes)}</td>
                <td className="t3 hide-narrow">{model.project === null ? t("starter") : formatDateTime(model.created_at)}</td>
                <td className="num">
                  {model.is_current ? <span className="chip ok">✓ {t("current")}</span> : model.retired_at !== null ? <span className="chip">{t("retired")}</span>
                    : model.project !== null && <PromoteButton model={model}>{t("promote")}</PromoteButton>}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

/** Has the models that lack it judged on the chosen set, and shows how far that is. */
function Judge({ dataset, missing }: { dataset: number; missing: number }) {
  const t = useTexts(texts);
  const client = useQueryClient();
  const manages = useManages();
  const job = useJobsOf("dataset", dataset).find((one) => one.task === "compare");
  const judge = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/evaluations/", { body: { dataset } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["jobs"] }),
  });
  if (job && isActive(job)) return <JobProgress job={job} />;
  if (judge.error) return <Notice kind="bad">{sentenceOf(judge.error)}</Notice>;
  return (
    <>
      {job?.state === "failed" && <JobProgress job={job} />}
      {missing > 0 && manages && <button type="button" className="button small" disabled={judge.isPending} onClick={() => judge.mutate()}>{t("judge", { count: missing })}</button>}
    </>
  );
}
