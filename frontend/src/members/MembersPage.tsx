import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { sentenceOf } from "../api/client";
import { ask, useProject, useProjectId } from "../api/queries";
import type { Membership } from "../api/types";
import { More, useList } from "../shared/Pages";
import { Notice, Shown } from "../shared/States";
import { useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { SelectField, TextField } from "../shared/ui";
import { Page } from "../shell/Page";
import { texts } from "./texts";

const roles = [1, 2, 3, 4] as const;
const MANAGER = 4;

export default function MembersPage() {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const id = useProjectId();
  const project = useProject();
  const client = useQueryClient();
  const members = useList<Membership>(["members", id], "members/", { project: id });
  const change = useMutation({
    mutationFn: ([method, path, body]: [string, string, unknown?]) => ask<Membership>(method, path, { body }),
    onSettled: () => client.invalidateQueries({ queryKey: ["members"] }),
  });
  const manages = project.data?.role === MANAGER;
  const add = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const given = new FormData(form);
    change.mutate(["POST", "members/", { project: id, username: given.get("username"), role: Number(given.get("role")) }], { onSuccess: () => form.reset() });
  };
  const options = roles.map((role) => <option key={role} value={role}>{t(`role_${role}`)}</option>);
  return (
    <Page title={s("members")}>
      <section className="card">
        <Shown query={members}>
          {(rows) => (
            <table className="table">
              <thead><tr><th>{t("who")}</th><th>{t("role")}</th><th /></tr></thead>
              <tbody>
                {rows.map((one) => (
                  <tr key={one.id} style={{ height: 44 }}>
                    <td>{one.username}</td>
                    <td>
                      <select className="input" style={{ maxWidth: 280 }} aria-label={`${one.username}: ${t("role")}`} value={one.role} disabled={!manages || change.isPending}
                        onChange={(event) => change.mutate(["PATCH", `members/${one.id}/`, { role: Number(event.target.value) }])}>{options}</select>
                    </td>
                    <td className="num">
                      <button type="button" className="button small" disabled={!manages || change.isPending} onClick={() => change.mutate(["DELETE", `members/${one.id}/`])}>{s("remove")}</button>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </Shown>
        <More list={members} />
      </section>
      {change.error && <Notice kind="bad">{sentenceOf(change.error)}</Notice>}
      {manages ? (
        <form className="card stack" onSubmit={add}>
          <h2>{t("add_title")}</h2>
          <div className="grid-2 wide">
            <TextField label={t("user_name")} hint={t("user_hint")} name="username" required autoComplete="off" autoCapitalize="none" />
            <SelectField label={t("role")} name="role" defaultValue={2}>{options}</SelectField>
          </div>
          <div><button type="submit" className="button primary" disabled={change.isPending}>{s("add")}</button></div>
        </form>
      ) : project.data && <p className="t3">{t("only_managers")}</p>}
    </Page>
  );
}
