/** Which camera a list is asked for, between the address of the page and the server. */

export const NO_CAMERA = "none";

/** A camera's number, no camera, or "" for everything. */
export function cameraOf(search: URLSearchParams): string {
  const asked = search.get("camera") ?? "";
  return asked === NO_CAMERA || /^\d{1,15}$/u.test(asked) ? asked : "";
}

/** The number to ask for, and whether what has no camera is asked for; both undefined for everything. */
export const filterOf = (asked: string): { camera?: number; none?: true } =>
  asked === NO_CAMERA ? { none: true } : asked === "" ? {} : { camera: Number(asked) };
