import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "react-router";
import { api, unwrap } from "../api/client";
import { useProjectId } from "../api/queries";
import type { TrainedModel } from "../api/types";
import { formatBytes, formatDateTime, formatNumber, formatShare } from "../shared/format";
import { Failed, Loading, Notice } from "../shared/States";
import { useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { Figure } from "../shared/ui";
import { Page } from "../shell/Page";
import { labelReportsOf } from "./detector-report";
import { DetectorReport } from "./DetectorReport";
import { figuresOf } from "./figures";
import { reportOf } from "./report";
import { PromoteButton, RetireButton, useManages } from "./ModelActions";
import { ModelReport } from "./ModelReport";
import { OnnxFile } from "./OnnxFile";
import { texts } from "./texts";

export default function ModelPage() {
  const s = useTexts(shared);
  const project = useProjectId();
  const id = Number(useParams().model);
  const model = useQuery({ queryKey: ["models", "one", id], queryFn: () => unwrap(api.GET("/api/v1/models/{id}/", { params: { path: { id } } })) });
  if (model.data) return <OneModel model={model.data} />;
  return (
    <Page title={s("models")} parent={{ name: s("models"), to: `/p/${project}/models` }}>
      {model.error ? <Failed error={model.error} retry={() => void model.refetch()} /> : <Loading />}
    </Page>
  );
}

function OneModel({ model }: { model: TrainedModel }) {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const project = useProjectId();
  const manages = useManages();
  const figures = figuresOf(model.figures);
  const report = reportOf(model.figures);
  return (
    <Page title={model.name} parent={{ name: s("models"), to: `/p/${project}/models` }}
      beside={<>{model.is_current && <span className="chip ok">✓ {t("current")}</span>}<span className="chip">{s(model.kind)}</span></>}
      actions={!model.is_current && manages && model.project !== null && model.retired_at === null && <><RetireButton model={model} /><PromoteButton primary model={model}>{t("promote")}</PromoteButton></>}>
      {model.retired_at !== null && <Notice kind="warn">{t("retired_on", { when: formatDateTime(model.retired_at) })}</Notice>}
      <section className="card figures">
        {model.kind === "recognizer" ? (
          <>
            <Figure name={t("exact")}>{formatShare(figures.exact)}</Figure>
            <Figure name={t("char")}>{formatShare(figures.char)}</Figure>
            <Figure name={t("crops")}>{figures.crops === undefined ? "–" : formatNumber(figures.crops)}</Figure>
            <Figure name={t("ms")} unit={figures.ms_per_crop !== undefined && "ms"}>{figures.ms_per_crop === undefined ? "–" : formatNumber(figures.ms_per_crop, undefined, 1)}</Figure>
          </>
        ) : <Figure name={t("map")}>{formatShare(figures.map)}</Figure>}
      </section>
      <div className="columns">
        <div className="stack">
          {report && <ModelReport report={report} />}
          {figures.labels.length > 0 && (
            <section className="card scroll-x">
              <header><h2>{t("figures")}</h2></header>
              <table className="table">
                <thead><tr><th>{t("label")}</th><th className="num">{t("images")}</th><th className="num">{t("objects")}</th><th className="num">{t("recall")}</th><th className="num">{t("precision")}</th><th className="num">{t("ap")}</th></tr></thead>
                <tbody>
                  {figures.labels.map((one) => (
                    <tr key={one.label}>
                      <td>{one.label}</td><td className="num">{formatNumber(one.images ?? 0)}</td><td className="num">{formatNumber(one.objects ?? 0)}</td>
                      <td className="num">{formatShare(one.objects ? one.recall_50 : null)}</td><td className="num">{formatShare(one.objects ? one.precision_50 : null)}</td><td className="num strong">{formatShare(one.objects ? one.ap_50 : null)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </section>
          )}
          {model.kind === "detector" && labelReportsOf(model.figures).map((one) => <DetectorReport key={one.label} report={one} />)}
        </div>
        <section className="card stack">
          <h2>{t("facts")}</h2>
          <dl className="facts">
            <dt>{t("network")}</dt><dd>{model.network}</dd>
            {model.dataset !== null && <><dt>{t("dataset")}</dt><dd><Link to={`/p/${project}/datasets/${model.dataset}`}>{model.dataset_name}</Link></dd></>}
            {model.run !== null && <><dt>{t("run")}</dt><dd><Link to={`/p/${project}/training/${model.run}`}>{model.run}</Link></dd></>}
            {model.parent !== null && <><dt>{t("parent")}</dt><dd><Link to={`/p/${project}/models/${model.parent}`}>{model.parent_name}</Link></dd></>}
            {model.retired_at === null && <>
              <dt>{t("file")}</dt><dd><a href={`/api/v1/media/models/${model.id}/`} download>{s("download")}</a>{model.bytes !== null && `, ${formatBytes(model.bytes)}`}</dd>
              <dt>{t("onnx")}</dt><dd><OnnxFile model={model} /></dd>
            </>}
            <dt>{t("card")}</dt><dd><a href={`/api/v1/models/${model.id}/card/`} download>{s("download")}</a></dd>
            <Metadata metadata={model.metadata} />
            <dt>{s("made")}</dt><dd>{formatDateTime(model.created_at)}</dd>
          </dl>
        </section>
      </div>
    </Page>
  );
}

function Metadata({ metadata }: { metadata: unknown }) {
  const t = useTexts(texts);
  const known = (metadata ?? {}) as Record<string, unknown>;
  const list = (value: unknown) => (Array.isArray(value) ? value.join(", ") : typeof value === "string" ? value : null);
  const input = Array.isArray(known.input_size) ? known.input_size.join(" × ") : null;
  return (
    <>
      {list(known.classes) && <><dt>{t("classes")}</dt><dd>{list(known.classes)}</dd></>}
      {list(known.alphabet) && <><dt>{t("alphabet")}</dt><dd className="mono tiny">{list(known.alphabet)}</dd></>}
      {input && <><dt>{t("input")}</dt><dd>{input}</dd></>}
    </>
  );
}
