import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "../api/client";
import { useProjectId } from "../api/queries";
import { formatNumber, formatShare } from "../shared/format";
import { useTexts } from "../shared/text";
import { texts } from "./texts";

/** What each new pair of models gained over the one before it, on the same reviewed vehicles. */
export function Cycles() {
  const t = useTexts(texts);
  const project = useProjectId();
  const query = useQuery({ queryKey: ["cycles", project], queryFn: () => unwrap(api.GET("/api/v1/inference-runs/cycles/", { params: { query: { project } } })) });
  const rows = query.data?.results ?? [];
  if (rows.length === 0) return null;
  return (
    <section className="card stack scroll-x">
      <h2>{t("cycles")}</h2>
      <p className="t2 small">{t("cycles_why")}</p>
      <table className="table">
        <thead><tr><th>{t("models")}</th><th className="num">{t("vehicles")}</th><th className="num">{t("before")}</th><th className="num">{t("after")}</th><th className="num">{t("by_chance")}</th></tr></thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.after}>
              <td><div className="t2 small">{row.before}</div>{row.after}</td>
              <td className="num">{formatNumber(row.passages)}</td>
              {row.shares.map((share, at) => (
                <td key={at} className="num">{formatShare(share.right / row.passages)}<div className="t3 small">{formatShare(share.low)} – {formatShare(share.high)}</div></td>
              ))}
              <td className="num">{formatShare(row.chance)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
