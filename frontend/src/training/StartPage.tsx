import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { api, sentenceOf, unwrap } from "../api/client";
import { useProjectId } from "../api/queries";
import type { DatasetVersion, Kind, TrainingOption, TrainingRun } from "../api/types";
import { countsOf } from "../datasets/counts";
import { useCommands } from "../shared/commands";
import { useList } from "../shared/Pages";
import { Empty, Loading, Notice, Shown } from "../shared/States";
import { useLanguage } from "../shared/language";
import { translator, useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { Action, Segments, SelectField, TextField } from "../shared/ui";
import { Page } from "../shell/Page";
import { configOf, type Preset, presets, type Typed, typedOf } from "./config";
import { Foresight, minutesOf, type StartTraining, useCheck } from "./Foresight";
import { Settings } from "./Settings";
import { texts } from "./texts";
import "./training.css";

const USUAL = "usual";
type When = "now" | "once" | "nightly";

export default function StartPage() {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const project = useProjectId();
  const versions = useList(["datasets", project, "all"], (cursor) => unwrap(api.GET("/api/v1/datasets/", { params: { query: { project, limit: 200, cursor } } })));
  const clone = Number(useSearchParams()[0].get("clone"));
  const model = useQuery({
    queryKey: ["live", "training-runs", "one", clone],
    enabled: clone > 0,
    queryFn: () => unwrap(api.GET("/api/v1/training-runs/{id}/", { params: { path: { id: clone } } })),
    staleTime: Infinity,
  });
  const options = useOptions(model.data?.kind, true);
  const waits = clone > 0 && (model.isPending || options.isPending);
  return (
    <Page title={t("new_run")} parent={{ name: s("training"), to: `/p/${project}/training` }}>
      <Shown query={versions}>
        {(rows) => rows.length ? (waits ? <Loading /> : <Form versions={rows} like={model.data} known={options.data ?? []} />) : (
          <Empty title={t("no_dataset_title")} actions={<Link className="button primary" to={`/p/${project}/datasets/new`}>{t("to_datasets")}</Link>}>{t("no_dataset_body")}</Empty>
        )}
      </Shown>
    </Page>
  );
}

/** The settings of a kind in the person's language; `started`: from a model, which lower rates suit. */
function useOptions(kind: Kind | undefined, started: boolean) {
  return useQuery({
    queryKey: ["training-options", kind, started, useLanguage()],
    enabled: kind !== undefined,
    queryFn: () => unwrap(api.GET("/api/v1/training-options/", { params: { query: { kind: kind ?? "detector", started } } })),
    staleTime: Infinity,
  });
}

function Form({ versions, like, known }: { versions: readonly DatasetVersion[]; like: TrainingRun | undefined; known: readonly TrainingOption[] }) {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const go = useNavigate();
  const client = useQueryClient();
  const project = useProjectId();
  const [search] = useSearchParams();
  const asked = versions.find((version) => version.id === (like?.dataset ?? Number(search.get("dataset"))));
  const [kind, setKind] = useState<Kind>(asked?.kind ?? versions[0]?.kind ?? "recognizer");
  const [chosen, setChosen] = useState<number | undefined>(asked?.id);
  const [parent, setParent] = useState(like ? String(like.parent ?? "") : USUAL);
  const before = like && typedOf(known, (like.config ?? {}) as Record<string, unknown>);
  const [preset, setPreset] = useState<Preset>(before?.preset ?? "standard");
  const [typed, setTyped] = useState<Typed>(before?.typed ?? {});
  const fitting = versions.filter((version) => version.kind === kind);
  const dataset = fitting.find((version) => version.id === chosen) ?? fitting[0];
  const options = useOptions(kind, parent !== "");
  const { config, errors } = configOf(options.data ?? [], preset, typed, kind === like?.kind ? before?.further : undefined);
  const wrong = Object.keys(errors).length;
  const [minutes, setMinutes] = useState(like?.minutes ? String(like.minutes) : "");
  const [device, setDevice] = useState(like?.device ?? "auto");
  const limit = minutesOf(minutes);
  const [when, setWhen] = useState<When>("now");
  const [at, setAt] = useState("02:00");
  const body = (id: number): StartTraining => ({ dataset: id, ...(parent === USUAL ? {} : { parent: parent || null }), ...config, device, minutes: limit ?? null });
  const plan: StartTraining | null = dataset && wrong === 0 && limit !== undefined && options.data ? body(dataset.id) : null;
  const checked = useCheck(plan);
  const start = useMutation({
    mutationFn: (id: number) => unwrap(api.POST("/api/v1/training-runs/", { body: body(id) })),
    onSuccess: (run) => {
      void client.invalidateQueries({ queryKey: ["live"] });
      void client.invalidateQueries({ queryKey: ["jobs"] });
      void go(`/p/${project}/training/${run.id}`);
    },
  });
  const later = useMutation({
    mutationFn: (id: number) => unwrap(api.POST("/api/v1/training-schedules/", { body: { ...body(id), at, nightly: when === "nightly" } })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["live"] });
      void go(`/p/${project}/training`);
    },
  });
  const begin = (id: number) => when === "now" ? start.mutate(id) : later.mutate(id);
  const ready = plan !== null && dataset !== undefined && !start.isPending && !later.isPending && !checked.data?.refusal;
  useCommands([{
    id: "start-training", name: { en: translator(texts, "en")("start"), es: translator(texts, "es")("start") }, keys: "Ctrl+Enter",
    inFields: true, when: () => ready, run: () => dataset && begin(dataset.id),
  }]);
  return (
    <div className="columns">
      <div className="stack">
        <section className="card stack">
          <div><Segments<Kind> label={t("kind")} value={kind} onChange={(to) => { setKind(to); setTyped({}); setParent(USUAL); }} options={[["detector", s("plate_detector")], ["recognizer", s("plate_recognizer")]]} /></div>
          <div className="grid-2">
            <SelectField label={t("dataset")} value={dataset?.id ?? ""} onChange={(event) => setChosen(Number(event.target.value))}>
              {fitting.map((version) => <option key={version.id} value={version.id}>{s(version.kind)} v{version.number}{version.note && `, ${version.note}`}</option>)}
            </SelectField>
            <Parents kind={kind} value={parent} onChange={setParent} />
          </div>
          <div className="presets" role="radiogroup" aria-label={t("preset")}>
            {presets.map((one) => (
              <button key={one} type="button" role="radio" aria-checked={one === preset} onClick={() => setPreset(one)}>
                <strong>{t(one)}</strong><span className="t2 small">{t(`${one}_body`)}</span>
              </button>
            ))}
          </div>
        </section>
        <section className="card grid-3">
          <TextField label={t("minutes")} hint={t("minutes_unit")} inputMode="numeric" placeholder={t("no_limit")} value={minutes} error={limit === undefined ? t("bad_whole", { name: t("minutes") }) : undefined} title={t("minutes_help")} onChange={(event) => setMinutes(event.target.value)} />
          <SelectField label={t("device")} value={device} onChange={(event) => setDevice(event.target.value)}>
            <option value="auto">{t("device_auto")}</option>
            <option value="cpu">CPU</option>
            {checked.data?.devices.map((one) => <option key={one.name} value={one.name}>{one.title} ({one.name})</option>)}
          </SelectField>
          <p className="t3 tiny">{t("minutes_help")}</p>
        </section>
        <Shown query={options}>{(all) => <Settings kind={kind} options={all} preset={preset} typed={typed} errors={errors} onChange={setTyped} />}</Shown>
      </div>
      <div className="stack">
        {dataset && <DataFacts version={dataset} warnings={checked.data?.warnings ?? []} />}
        {plan && <Foresight asked={plan} checked={checked.data} again={() => void checked.refetch()} />}
        <section className="card stack">
          <div><Segments<When> label={t("when")} value={when} onChange={setWhen} options={[["now", t("when_now")], ["once", t("when_once")], ["nightly", t("when_nightly")]]} /></div>
          {when !== "now" && <TextField label={t("at")} hint={t("at_unit")} type="time" required value={at} onChange={(event) => setAt(event.target.value)} />}
          {when === "nightly" && <p className="t3 small">{t("nightly_hint")}</p>}
        </section>
        {start.error && <Notice kind="bad">{sentenceOf(start.error)}</Notice>}
        {later.error && <Notice kind="bad">{sentenceOf(later.error)}</Notice>}
        <Action primary k="Ctrl+Enter" disabled={!ready} onClick={() => dataset && begin(dataset.id)}>{t(when === "now" ? "start" : "plan_it")}</Action>
        {wrong > 0 && <p className="t2 small">{t("fix", { count: wrong })}</p>}
        {!dataset && <p className="t2 small">{t("choose_data")} <Link to={`/p/${project}/datasets/new?kind=${kind}`}>{t("to_datasets")}</Link></p>}
      </div>
    </div>
  );
}

