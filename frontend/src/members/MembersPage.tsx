import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, sentenceOf, unwrap } from "../api/client";
import { useProject, useProjectId } from "../api/queries";
import type { Membership, Schemas } from "../api/types";
import { More, useList } from "../shared/Pages";
import { Notice, Shown } from "../shared/States";
import { useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { SelectField, TextField } from "../shared/ui";
import { Page } from "../shell/Page";
import { texts } from "./texts";

type Role = NonNullable<Membership["role"]>;
const roles = [1, 2, 3, 4] as const satisfies readonly Role[];
const MANAGER = 4;

export default function MembersPage() {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const id = useProjectId();
  const project = useProject();
  const client = useQueryClient();
  const members = useList(["members", id], (cursor) => unwrap(api.GET("/api/v1/members/", { params: { query: { project: id, cursor } } })));
  const [refused, setRefused] = useState<unknown>(null);
  const always = {
    onMutate: () => setRefused(null),
    onError: setRefused,
    onSettled: () => client.invalidateQueries({ queryKey: ["members"] }),
  };
  const join = useMutation({ mutationFn: (body: Schemas["MembershipRequest"]) => unwrap(api.POST("/api/v1/members/", { body })), ...always });
  const change = useMutation({
    mutationFn: ({ id, role }: { id: number; role: Role }) => unwrap(api.PATCH("/api/v1/members/{id}/", { params: { path: { id } }, body: { role } })), ...always,
  });
  const remove = useMutation({ mutationFn: (id: number) => unwrap(api.DELETE("/api/v1/members/{id}/", { params: { path: { id } } })), ...always });
  const manages = project.data?.role === MANAGER;
  const add = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const given = new FormData(form);
    join.mutate({ project: id, username: String(given.get("username")), role: Number(given.get("role")) as Role }, { onSuccess: () => form.reset() });
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
                        onChange={(event) => change.mutate({ id: one.id, role: Number(event.target.value) as Role })}>{options}</select>
                    </td>
                    <td className="num">
                      <button type="button" className="button small" disabled={!manages || remove.isPending} onClick={() => remove.mutate(one.id)}>{s("remove")}</button>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </Shown>
        <More list={members} />
      </section>
      {refused !== null && <Notice kind="bad">{sentenceOf(refused)}</Notice>}
      {manages ? (
        <form className="card stack" onSubmit={add}>
          <h2>{t("add_title")}</h2>
          <div className="grid-2 wide">
            <TextField label={t("user_name")} hint={t("user_hint")} name="username" required autoComplete="off" autoCapitalize="none" />
            <SelectField label={t("role")} name="role" defaultValue={2}>{options}</SelectField>
          </div>
          <div><button type="submit" className="button primary" disabled={join.isPending}>{s("add")}</button></div>
        </form>
      ) : project.data && <p className="t3">{t("only_managers")}</p>}
    </Page>
  );
}
