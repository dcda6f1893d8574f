import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "../api/client";

import type { InferenceRun } from "../api/types";
import { formatNumber } from "../shared/format";

/** Reads and reviewed reads of one reading; its score comes with the single row only. */
export function Score({ run }: { run: InferenceRun }) {
  const one = useQuery({ queryKey: ["live", "inference-runs", "one", run.id], queryFn: () => unwrap(api.GET("/api/v1/inference-runs/{id}/", { params: { path: { id: run.id } } })) });
  const { reads, open } = one.data?.score ?? {};
  if (reads === undefined) return <><td className="num">–</td><td className="num">–</td></>;
  return <><td className="num">{formatNumber(reads)}</td><td className="num">{formatNumber(reads - (open ?? 0))}</td></>;
}
