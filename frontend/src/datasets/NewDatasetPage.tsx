import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { api, ApiError, sentenceOf, unwrap } from "../api/client";
import { type Id, useProjectId } from "../api/queries";
import type { Kind } from "../api/types";
import { useCommands } from "../shared/commands";
import { formatNumber } from "../shared/format";
import { Notice } from "../shared/States";
import { translator, useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { Action, Segments, TextField } from "../shared/ui";
import { Page } from "../shell/Page";
import { Characters, LeakCheck, SplitParts } from "./CountParts";
import { countsOf, EVERYTHING, filterOf, sharesOf, type Split, splits } from "./counts";
import { Takes } from "./Takes";
import { texts } from "./texts";

/** What a version frozen now would hold; it is frozen only when the leak check shows 0. */
export default function NewDatasetPage() {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const go = useNavigate();
  const client = useQueryClient();
  const project = useProjectId();
  const [search, setSearch] = useSearchParams();
  const kind: Kind = search.get("kind") === "detector" ? "detector" : "recognizer";
  const [typed, setTyped] = useState<Record<Split, string>>({ train: "80", val: "10", test: "10" });
  const [seed, setSeed] = useState("0");
  const [whole, setWhole] = useState(false);
  const [note, setNote] = useState("");
  const [wanted, setWanted] = useState(EVERYTHING);
  const filter = filterOf(wanted, kind);
  const shares = sharesOf(typed);
  const seedOk = /^\d{1,9}$/.test(seed);
  const body = { project, kind, shares, seed: Number(seed), whole_videos: whole, note, filter: filter ?? {} };
  const preview = useQuery({
    queryKey: ["dataset-preview", project, kind, shares, seed, whole, filter],
    enabled: shares !== null && seedOk && filter !== null,
    placeholderData: keepPreviousData,
    queryFn: () => unwrap(api.POST("/api/v1/datasets/preview/", { body })),
  });
  const freeze = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/datasets/", { body })),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["jobs"] });
      void go(`/p/${project}/datasets`);
    },
  });
  const counts = preview.data && !preview.error ? countsOf(preview.data.counts) : undefined;
  const ready = counts !== undefined && counts.items > 0 && counts.leaks === 0 && shares !== null && seedOk && filter !== null && !freeze.isPending;
  useCommands([{
    id: "freeze", name: { en: translator(texts, "en")("freeze"), es: translator(texts, "es")("freeze") }, keys: "Ctrl+Enter",
    inFields: true, when: () => ready, run: () => freeze.mutate(),
  }]);
  return (
    <Page title={t("new_version")} parent={{ name: s("datasets"), to: `/p/${project}/datasets` }}>
      <div className="columns">
        <div className="stack">
          <section className="card stack">
            <div className="row wrap">
              <Segments<Kind> label={t("kind")} value={kind} onChange={(to) => setSearch({ kind: to }, { replace: true })}
                options={[["detector", s("plate_detector")], ["recognizer", s("plate_recognizer")]]} />
              <span className="t3">{t("takes")}</span><span className="chip on">{t(kind === "detector" ? "takes_detector" : "takes_recognizer")}</span>
            </div>
            <Takes project={project} kind={kind} wanted={wanted} change={(to) => setWanted({ ...wanted, ...to })} />
            {filter === null && <p className="bad small" role="alert">{t("number_wrong")}</p>}
            {counts && (
              <p className="row wrap">
                <span><span className="big">{formatNumber(counts.items)}</span> <span className="t2">{t(kind === "detector" ? "frames" : "plates", { count: counts.items })}</span></span>
                <span><span className="big">{formatNumber(counts.groups)}</span> <span className="t2">{t("vehicles", { count: counts.groups })}</span></span>
              </p>
            )}
            {preview.error && <Notice kind="warn">{sentenceOf(preview.error)} <CropToCorrect error={preview.error} project={project} /></Notice>}
            <div className="grid-3">
              {splits.map((split) => (
                <TextField key={split} label={t(`${split}_share`)} inputMode="decimal" value={typed[split]} aria-invalid={!shares || undefined}
                  onChange={(event) => setTyped({ ...typed, [split]: event.target.value })} />
              ))}
            </div>
            {!shares && <p className="bad small" role="alert">{t("shares_wrong")}</p>}
            <div className="grid-3">
              <TextField label={t("seed")} inputMode="numeric" value={seed} aria-invalid={!seedOk || undefined} onChange={(event) => setSeed(event.target.value)} />
              <TextField label={t("note")} hint={s("optional")} value={note} maxLength={200} onChange={(event) => setNote(event.target.value)} />
            </div>
            <label className="check"><input type="checkbox" checked={whole} onChange={(event) => setWhole(event.target.checked)} />{t("whole_videos")}</label>
          </section>
          {counts && <SplitParts counts={counts} />}
          {counts && <Characters counts={counts} />}
        </div>
        <div className="stack">
          {counts && <LeakCheck counts={counts} kind={kind} />}
          {freeze.error && <Notice kind="bad">{sentenceOf(freeze.error)}</Notice>}
          <section className="card stack">
            <Action primary k="Ctrl+Enter" disabled={!ready} onClick={() => freeze.mutate()}>{t("freeze")}</Action>
            <p className="t2 small">{counts?.items === 0 || preview.error ? t("nothing") : t("freeze_hint")}</p>
          </section>
        </div>
      </div>
    </Page>
  );
}

/** The way to the crop whose text the server will not freeze. */
function CropToCorrect({ error, project }: { error: unknown; project: Id }) {
  const t = useTexts(texts);
  const { crop, frame } = (error instanceof ApiError && error.body ? error.body : {}) as { crop?: Id | null; frame?: Id | null };
  if (!crop) return null;
  const picture = <img src={`/api/v1/media/crops/${crop}/`} alt={t("crop_to_correct")} height={32} />;
  return frame ? <Link to={`/p/${project}/frames/${frame}`}>{picture}</Link> : picture;
}
