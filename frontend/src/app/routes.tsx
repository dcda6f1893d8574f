import { createBrowserRouter, createMemoryRouter, Navigate, Outlet, type RouteObject } from "react-router";
import { ApiError } from "../api/client";
import { Failed } from "../shared/States";
import { Overlays } from "../shell/Overlays";
import { Shell } from "../shell/Shell";
import { Crashed } from "./Crashed";
import { Framed } from "./Framed";

/** A page in its own chunk. */
function page(load: () => Promise<{ default: React.ComponentType }>) {
  return async () => ({ Component: (await load()).default });
}


const work = { handle: { work: true } };

const projectPages: RouteObject[] = [
  { index: true, lazy: page(() => import("../dashboard/DashboardPage")) },
  { path: "videos", lazy: page(() => import("../videos/VideosPage")) },
  { path: "videos/:video", lazy: page(() => import("../videos/VideoPage")) },
  { path: "cameras", lazy: page(() => import("../cameras/CamerasPage")) },
  { path: "cameras/:camera", lazy: page(() => import("../cameras/CameraPage")) },
  { path: "imports", lazy: page(() => import("../imports/ImportsPage")) },
  { path: "imports/:batch", lazy: page(() => import("../imports/ImportPage")) },
  { path: "exports", lazy: page(() => import("../exports/ExportsPage")) },
  { path: "datasets", lazy: page(() => import("../datasets/DatasetsPage")) },
  { path: "datasets/new", lazy: page(() => import("../datasets/NewDatasetPage")) },
  { path: "datasets/compare", lazy: page(() => import("../datasets/ComparePage")) },
  { path: "datasets/:version", lazy: page(() => import("../datasets/DatasetPage")) },
  { path: "training", lazy: page(() => import("../training/TrainingPage")) },
  { path: "training/new", lazy: page(() => import("../training/StartPage")) },
  { path: "training/:run", lazy: page(() => import("../training/RunPage")) },
  { path: "models", lazy: page(() => import("../models/ModelsPage")) },
  { path: "models/compare", lazy: page(() => import("../models/ComparePage")) },
  { path: "models/:model", lazy: page(() => import("../models/ModelPage")) },
  { path: "review", lazy: page(() => import("../readings/ReadingsPage")) },
  { path: "review/compare/:first/:second", lazy: page(() => import("../comparison/ComparisonPage")) },
  { path: "reads", lazy: page(() => import("../sightings/SightingsPage")) },
  { path: "review/:run", lazy: page(() => import("../review/ReviewPage")), ...work },
  { path: "jobs", lazy: page(() => import("../jobs/JobsPage")) },
  { path: "members", lazy: page(() => import("../members/MembersPage")) },
  { path: "settings", lazy: page(() => import("../settings/SettingsPage")) },
  { path: "grid", lazy: page(() => import("../frames/FramesPage")), ...work },
  { path: "frames/:frame?", lazy: page(() => import("../boxes/BoxesPage")), ...work },
  { path: "transcribe", lazy: page(() => import("../transcribe/TranscribePage")), ...work },
];

const site: RouteObject[] = [
  {
    element: <><Outlet /><Overlays /></>,
    errorElement: <Crashed />,
    // Nothing is shown while the first page's chunk comes: no spinner under 300 ms.
    hydrateFallbackElement: <></>,
    children: [
      { path: "/", element: <Navigate to="/projects" replace /> },
      { path: "/login", lazy: page(() => import("../login/LoginPage")) },
      { path: "/projects", lazy: page(() => import("../projects/ProjectsPage")) },
      { path: "/p/:project", element: <Shell />, children: projectPages.map((one) => ({ errorElement: <Crashed />, ...one })) },
      { path: "*", element: <main className="lonely"><Failed error={new ApiError(404, "not_found", "")} /></main> },
    ],
  },
];

/** The project's pages alone: the admin has its own frame around them, and its own address. */
const framed: RouteObject[] = [
  {
    path: "/p/:project",
    element: <Framed />,
    errorElement: <Crashed />,
    hydrateFallbackElement: <></>,
    children: projectPages.map((one) => ({ errorElement: <Crashed />, ...one })),
  },
];

const { page: wanted, project: its } = document.getElementById("root")?.dataset ?? {};
export const router = wanted && its
  ? createMemoryRouter(framed, { initialEntries: [`/p/${its}/${wanted}`] })
  : createBrowserRouter(site);
