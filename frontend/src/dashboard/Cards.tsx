import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { api, unwrap } from "../api/client";
import { useProjectId } from "../api/queries";
import { countsOf, RARE, rare } from "../datasets/counts";
import { headline } from "../models/figures";
import { formatNumber, formatShare } from "../shared/format";
import { useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { texts } from "./texts";

/** How well each trained model does on held vehicles, the newest last: the gain per cycle. */
export function Gain() {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const project = useProjectId();
  const models = useQuery({
    queryKey: ["models", project, "newest"],
    queryFn: () => unwrap(api.GET("/api/v1/models/", { params: { query: { project, limit: 50 } } })),
  });
  const judged = (models.data?.results ?? []).filter((model) => model.project !== null && headline(model.kind, model.figures) !== undefined).slice(0, 8).reverse();
  if (judged.length === 0) return null;
  return (
    <section className="card">
      <header><h2>{t("gain")}</h2><span className="t3 small">{t("gain_hint")}</span></header>
      <table className="table gain">
        <thead><tr><th>{t("model")}</th><th>{s("held")}</th><th className="num">{t("figure")}</th></tr></thead>
        <tbody>
          {judged.map((model) => {
            const figure = headline(model.kind, model.figures) ?? 0;
            return (
              <tr key={model.id}>
                <td><Link to={`/p/${project}/models/${model.id}`}>{model.name}</Link></td>
                <td className="wide"><span className={model.is_current ? "bar" : "bar quiet"}><i style={{ width: `${figure * 100}%` }} /></span></td>
                <td className="num">{formatShare(figure)} {model.is_current && <span className="ok small">{t("current")}</span>}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

/** How often each character occurs in the newest recognizer version; the rare ones amber. */
export function CharacterBars() {
  const t = useTexts(texts);
  const project = useProjectId();
  const newest = useQuery({
    queryKey: ["datasets", project, "newest-recognizer"],
    queryFn: () => unwrap(api.GET("/api/v1/datasets/", { params: { query: { project, kind: "recognizer", limit: 1 } } })),
  });
  const version = newest.data?.results[0];
  const { characters } = countsOf(version?.counts);
  if (!version || characters.length === 0) return null;
  const most = Math.max(...characters.map(([, count]) => count));
  const few = rare(characters);
  return (
    <section className="card">
      <header>
        <h2>{t("characters")}</h2>
        {few.length > 0 ? <span className="warn small">{t("rare", { count: few.length, least: RARE })}</span> : null}
        <span className="grow" />
        <Link className="t3 small" to={`/p/${project}/datasets/${version.id}`}>v{version.number}</Link>
      </header>
      <ul className="bars">
        {characters.map(([character, count]) => (
          <li key={character} title={`${character}: ${formatNumber(count)}`} data-rare={count < RARE || undefined}>
            <i style={{ height: `${Math.max(2, (count / most) * 100)}%` }} />
            <b className="mono" data-digit={/\d/.test(character) || undefined} aria-label={`${character} ${count}`}>{character}</b>
          </li>
        ))}
      </ul>
    </section>
  );
}
