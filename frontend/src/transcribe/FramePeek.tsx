import { useState } from "react";

import { useTexts } from "../shared/text";
import type { Crop } from "./session";
import { texts } from "./texts";

/** The frame around the plate, over the panel, with the plate marked. */
export function FramePeek({ crop }: { crop: Crop }) {
  const t = useTexts(texts);
  const [size, setSize] = useState<{ width: number; height: number } | null>(null);
  if (crop.framePicture === null) return null;
  return (
    <figure className="frame-peek">
      <img src={crop.framePicture} alt={t("frame_picture")}
        onLoad={({ currentTarget }) => setSize({ width: currentTarget.naturalWidth, height: currentTarget.naturalHeight })} />
      {size && crop.box && (
        <svg viewBox={`0 0 ${size.width} ${size.height}`} aria-hidden="true">
          <rect x={crop.box[0]} y={crop.box[1]} width={crop.box[2] - crop.box[0]} height={crop.box[3] - crop.box[1]} />
        </svg>
      )}
    </figure>
  );
}
