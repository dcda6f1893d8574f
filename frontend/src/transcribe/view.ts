/** How the crop is looked at. It stays the same from crop to crop: a dark camera is dark for hours. */

export interface Look {
  readonly smooth: boolean;
  readonly inverted: boolean;
  readonly mirrored: boolean;
  /** Quarter turns, 0 to 3. */
  readonly turns: number;
  /** Steps of a fifth, 0 as it is. */
  readonly light: number;
  readonly contrast: number;
}

export const PLAIN: Look = { smooth: true, inverted: false, mirrored: false, turns: 0, light: 0, contrast: 0 };

const LIMIT = 8;

export function brighten(look: Look, what: "light" | "contrast", by: 1 | -1): Look {
  return { ...look, [what]: Math.min(Math.max(look[what] + by, -LIMIT), LIMIT) };
}

export function filterOf({ inverted, light, contrast }: Look): string {
  const factor = (steps: number): string => (1.2 ** steps).toFixed(3);
  const parts = [light !== 0 && `brightness(${factor(light)})`, contrast !== 0 && `contrast(${factor(contrast)})`, inverted && "invert(1)"];
  return parts.filter(Boolean).join(" ") || "none";
}

export function transformOf({ mirrored, turns }: Look): string {
  return [turns !== 0 && `rotate(${turns * 90}deg)`, mirrored && "scaleX(-1)"].filter(Boolean).join(" ") || "none";
}

/** Whole numbers of the screen's own pixels keep a crop's pixels square. Under twofold, where that
 * would leave much of a small screen empty, and for a crop larger than the stage it just fits. */
export function zoomFor(
  crop: { width: number; height: number },
  stage: { width: number; height: number },
  { turns, ratio = 1 }: { turns: number; ratio?: number },
): number {
  const [wide, high] = turns % 2 === 0 ? [crop.width, crop.height] : [crop.height, crop.width];
  const zoom = Math.min(stage.width / wide, stage.height / high);
  return zoom >= 2 ? Math.min(Math.floor(zoom * ratio) / ratio, 8) : Math.max(zoom, 0.05);
}
