import { useNavigate, useSearchParams } from "react-router";
import { useTexts } from "../shared/text";
import { texts } from "../shell/texts";
import { LoginForm } from "./LoginForm";
import "./login.css";

export default function LoginPage() {
  const go = useNavigate();
  const [search] = useSearchParams();
  const next = search.get("next") ?? "/projects";
  const t = useTexts(texts);
  return (
    <main className="login">
      <div className="card">
        <h1 className="row"><span className="badge mono">LPR</span> {t("login_title")}</h1>
        <LoginForm done={() => void go(/^\/(?!\/)/.test(next) ? next : "/projects", { replace: true })} />
      </div>
    </main>
  );
}
