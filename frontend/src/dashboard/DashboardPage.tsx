import { Link, useNavigate } from "react-router";
import { type Counts, useActiveJobs, useCounts, useProject, useProjectId, useSession } from "../api/queries";
import { JobProgress } from "../jobs/JobProgress";
import { taskName } from "../jobs/tasks";
import { Cycles } from "../readings/Cycles";
import { useCommands } from "../shared/commands";
import { formatNumber, formatSpan } from "../shared/format";
import { Key } from "../shared/Key";
import { Shown } from "../shared/States";
import { useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { Page } from "../shell/Page";
import { Gain, Looks, People, usePeople, VideoTable } from "./Cards";
import { nextStep } from "./next";
import { texts } from "./texts";
import "./dashboard.css";

export default function DashboardPage() {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const id = useProjectId();
  const project = useProject();
  const counts = useCounts();
  const active = useActiveJobs();
  return (
    <Page title={project.data?.name ?? s("dashboard")} beside={<span className="t3 hide-narrow">{project.data?.time_zone}</span>}
      actions={<Link className="button" to={`/p/${id}/imports`}>{t("import")}</Link>}>
      <Shown query={counts}>{(data) => <><NextThing counts={data} /><Line counts={data} /></>}</Shown>
      {active.length > 0 && (
        <section className="card stack">
          <h2>{t("running")}</h2>
          {active.slice(0, 4).map((job) => <JobProgress key={job.id} job={job} name={taskName(job.task)} />)}
        </section>
      )}
      <VideoTable />
      <Cycles />
      <div className="dash-cards"><Gain /><People /><Looks /></div>
    </Page>
  );
}

function NextThing({ counts }: { counts: Counts }) {
  const t = useTexts(texts);
  const go = useNavigate();
  const id = useProjectId();
  const { next, count, to } = nextStep(counts);
  const path = `/p/${id}/${to}`;
  const action = t(`do_${next}`);
  const me = useSession().data?.user?.username;
  const pace = usePeople().data?.find((one) => one.person === me)?.median_seconds;
  const more = next === "transcribe" ? pace && t("at_your_pace", { span: formatSpan(count * pace) })
    : next === "boxes" || next === "review" ? null : t(`now_${next}_more`);
  useCommands([{ id: "next-thing", name: { en: action, es: action }, keys: "Enter", run: () => void go(path) }], "dashboard");
  const others = ([["now_boxes", "frames_open", "boxes"], ["now_transcribe", "waiting", "transcribe"], ["now_review", "reads_open", "review"]] as const)
    .filter(([, name, step]) => step !== next && (counts[name] ?? 0) > 0);
  return (
    <div className="next-thing">
      <Link className="button primary" to={path}>{action}<Key k="Enter" /></Link>
      <p><strong>{t(`now_${next}`, { count })}</strong> <span className="t2">{more}</span></p>
      <span className="grow" />
      {others.map(([text, name, step]) => <Link key={name} className="t2 strong" to={`/p/${id}/${step === "boxes" ? "frames" : step}`}>{t(text, { count: counts[name] ?? 0 })}</Link>)}
    </div>
  );
}

interface Step { name: keyof typeof texts; value: number | undefined; below: string; part?: number; foot?: string; to: string }

function Line({ counts }: { counts: Counts }) {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const id = useProjectId();
  const now = nextStep(counts).to;
  const n = (name: string) => counts[name] ?? 0;
  const left = (count: number) => (count > 0 ? s("left", { count }) : undefined);
  const share = (done: number, all: number) => (all > 0 ? done / all : undefined);
  const reviewed = counts.reads === undefined ? undefined : n("reads") - n("reads_open");
  const steps: Step[] = [
    { name: "step_videos", value: n("videos"), below: t("recordings", { count: n("videos") }), to: "videos" },
    { name: "step_frames", value: n("frames"), below: t("stills", { count: n("frames") }), to: "videos" },
    { name: "step_boxes", value: n("boxes"), below: t("frames_done", { count: n("frames") - n("frames_open") }), part: share(n("frames") - n("frames_open"), n("frames")), foot: left(n("frames_open")), to: "frames" },
    { name: "step_crops", value: n("crops"), below: t("plates", { count: n("crops") }), foot: n("crops") ? t("automatic") : undefined, to: "transcribe" },
    { name: "step_transcribed", value: n("transcribed"), below: t("of", { count: n("crops") }), part: share(n("transcribed"), n("crops")), foot: left(n("waiting")), to: "transcribe" },
    { name: "step_datasets", value: n("datasets"), below: t("versions", { count: n("datasets") }), to: "datasets" },
    { name: "step_training", value: counts.training_runs, below: t("runs", { count: n("training_runs") }), to: "training" },
    { name: "step_models", value: counts.models, below: t("trained"), to: "models" },
    { name: "step_reads", value: counts.reads, below: t("vehicles", { count: n("reads") }), to: "review" },
    { name: "step_reviewed", value: reviewed, below: t("of", { count: n("reads") }), part: share(reviewed ?? 0, n("reads")), foot: left(n("reads_open")), to: "review" },
  ];
  return (
    <ol className="line card">
      {steps.map((step) => (
        <li key={step.name} data-now={(step.to === now && step.part !== undefined && step.foot !== undefined) || undefined}>
          <Link to={`/p/${id}/${step.to}`}>
            <span className="t2 small">{t(step.name)}</span>
            <b>{step.value === undefined ? "–" : formatNumber(step.value)}</b>
            <span className="t3 small">{step.below}</span>
            <span className={step.part === undefined ? "bar quiet" : "bar"}><i style={{ width: `${(step.part ?? (step.value ? 1 : 0)) * 100}%` }} /></span>
            <span className={step.part !== undefined && step.foot ? "accent small strong" : "t3 small"}>{step.foot ?? " "}</span>
          </Link>
        </li>
      ))}
    </ol>
  );
}
