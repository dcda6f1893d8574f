import { Link } from "react-router";
import { api, unwrap } from "../api/client";
import { useProjectId } from "../api/queries";
import { formatDateTime } from "../shared/format";
import { More, useList } from "../shared/Pages";
import { useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { PromoteButton } from "./ModelActions";
import { texts } from "./texts";

/** Which models were current: from when, until when, by whom and why; and the way back to one. */
export function History() {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const project = useProjectId();
  const promotions = useList(["models", "promotions", project], (cursor) => unwrap(api.GET("/api/v1/promotions/", { params: { query: { project, cursor } } })));
  const rows = promotions.data ?? [];
  if (rows.length === 0) return null;
  const current = new Set(rows.filter((row) => row.ended_at === null).map((row) => row.model));
  return (
    <section className="card scroll-x" aria-label={t("history")}>
      <header><h2>{t("history")}</h2></header>
      <table className="table">
        <thead><tr><th>{t("model")}</th><th>{t("current_from")}</th><th>{t("current_until")}</th><th className="hide-narrow">{s("by")}</th><th className="hide-narrow">{t("why")}</th><th /></tr></thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id}>
              <td><Link to={`/p/${project}/models/${row.model}`}>{row.model_name}</Link></td>
              <td className="t2">{formatDateTime(row.at)}</td>
              <td className="t2">{row.ended_at === null ? <span className="chip ok">✓ {t("current")}</span> : formatDateTime(row.ended_at)}</td>
              <td className="t2 hide-narrow">{row.by}</td>
              <td className="t2 wrap hide-narrow">{row.why}</td>
              <td className="num">{row.ended_at !== null && row.retired === null && !current.has(row.model) && <PromoteButton model={{ id: row.model, name: row.model_name }}>{t("roll_back")}</PromoteButton>}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <More list={promotions} />
    </section>
  );
}
