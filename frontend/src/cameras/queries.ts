/** What the pages of cameras ask. Keys with "live" are asked again when the socket says so. */
import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "../api/client";
import { useProjectId } from "../api/queries";
import { useList } from "../shared/Pages";
import { newestRuns } from "./state";

export function useCameras() {
  const project = useProjectId();
  return useList(["cameras", project], (cursor) => unwrap(api.GET("/api/v1/cameras/", { params: { query: { project, cursor } } })));
}

/** Of each camera of the project its newest recording. */
export function useCameraRuns() {
  const project = useProjectId();
  return useQuery({
    queryKey: ["live", "camera-runs", project],
    queryFn: async () => newestRuns((await unwrap(api.GET("/api/v1/camera-runs/", { params: { query: { project, limit: 200 } } }))).results),
    refetchInterval: 15_000,
  });
}

/** What is read of a camera, the newest first. */
export function useCameraReads(camera: number) {
  return useList(["live", "camera-reads", camera], (cursor) => unwrap(api.GET("/api/v1/cameras/{id}/reads/", { params: { path: { id: camera }, query: { cursor } } })));
}
