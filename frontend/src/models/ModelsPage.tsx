import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "react-router";
import { api, sentenceOf, unwrap } from "../api/client";
import { useProject, useProjectId } from "../api/queries";
import type { Kind, TrainedModel } from "../api/types";
import { formatDateTime, formatShare } from "../shared/format";
import { More, useList } from "../shared/Pages";
import { Empty, Notice, Shown } from "../shared/States";
import { useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { Page } from "../shell/Page";
import { headline } from "./figures";
import { texts } from "./texts";
import { asTree } from "./tree";

const MANAGER = 4;
/** Generations that are set in; later ones stand below each other. */
const DEEPEST = 8;

export function usePromote() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (model: TrainedModel) => unwrap(api.POST("/api/v1/models/{id}/promote/", { params: { path: { id: model.id } }, body: { why: "" } })),
    onSuccess: () => client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === "models" || queryKey[0] === "stats" }),
  });
}

export default function ModelsPage() {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const project = useProjectId();
  const models = useList(["models", project], (cursor) => unwrap(api.GET("/api/v1/models/", { params: { query: { project, cursor } } })));
  const promote = usePromote();
  return (
    <Page title={s("models")}>
      {promote.error && <Notice kind="bad">{sentenceOf(promote.error)}</Notice>}
      <Shown query={models}>
        {(rows) => rows.length === 0
          ? <Empty title={t("none_title")} actions={<Link className="button primary" to={`/p/${project}/training/new`}>{t("train")}</Link>}>{t("none_body")}</Empty>
          : <>{(["detector", "recognizer"] as const).map((kind) => <OfKind key={kind} kind={kind} rows={rows.filter((row) => row.kind === kind)} promote={promote} />)}<More list={models} /></>}
      </Shown>
    </Page>
  );
}

function OfKind({ kind, rows, promote }: { kind: Kind; rows: readonly TrainedModel[]; promote: ReturnType<typeof usePromote> }) {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const id = useProjectId();
  const manages = useProject().data?.role === MANAGER;
  if (rows.length === 0) return null;
  return (
    <section className="card scroll-x">
      <header><h2>{s(kind === "detector" ? "plate_detector" : "plate_recognizer")}</h2><span className="t3 small">{t("promote_hint")}</span></header>
      <table className="table">
        <thead><tr><th>{t("model")}</th><th className="hide-narrow">{t("network")}</th><th className="hide-narrow">{t("dataset")}</th><th className="num">{t(kind === "detector" ? "map" : "exact")}</th><th className="hide-narrow">{s("made")}</th><th /></tr></thead>
        <tbody>
          {asTree(rows).map(({ model, depth }) => {
            const figure = headline(kind, model.figures);
            return (
              <tr key={model.id} style={{ height: 40 }}>
                <td style={depth > 0 ? { paddingLeft: 14 * Math.min(depth, DEEPEST) } : undefined}>
                  {depth > 0 && <span className="t3" title={t("parent_hint")} aria-label={t("parent_hint")}>└ </span>}
                  <Link to={`/p/${id}/models/${model.id}`}>{model.name}</Link>
                </td>
                <td className="t2 hide-narrow">{model.network}</td>
                <td className="t2 hide-narrow">{model.dataset_name}</td>
                <td className="num strong">{figure === undefined ? <span className="t3">{t("not_evaluated")}</span> : formatShare(figure)}</td>
                <td className="t3 hide-narrow">{model.project === null ? t("starter") : formatDateTime(model.created_at)}</td>
                <td className="num">
                  {model.is_current ? <span className="chip ok">✓ {t("current")}</span>
                    : model.project !== null && <button type="button" className="button small" disabled={!manages || promote.isPending} onClick={() => promote.mutate(model)}>{t("promote")}</button>}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
