import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, unwrap } from "../api/client";
import type { Found, Schemas, ShownItem, TrainingRun } from "../api/types";
import { Boxed } from "../models/Boxed";
import { formatShare } from "../shared/format";
import { PlateText } from "../shared/PlateText";
import { useTexts } from "../shared/text";
import { texts } from "./texts";

type Step = Schemas["StepSamples"];

/** What the network says on the same few held pictures, getting better as it learns. */
export function Samples({ run, active }: { run: TrainingRun; active: boolean }) {
  const t = useTexts(texts);
  const [at, setAt] = useState<number | null>(null);
  const samples = useQuery({
    queryKey: ["live", "samples", run.id],
    queryFn: () => unwrap(api.GET("/api/v1/training-runs/{id}/samples/", { params: { path: { id: run.id } } })),
    refetchInterval: active ? 10_000 : false,
  });
  const { items, steps } = samples.data ?? { items: [], steps: [] };
  if (items.length === 0) return null;
  const shown = steps[Math.min(at ?? steps.length - 1, steps.length - 1)];
  if (!shown) return null;
  return (
    <section className="card stack" aria-label={t("samples")}>
      <header><h2>{t("samples")}</h2><span className="t3 small grow">{t("samples_hint")}</span>
        {steps.length > 1 && <label className="row small t2">{t("epoch")} {shown.step}
          <input type="range" min={0} max={steps.length - 1} value={steps.indexOf(shown)} aria-label={t("epoch")} onChange={(event) => setAt(Number(event.target.value))} /></label>}
      </header>
      {run.kind === "detector"
        ? <div className="grid-2 wide">{items.map((item) => <Boxed key={item.id} item={item} boxes={foundOn(shown, item)?.boxes} />)}</div>
        : <div className="samples">{items.map((item) => <Crop key={item.id} item={item} first={steps[0]} shown={shown} />)}</div>}
    </section>
  );
}

const foundOn = (step: Step | undefined, item: ShownItem): Found | undefined => step?.found.find((one) => one.item === item.id);

function Crop({ item, first, shown }: { item: ShownItem; first: Step | undefined; shown: Step }) {
  const t = useTexts(texts);
  return (
    <figure className="sample" data-item={item.id}>
      <img src={`/api/v1/media/dataset-items/${item.id}/`} alt={item.text} loading="lazy" />
      <figcaption className="stack tight">
        <span className="spread"><span className="t3 tiny">{t("truth")}</span><PlateText text={item.text} /></span>
        {first && first.step !== shown.step && <Said step={first} item={item} />}
        <Said step={shown} item={item} />
      </figcaption>
    </figure>
  );
}

function Said({ step, item }: { step: Step; item: ShownItem }) {
  const t = useTexts(texts);
  const found = foundOn(step, item);
  if (!found) return null;
  const right = found.text === item.text;
  return (
    <span className="spread">
      <span className="t3 tiny">{t("epoch_at", { step: step.step })}</span>
      <span className="row"><PlateText text={found.text ?? ""} /><span className={right ? "ok small" : "bad small"}>{right ? "✓" : "✗"} {formatShare(found.confidence, 0)}</span></span>
    </span>
  );
}
