import { type ReactNode, useEffect, useState } from "react";
import { ApiError, sentenceOf } from "../api/client";
import { Icon } from "./Icon";
import { useTexts } from "./text";
import { texts } from "./texts";

/** Nothing here yet: the next action in words and as a button. */
export function Empty({ title, children, actions }: { title: string; children?: ReactNode; actions?: ReactNode }) {
  return (
    <div className="state">
      <h2>{title}</h2>
      {children && <p className="t2">{children}</p>}
      {actions && <div className="row wrap">{actions}</div>}
    </div>
  );
}

/** What went wrong, in the server's sentence, and the way on. */
export function Failed({ error, retry, title }: { error: unknown; retry?: () => void; title?: string }) {
  const t = useTexts(texts);
  const missing = error instanceof ApiError && error.status === 404;
  return (
    <div className="state" role="alert">
      <h2 className="row">
        <span className="bad row"><Icon name="warning" /></span>
        {title ?? t(missing ? "not_found_title" : "failed_title")}
      </h2>
      <p className="t2">{missing ? t("not_found_body") : sentenceOf(error)}</p>
      {retry && !missing && <div><button type="button" className="button" onClick={retry}>{t("try_again")}</button></div>}
    </div>
  );
}

/** The page's shape while it loads; nothing at all for the first 300 ms. */
export function Loading({ lines = 4 }: { lines?: number }) {
  const t = useTexts(texts);
  const shown = useAfter(300);
  if (!shown) return null;
  return (
    <div className="stack" role="status" aria-label={t("loading")}>
      <div className="skeleton" style={{ height: 16, width: "60%" }} />
      {Array.from({ length: lines }, (_, line) => (
        <div key={line} className="skeleton" style={{ height: 12, width: `${95 - ((line * 17) % 40)}%` }} />
      ))}
    </div>
  );
}

function useAfter(milliseconds: number): boolean {
  const [passed, setPassed] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setPassed(true), milliseconds);
    return () => clearTimeout(timer);
  }, [milliseconds]);
  return passed;
}

interface Asked<T> { data: T | undefined; error: unknown; isPending: boolean; refetch: () => unknown }

/** One place for the three states of a query; children get the data. */
export function Shown<T>({ query, children }: { query: Asked<T>; children: (data: T) => ReactNode }) {
  if (query.data !== undefined) return children(query.data);
  if (query.error) return <Failed error={query.error} retry={() => void query.refetch()} />;
  return <Loading />;
}

export function Notice({ kind, children }: { kind: "warn" | "bad" | "ok"; children: ReactNode }) {
  return (
    <div className={`notice ${kind}`} role={kind === "bad" ? "alert" : "status"}>
      <Icon name={kind === "ok" ? "check" : "warning"} />
      <div className="grow">{children}</div>
    </div>
  );
}
