import { useQuery } from "@tanstack/react-query";
import { useSearchParams } from "react-router";

import { api, unwrap } from "../api/client";
import { SelectField, TextField } from "../shared/ui";
import { useTexts } from "../shared/text";
import { texts } from "./texts";
import { KINDS, type Wanted, type WantedName, kindOf, ordersFor } from "./wanted";
import { people } from "./wire";

/** Which plates come, and in which order. */
export function Wishes({ project, wanted, disagreements, reviewer }: { project: number; wanted: Wanted; disagreements: number; reviewer: boolean }) {
  const t = useTexts(texts);
  const [, setParams] = useSearchParams();
  const videos = useQuery({
    queryKey: ["videos", project, "names"],
    queryFn: () => unwrap(api.GET("/api/v1/videos/", { params: { query: { project, limit: 1000 } } })),
  });
  const readers = useQuery({ queryKey: ["members", project, "names"], queryFn: () => people(project) });
  const kind = kindOf(wanted);
  const set = (name: WantedName, value: string): void => setParams((was) => {
    const next = new URLSearchParams(was);
    if (value === "") next.delete(name);
    else next.set(name, value);
    if (name === "kind") next.delete("order");
    return next;
  }, { replace: true });
  const typed = (name: WantedName) => ({
    defaultValue: wanted[name] ?? "",
    onBlur: (event: React.FocusEvent<HTMLInputElement>) => set(name, event.target.value),
    onKeyDown: (event: React.KeyboardEvent<HTMLInputElement>) => { if (event.key === "Enter") set(name, event.currentTarget.value); },
  });
  const choice = (name: WantedName) => ({ value: wanted[name] ?? "", onChange: (event: React.ChangeEvent<HTMLSelectElement>) => set(name, event.target.value) });
  const kinds = KINDS.filter((one) => one !== "disagreements" || reviewer);
  return (
    <details className="wishes" data-own-keys open={Object.keys(wanted).length > 0}>
      <summary>{t("which")}</summary>
      <div className="stack">
        <SelectField label={t("kind")} value={kind} onChange={(event) => set("kind", event.target.value)}>
          {kinds.map((one) => <option key={one} value={one}>{one === "disagreements" ? t("kind_disagreements", { count: disagreements }) : t(`kind_${one}`)}</option>)}
        </SelectField>
        <SelectField label={t("order")} {...choice("order")}>
          {ordersFor(kind).map((one) => <option key={one} value={one === "added" ? "" : one}>{t(`order_${one}`)}</option>)}
        </SelectField>
        <SelectField label={t("video")} {...choice("video")}>
          <option value="">{t("any")}</option>
          {(videos.data?.results ?? []).map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}
        </SelectField>
        <TextField label={t("text_like")} hint="PB?12*" maxLength={32} {...typed("text")} />
        <TextField label={t("min_height")} inputMode="numeric" {...typed("min_height")} />
        <TextField label={t("max_height")} inputMode="numeric" {...typed("max_height")} />
        <TextField label={t("min_sharpness")} inputMode="numeric" {...typed("min_sharpness")} />
        {kind === "read" && (
          <>
            <SelectField label={t("read_by")} {...choice("by")}>
              <option value="">{t("any")}</option>
              {(readers.data ?? []).map((one) => <option key={one.id} value={one.username}>{one.username}</option>)}
            </SelectField>
            <TextField label={t("since")} type="date" {...typed("since")} />
            <TextField label={t("until")} type="date" {...typed("until")} />
          </>
        )}
      </div>
    </details>
  );
}
