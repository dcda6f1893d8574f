import { useQuery } from "@tanstack/react-query";
import { useSearchParams } from "react-router";
import { api, unwrap } from "../api/client";
import { useProjectId } from "../api/queries";
import type { DatasetItem, DatasetVersion, Schemas } from "../api/types";
import { formatNumber } from "../shared/format";
import { PlateText } from "../shared/PlateText";
import { useList } from "../shared/Pages";
import { Empty, Shown } from "../shared/States";
import { useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { Figure, SelectField } from "../shared/ui";
import { Page } from "../shell/Page";
import { texts } from "./texts";
import "./datasets.css";

const KINDS = ["added", "removed", "relabelled", "moved"] as const;
type Difference = Schemas["DatasetDifference"];

/** What a newer version has otherwise than an older one of its kind. */
export default function ComparePage() {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const project = useProjectId();
  const [search, setSearch] = useSearchParams();
  const versions = useList(["datasets", project], (cursor) => unwrap(api.GET("/api/v1/datasets/", { params: { query: { project, cursor } } })));
  const rows = versions.data ?? [];
  const newer = rows.find((one) => one.id === Number(search.get("newer"))) ?? rows[0];
  const alike = rows.filter((one) => one.kind === newer?.kind && one.id !== newer.id);
  const older = alike.find((one) => one.id === Number(search.get("older"))) ?? alike.find((one) => newer && one.number < newer.number) ?? alike[0];
  const name = (one: DatasetVersion) => t("version", { kind: s(one.kind), number: one.number });
  const choose = (what: "older" | "newer", id: string) => setSearch((was) => ({ ...Object.fromEntries(was), [what]: id }), { replace: true });
  return (
    <Page title={t("compare")} parent={{ name: s("datasets"), to: `/p/${project}/datasets` }}>
      <Shown query={versions}>
        {() => (newer === undefined || older === undefined ? <Empty title={t("compare_none")} /> : (
          <>
            <section className="card grid-2 wide">
              <SelectField label={t("older")} value={older.id} onChange={(event) => choose("older", event.target.value)}>
                {alike.map((one) => <option key={one.id} value={one.id}>{name(one)} {one.note}</option>)}
              </SelectField>
              <SelectField label={t("newer")} value={newer.id} onChange={(event) => choose("newer", event.target.value)}>
                {rows.map((one) => <option key={one.id} value={one.id}>{name(one)} {one.note}</option>)}
              </SelectField>
            </section>
            <Between older={older.id} newer={newer.id} />
          </>
        ))}
      </Shown>
    </Page>
  );
}

function Between({ older, newer }: { older: number; newer: number }) {
  const t = useTexts(texts);
  const query = useQuery({
    queryKey: ["datasets", "compare", older, newer], staleTime: Infinity,
    queryFn: () => unwrap(api.GET("/api/v1/datasets/{id}/compare/", { params: { path: { id: newer }, query: { with: older } } })),
  });
  return (
    <Shown query={query}>
      {(told) => (
        <>
          <section className="card figures">
            {(["same", ...KINDS] as const).map((kind) => <Figure key={kind} name={t(kind)}>{formatNumber(told.counts[kind] ?? 0)}</Figure>)}
          </section>
          {KINDS.map((kind) => <Pairs key={kind} kind={kind} pairs={told[kind]} all={told.counts[kind] ?? 0} />)}
        </>
      )}
    </Shown>
  );
}

function Pairs({ kind, pairs, all }: { kind: (typeof KINDS)[number]; pairs: Difference["added"]; all: number }) {
  const t = useTexts(texts);
  if (pairs.length === 0) return null;
  return (
    <section className="card">
      <header><h2>{t(kind)}</h2><span className="t3 small">{all > pairs.length ? t("first_of", { shown: pairs.length, all }) : formatNumber(all)}</span></header>
      <ul className="pairs">
        {pairs.map(({ older, newer }) => {
          const item = newer ?? older;
          return item && (
            <li key={item.id}>
              <img className="thumb" src={item.picture} alt={item.name} loading="lazy" />
              <span className="stack tight small">
                {kind === "relabelled" ? <><Said item={older} /><Said item={newer} arrow /></> : <Said item={item} />}
                {kind === "moved" ? <span>{older && t(older.split)} → {newer && t(newer.split)}</span> : <span className="t3">{t(item.split)}</span>}
              </span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** What an item is labelled: its text, or how many boxes of each label. */
function Said({ item, arrow = false }: { item: DatasetItem | null; arrow?: boolean }) {
  const t = useTexts(texts);
  if (!item) return null;
  const labels = (item.boxes as { label: string }[] | null ?? []).reduce<Record<string, number>>((sum, { label }) => ({ ...sum, [label]: (sum[label] ?? 0) + 1 }), {});
  const boxes = Object.entries(labels).map(([label, count]) => `${count} ${label}`).join(", ") || t("nothing_on_it");
  return <span className="row">{arrow && "→"}{item.text ? <PlateText text={item.text} /> : boxes}</span>;
}
