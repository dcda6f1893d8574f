import type { ReactNode } from "react";
import type { Kind } from "../api/types";
import { formatNumber, formatShare } from "../shared/format";
import { Icon } from "../shared/Icon";
import { Notice } from "../shared/States";
import { useTexts } from "../shared/text";
import { leakKinds, RARE, rare, splits, unlearnt, type VersionCounts } from "./counts";
import { texts } from "./texts";
import "./datasets.css";

/** How the version is split: one bar and a table. */
export function SplitParts({ counts }: { counts: VersionCounts }) {
  const t = useTexts(texts);
  const labels = [...new Set(splits.flatMap((split) => Object.keys(counts.splits[split].boxes)))];
  return (
    <section className="card stack">
      <header><h2>{t("split")}</h2><span className="t3 small">{t("split_hint")}</span></header>
      {counts.items > 0 && counts.splits.val.items === 0 && <Notice kind="warn">{t("none_held")}</Notice>}
      <div className="split-bar" aria-hidden="true">
        {splits.filter((split) => counts.splits[split].items).map((split) => (
          <i key={split} data-split={split} style={{ flexGrow: counts.splits[split].items }}>{formatShare(counts.splits[split].items / counts.items, 0)}</i>
        ))}
      </div>
      <div className="scroll-x">
        <table className="table">
          <thead><tr><th>{t("side")}</th><th className="num">{t("items")}</th><th className="num">{t("groups")}</th>{labels.map((label) => <th key={label} className="num">{label}</th>)}</tr></thead>
          <tbody>
            {splits.map((split) => (
              <tr key={split}>
                <td>{t(split)}</td><td className="num">{formatNumber(counts.splits[split].items)}</td><td className="num">{formatNumber(counts.splits[split].groups)}</td>
                {labels.map((label) => <td key={label} className="num">{formatNumber(counts.splits[split].boxes[label] ?? 0)}</td>)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <PerVideo counts={counts} />
    </section>
  );
}

function PerVideo({ counts }: { counts: VersionCounts }) {
  const t = useTexts(texts);
  if (counts.videos.length === 0 || (counts.videos.length === 1 && counts.videos[0]?.name === "")) return null;
  return (
    <div className="scroll-x of-videos" tabIndex={0} role="region" aria-label={t("from")}>
      <table className="table">
        <thead><tr><th>{t("from")}</th><th className="num">{t("items")}</th><th className="num">{t("groups")}</th>{splits.map((split) => <th key={split} className="num">{t(split)}</th>)}</tr></thead>
        <tbody>
          {counts.videos.map((video, at) => (
            <tr key={at}>
              <td>{video.name || t("no_video")}</td><td className="num">{formatNumber(video.train + video.val + video.test)}</td><td className="num">{formatNumber(video.groups)}</td>
              {splits.map((split) => <td key={split} className="num">{formatNumber(video[split])}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function LeakCheck({ counts, kind }: { counts: VersionCounts; kind: Kind }) {
  const t = useTexts(texts);
  const clean = counts.leaks === 0;
  const lines = leakKinds.filter((line) => counts.leakLines[line] !== undefined && (line !== "time" || kind === "detector"));
  return (
    <section className="card">
      <header><h2 className="grow">{t("leak_check")}</h2><span className={clean ? "chip ok" : "chip bad"}>{clean ? t("leaks_none") : t("leaks_some", { count: counts.leaks })}</span></header>
      {lines.length === 0 && <LeakLine count={counts.leaks}>{t("leak_line")}</LeakLine>}
      {lines.map((line) => <LeakLine key={line} count={counts.leakLines[line] ?? 0}>{t(`leak_${line}`)}</LeakLine>)}
    </section>
  );
}

function LeakLine({ count, children }: { count: number; children: ReactNode }) {
  const clean = count === 0;
  return <p className="spread leak-line"><span className="row"><span className={clean ? "ok row" : "bad row"}><Icon name={clean ? "check" : "warning"} /></span>{children}</span><strong>{formatNumber(count)}</strong></p>;
}

export function Characters({ counts }: { counts: VersionCounts }) {
  const t = useTexts(texts);
  if (counts.characters.length === 0) return null;
  const few = rare(counts.characters);
  const missing = unlearnt(counts);
  return (
    <section className="card">
      <header><h2>{t("characters")}</h2>{few.length > 0 && <span className="warn small">{t("rare", { list: few.join(" "), least: RARE })}</span>}</header>
      {missing.length > 0 && <Notice kind="warn">{t("unlearnt", { list: missing.join(" ") })}</Notice>}
      <ul className="characters">
        {counts.characters.map(([character, count]) => (
          <li key={character} data-rare={count < RARE || undefined}>
            <b className="mono" data-digit={/\d/.test(character) || undefined}>{character}</b><span>{formatNumber(count)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
