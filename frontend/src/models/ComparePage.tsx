import { useQuery } from "@tanstack/react-query";
import { useSearchParams } from "react-router";
import { api, unwrap } from "../api/client";
import { useProjectId } from "../api/queries";
import type { Evaluation, Found, Schemas, ShownItem } from "../api/types";
import { formatNumber, formatShare } from "../shared/format";
import { PlateText } from "../shared/PlateText";
import { Shown } from "../shared/States";
import { useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { Figure } from "../shared/ui";
import { Page } from "../shell/Page";
import { Boxed } from "./Boxed";
import { headline } from "./figures";
import "./model-report.css";
import { texts } from "./texts";

/** Two models on the same held pictures, down to those on which they differ. */
export default function ComparePage() {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const project = useProjectId();
  const [search] = useSearchParams();
  const [first, second] = [Number(search.get("first")), Number(search.get("second"))];
  const comparison = useQuery({
    queryKey: ["models", "comparison", first, second],
    queryFn: async () => {
      const of = (id: number) => unwrap(api.GET("/api/v1/evaluations/{id}/", { params: { path: { id } } })).then(async (one) => ({ one, model: await unwrap(api.GET("/api/v1/models/{id}/", { params: { path: { id: one.model } } })) }));
      const [mine, its, found] = await Promise.all([of(first), of(second), unwrap(api.GET("/api/v1/evaluations/{id}/compare/", { params: { path: { id: first }, query: { other: second } } }))]);
      return { sides: [mine, its] as const, found };
    },
  });
  return (
    <Page title={t("compare_title")} parent={{ name: s("models"), to: `/p/${project}/models` }}>
      <Shown query={comparison}>
        {({ sides: [mine, its], found }) => (
          <>
            <section className="card figures">
              <Side name={mine.model.name} kind={mine.model.kind} evaluation={mine.one} />
              <Side name={its.model.name} kind={its.model.kind} evaluation={its.one} />
              <Figure name={t("both_right")}>{formatNumber(found.both_right)}</Figure>
              <Figure name={t("only", { name: mine.model.name })}>{formatNumber(found.only_first)}</Figure>
              <Figure name={t("only", { name: its.model.name })}>{formatNumber(found.only_second)}</Figure>
              <Figure name={t("both_wrong")}>{formatNumber(found.both_wrong)}</Figure>
            </section>
            <section className="card stack" aria-label={t("differing")}>
              <header><h2>{t("differing")}</h2><span className="t3 small">{t("differing_hint")}</span></header>
              {found.differing.length === 0 ? <span className="t3">{t("no_difference")}</span>
                : found.differing.map((row) => <Row key={row.item.id} row={row} names={[mine.model.name, its.model.name]} />)}
            </section>
          </>
        )}
      </Shown>
    </Page>
  );
}

function Side({ name, kind, evaluation }: { name: string; kind: string; evaluation: Evaluation }) {
  const t = useTexts(texts);
  return <Figure name={name} unit={evaluation.learned > 0 ? t("learned", { count: evaluation.learned }) : t(kind === "detector" ? "map" : "exact")}>{formatShare(headline(kind, evaluation.figures))}</Figure>;
}

function Row({ row, names }: { row: Schemas["ModelDiffering"]; names: readonly [string, string] }) {
  const t = useTexts(texts);
  if (row.first.boxes) {
    return <div className="grid-2 wide"><Frame item={row.item} found={row.first} name={names[0]} /><Frame item={row.item} found={row.second} name={names[1]} /></div>;
  }
  return (
    <div className="row wrap compare-row" data-item={row.item.id}>
      <img src={`/api/v1/media/dataset-items/${row.item.id}/`} alt={row.item.text} loading="lazy" height={40} />
      <span className="stack tight"><span className="t3 tiny">{t("truth")}</span><PlateText text={row.item.text} /></span>
      {[row.first, row.second].map((one, at) => (
        <span key={names[at]} className="stack tight"><span className="t3 tiny">{names[at]}</span>
          <span className="row"><PlateText text={one.text ?? ""} /><span className={one.wrong ? "chip bad" : "chip ok"}>{one.wrong ? "✗" : "✓"} {formatShare(one.confidence, 0)}</span></span></span>
      ))}
    </div>
  );
}

function Frame({ item, found, name }: { item: ShownItem; found: Found; name: string }) {
  const t = useTexts(texts);
  return (
    <figure className="stack tight">
      <Boxed item={item} boxes={found.boxes} />
      <figcaption className="spread small"><span>{name}</span><span className={found.wrong ? "bad" : "ok"}>{t("mistakes", { count: found.wrong ?? 0 })}</span></figcaption>
    </figure>
  );
}
