import type { InferenceRun } from "../api/types";
import { formatNumber } from "../shared/format";

/** Reads, reviewed reads and what review said of one reading, as cells of its row. */
export function Score({ run }: { run: InferenceRun }) {
  const { reads = 0, open = 0, right = 0, missed = 0, false: false_ = 0 } = run.score;
  const judged = reads - open;
  return (
    <>
      <td className="num">{formatNumber(reads)}</td>
      <td className="num">{formatNumber(judged)}</td>
      <td className="num hide-narrow">{judged === 0 ? "–" : `${formatNumber(Math.round((1000 * right) / judged) / 10)} %`}</td>
      <td className="num hide-narrow">{formatNumber(missed)}</td>
      <td className="num hide-narrow">{formatNumber(false_)}</td>
    </>
  );
}