function Parents({ kind, value, onChange }: { kind: Kind; value: string; onChange: (id: string) => void }) {
  const t = useTexts(texts);
  const project = useProjectId();
  const models = useList(["models", project, kind], (cursor) => unwrap(api.GET("/api/v1/models/", { params: { query: { project, kind, cursor } } })));
  return (
    <SelectField label={t("start_from")} value={value} onChange={(event) => onChange(event.target.value)}>
      <option value={USUAL}>{t("usual_parent")}</option>
      <option value="">{t("scratch")}</option>
      {models.data?.filter((model) => model.kind === kind).map((model) => <option key={model.id} value={model.id}>{model.name}</option>)}
    </SelectField>
  );
}

function DataFacts({ version, warnings }: { version: DatasetVersion; warnings: readonly string[] }) {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const counts = countsOf(version.counts);
  const items = version.kind === "detector" ? "frames" : "plates";
  const held = { items: counts.splits.val.items + counts.splits.test.items, groups: counts.splits.val.groups + counts.splits.test.groups };
  const line = (side: { items: number; groups: number }) => `${t(items, { count: side.items })}, ${t("groups", { count: side.groups })}`;
  return (
    <section className="card stack">
      <header><h2 className="grow">{s(version.kind)} v{version.number}</h2><span className={counts.leaks ? "chip bad" : "chip ok"}>{counts.leaks ? t("leaks", { count: counts.leaks }) : `✓ ${t("no_leaks")}`}</span></header>
      <dl className="facts"><dt>{s("train")}</dt><dd>{line(counts.splits.train)}</dd><dt>{s("held")}</dt><dd>{line(held)}</dd></dl>
      {warnings.map((warning) => <Notice key={warning} kind="warn">{warning}</Notice>)}
    </section>
  );
}
