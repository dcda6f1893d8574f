import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { sentenceOf } from "../api/client";
import { logIn } from "../api/queries";
import { useTexts } from "../shared/text";
import { texts } from "../shell/texts";

/** Name and password; `done` runs once the server knows us. */
export function LoginForm({ done, again = false }: { done: () => void; again?: boolean }) {
  const t = useTexts(texts);
  const client = useQueryClient();
  const [refused, setRefused] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setRefused("");
    try {
      await logIn(String(form.get("username")), String(form.get("password")));
      await client.invalidateQueries({ queryKey: ["session"] });
      done();
    } catch (error) {
      setRefused(sentenceOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form className="stack" onSubmit={(event) => void submit(event)} data-own-keys>
      <p className="t2">{t(again ? "login_again" : "login_first")}</p>
      <div className="field">
        <label htmlFor="login-name">{t("user_name")}</label>
        <input id="login-name" name="username" autoComplete="username" autoCapitalize="none" autoFocus data-autofocus required />
      </div>
      <div className="field">
        <label htmlFor="login-password">{t("password")}</label>
        <input id="login-password" name="password" type="password" autoComplete="current-password" required />
      </div>
      {refused && <p className="bad" role="alert">{refused}</p>}
      <button type="submit" className="button primary wide" disabled={busy}>{t("log_in")}</button>
    </form>
  );
}
