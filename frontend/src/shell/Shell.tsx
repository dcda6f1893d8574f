import { Drawer } from "@mantine/core";
import { createContext, type ReactNode, useContext, useMemo, useState } from "react";
import { Link, NavLink, Outlet, useMatches, useNavigate } from "react-router";
import { useLookAgain } from "../api/look-again";
import { type Counts, useActiveJobs, useCounts, useProject, useProjectId } from "../api/queries";
import { type Command, useCommands } from "../shared/commands";
import { formatNumber } from "../shared/format";
import { Icon, type IconName } from "../shared/Icon";
import { Failed } from "../shared/States";
import { translator, useTexts } from "../shared/text";
import { texts } from "../shared/texts";
import { texts as own } from "./texts";

interface Place {
  key: keyof typeof texts;
  icon: IconName;
  to: string;
  count?: (counts: Counts) => number | undefined;
}

const places: readonly Place[] = [
  { key: "dashboard", icon: "home", to: "" },
  { key: "videos", icon: "video", to: "videos", count: (c) => c.videos },
  { key: "cameras", icon: "camera", to: "cameras" },
  { key: "frames", icon: "frames", to: "grid", count: (c) => c.frames },
  { key: "boxes", icon: "boxes", to: "frames", count: (c) => c.frames_open },
  { key: "transcribe", icon: "plate", to: "transcribe", count: (c) => c.waiting },
  { key: "datasets", icon: "data", to: "datasets", count: (c) => c.datasets },
  { key: "training", icon: "curve", to: "training", count: (c) => c.training_runs },
  { key: "models", icon: "cube", to: "models", count: (c) => c.models },
  { key: "review", icon: "check", to: "review", count: (c) => c.reads_open },
];
const below: readonly Place[] = [
  { key: "imports", icon: "import", to: "imports" },
  { key: "exports", icon: "export", to: "exports" },
  { key: "jobs", icon: "list", to: "jobs" },
  { key: "members", icon: "people", to: "members" },
  { key: "settings", icon: "gear", to: "settings" },
];
const tabs: readonly Place["key"][] = ["dashboard", "transcribe", "training", "review"];

function addressOf(project: number, place: Place): string {
  return place.to ? `/p/${project}/${place.to}` : `/p/${project}`;
}

interface ShellState { openMenu: () => void }
const ShellContext = createContext<ShellState>({ openMenu: () => undefined });
export const useShell = (): ShellState => useContext(ShellContext);

/** Sidebar with counts (a rail on work screens, tabs on phones) around the project's pages. */
export function Shell() {
  const id = useProjectId();
  const project = useProject();
  const counts = useCounts();
  const [menu, setMenu] = useState(false);
  const work = useMatches().some((match) => (match.handle as { work?: boolean } | undefined)?.work);
  const shell = useMemo(() => ({ openMenu: () => setMenu(true) }), []);
  useLookAgain(id);
  useCommands(useGoCommands(id), "");
  const t = useTexts(texts);
  const own_ = useTexts(own);
  if (project.error) return <main className="lonely"><Failed error={project.error} retry={() => void project.refetch()} /><Link className="button" to="/projects">{t("projects")}</Link></main>;
  return (
    <ShellContext value={shell}>
      <a className="skip" href="#content">{own_("skip_to_content")}</a>
      <div className="shell" data-work={work || undefined}>
        <nav className="sidebar" aria-label={t("main_menu")}>
          <Places project={id} name={project.data?.name ?? ""} counts={counts.data} rail={work} />
        </nav>
        <Outlet />
        <nav className="tabs" aria-label={t("main_menu")}>
          {places.filter((place) => tabs.includes(place.key)).map((place) => (
            <NavLink key={place.key} to={addressOf(id, place)} end={place.to === ""}>
              <Icon name={place.icon} size={20} />
              {t(place.key)}
            </NavLink>
          ))}
        </nav>
      </div>
      <Drawer opened={menu} onClose={() => setMenu(false)} size={260} title="LPR Studio" closeButtonProps={{ "aria-label": t("close") }}>
        <div className="sidebar in-drawer" onClick={() => setMenu(false)}>
          <Places project={id} name={project.data?.name ?? ""} counts={counts.data} />
        </div>
      </Drawer>
    </ShellContext>
  );
}

function Places({ project, name, counts, rail = false }: { project: number; name: string; counts?: Counts; rail?: boolean }) {
  const active = useActiveJobs();
  const t = useTexts(texts);
  const own_ = useTexts(own);
  return (
    <>
      <NavLink to="/projects" className="brand" title={t("other_project")}>
        <span className="badge mono">LPR</span>
        {!rail && <span className="ellipsis strong">{name}</span>}
      </NavLink>
      {places.map((place) => {
        const count = counts && place.count?.(counts);
        return <PlaceLink key={place.key} project={project} place={place} rail={rail}>{count ? formatNumber(count) : null}</PlaceLink>;
      })}
      <span className="grow" />
      {below.map((place) => (
        <PlaceLink key={place.key} project={project} place={place} rail={rail}>
          {place.key === "jobs" && active.length > 0 && <span className="accent row" title={own_("working")}><i className="dot" /></span>}
        </PlaceLink>
      ))}
    </>
  );
}

function PlaceLink({ project, place, rail, children }: { project: number; place: Place; rail: boolean; children: ReactNode }) {
  const name = useTexts(texts)(place.key);
  return (
    <NavLink to={addressOf(project, place)} end={place.to === ""} title={rail ? name : undefined} aria-label={rail ? name : undefined}>
      <Icon name={place.icon} />
      {!rail && <span className="grow">{name}</span>}
      {!rail && <span className="count">{children}</span>}
    </NavLink>
  );
}

/** "Go to" commands for the palette, one per place. */
function useGoCommands(project: number): readonly Command[] {
  const go = useNavigate();
  return useMemo(() => {
    const [en, es] = [translator(texts, "en"), translator(texts, "es")];
    return [...places, ...below].map((place) => ({
      id: `go-${place.key}`,
      name: { en: en(place.key), es: es(place.key) },
      run: () => void go(addressOf(project, place)),
    }));
  }, [go, project]);
}
