import { useRouteError } from "react-router";
import { sentenceOf } from "../api/client";
import { useTexts } from "../shared/text";
import { texts } from "../shared/texts";

/** A page that threw, or whose chunk did not come: say so, offer the way on. */
export function Crashed() {
  const t = useTexts(texts);
  const error = useRouteError();
  return (
    <main className="lonely">
      <div className="state" role="alert">
        <h2>{t("crashed_title")}</h2>
        <p className="t2">{t("crashed_body")}</p>
        <p className="t3 small mono">{sentenceOf(error)}</p>
        <div><button type="button" className="button" onClick={() => location.reload()}>{t("reload")}</button></div>
      </div>
    </main>
  );
}
