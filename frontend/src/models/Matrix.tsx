import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";
import { savePng } from "../shared/png";
import { useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { matrixOf } from "./confusions";
import type { Confusion } from "./report";
import { texts } from "./texts";

const CELL = 26;
const EDGE = 30;

/** Which characters were read as which others; the table beside it has the pictures. */
export function Matrix({ cells }: { cells: readonly Confusion[] }) {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const canvas = useRef<HTMLCanvasElement>(null);
  const scheme = useComputedColorScheme("dark");
  const { truths, reads, counts, most } = matrixOf(cells);
  const [width, height] = [EDGE + CELL * reads.length, EDGE + CELL * truths.length];
  useEffect(() => {
    const element = canvas.current;
    const pen = element?.getContext("2d");
    if (!element || !pen) return;
    const ratio = devicePixelRatio || 1;
    const css = getComputedStyle(document.documentElement);
    const color = (name: string) => css.getPropertyValue(name).trim();
    element.width = width * ratio;
    element.height = height * ratio;
    pen.scale(ratio, ratio);
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    const write = (text: string, x: number, y: number, paint: string) => {
      pen.fillStyle = color(paint);
      pen.font = "600 13px JetBrains Mono, monospace";
      pen.fillText(text || "–", x, y);
    };
    reads.forEach((read, column) => write(read, EDGE + CELL * (column + 0.5), EDGE / 2, "--t2"));
    truths.forEach((truth, row) => write(truth, EDGE / 2, EDGE + CELL * (row + 0.5), "--t2"));
    truths.forEach((truth, row) => reads.forEach((read, column) => {
      const count = counts.get(`${truth}|${read}`) ?? 0;
      const [x, y] = [EDGE + CELL * column, EDGE + CELL * row];
      pen.fillStyle = color("--s2");
      pen.fillRect(x + 1, y + 1, CELL - 2, CELL - 2);
      if (count === 0) return;
      pen.globalAlpha = 0.25 + (0.75 * count) / most;
      pen.fillStyle = color("--accent");
      pen.fillRect(x + 1, y + 1, CELL - 2, CELL - 2);
      pen.globalAlpha = 1;
      write(String(count), x + CELL / 2, y + CELL / 2, "--t1");
    }));
  });
  return (
    <div className="report-matrix stack tight">
      <div className="row"><span className="t3 small">{t("matrix_hint")}</span><span className="grow" />
        <button type="button" className="button plain small" onClick={() => canvas.current && savePng(canvas.current, t("confusions"), t("matrix_hint"))}>{s("png")}</button>
      </div>
      <div className="scroll-x"><canvas key={scheme} ref={canvas} role="img" aria-label={t("confusions")} style={{ width, height }} /></div>
    </div>
  );
}
