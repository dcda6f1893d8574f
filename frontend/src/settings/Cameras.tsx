import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, sentenceOf, unwrap } from "../api/client";
import { useProjectId } from "../api/queries";
import type { Schemas } from "../api/types";
import { formatNumber } from "../shared/format";
import { useList } from "../shared/Pages";
import { Notice, Shown } from "../shared/States";
import { useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { TextField } from "../shared/ui";
import { texts } from "./texts";

export function useCameras() {
  const project = useProjectId();
  return useList(["cameras", project], (cursor) => unwrap(api.GET("/api/v1/cameras/", { params: { query: { project, cursor } } })));
}

/** The cameras that the videos come from, and how far each one's clock is off. */
export function Cameras({ manages }: { manages: boolean }) {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const project = useProjectId();
  const client = useQueryClient();
  const cameras = useCameras();
  const [refused, setRefused] = useState<unknown>(null);
  const always = {
    onMutate: () => setRefused(null),
    onError: setRefused,
    onSettled: () => client.invalidateQueries({ queryKey: ["cameras"] }),
  };
  const make = useMutation({ mutationFn: (body: Schemas["CameraRequest"]) => unwrap(api.POST("/api/v1/cameras/", { body })), ...always });
  const remove = useMutation({ mutationFn: (id: number) => unwrap(api.DELETE("/api/v1/cameras/{id}/", { params: { path: { id } } })), ...always });
  const add = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const given = new FormData(form);
    const offset = Number(String(given.get("offset") || "0").replace(",", "."));
    make.mutate({ project, name: String(given.get("name")), clock_offset: offset }, { onSuccess: () => form.reset() });
  };
  return (
    <section className="card stack">
      <header className="stack tight"><h2>{t("cameras")}</h2><p className="t3 small">{t("cameras_hint")}</p></header>
      <Shown query={cameras}>
        {(rows) => rows.length > 0 && (
          <table className="table">
            <thead><tr><th>{s("name")}</th><th className="num">{t("clock_offset")}</th><th /></tr></thead>
            <tbody>
              {rows.map((camera) => (
                <tr key={camera.id}>
                  <td>{camera.name}</td><td className="num">{formatNumber(camera.clock_offset ?? 0)} s</td>
                  <td className="num">{manages && <button type="button" className="button small" disabled={remove.isPending} onClick={() => remove.mutate(camera.id)}>{s("remove")}</button>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Shown>
      {refused !== null && <Notice kind="bad">{sentenceOf(refused)}</Notice>}
      {manages && (
        <form className="stack" onSubmit={add}>
          <div className="grid-2 wide">
            <TextField label={s("name")} name="name" required maxLength={120} />
            <TextField label={t("clock_offset")} hint={t("clock_hint")} name="offset" inputMode="decimal" pattern="-?[0-9]+([.,][0-9]+)?" placeholder="0" />
          </div>
          <div><button type="submit" className="button" disabled={make.isPending}>{t("add_camera")}</button></div>
        </form>
      )}
    </section>
  );
}
