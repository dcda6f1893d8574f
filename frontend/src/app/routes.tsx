import { createBrowserRouter, Navigate, Outlet, type RouteObject } from "react-router";
import { Failed } from "../shared/States";
import { Overlays } from "../shell/Overlays";
import { Shell } from "../shell/Shell";
import { Crashed } from "./Crashed";

/** A page in its own chunk. */
function page(load: () => Promise<{ default: React.ComponentType }>) {
  return async () => ({ Component: (await load()).default });
}


const projectPages: RouteObject[] = [
];

export const router = createBrowserRouter([
  {
    element: <><Outlet /><Overlays /></>,
    errorElement: <Crashed />,
    children: [
      { path: "/", element: <Navigate to="/projects" replace /> },
      { path: "/login", lazy: page(() => import("../login/LoginPage")) },
      { path: "/p/:project", element: <Shell />, children: projectPages.map((one) => ({ errorElement: <Crashed />, ...one })) },
      { path: "*", element: <main className="lonely"><Failed error={null} /></main> },
    ],
  },
]);
