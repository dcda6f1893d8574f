import { Modal } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, sentenceOf, unwrap } from "../api/client";
import { useProject } from "../api/queries";
import { Notice } from "../shared/States";
import { useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { TextField } from "../shared/ui";
import { texts } from "./texts";

const MANAGER = 4;

interface Named { id: number; name: string }

export const useManages = () => useProject().data?.role === MANAGER;

function useOrder(send: (why: string) => Promise<unknown>, close: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: send,
    onSuccess: async () => {
      close();
      await client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === "models" || queryKey[0] === "stats" });
    },
  });
}

/** Makes a model current, after asking why: the answer stands in the history. */
export function PromoteButton({ model, primary = false, children }: { model: Named; primary?: boolean; children: string }) {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const manages = useManages();
  const [asking, setAsking] = useState(false);
  const [why, setWhy] = useState("");
  const close = () => setAsking(false);
  const promote = useOrder((reason) => unwrap(api.POST("/api/v1/models/{id}/promote/", { params: { path: { id: model.id } }, body: { why: reason } })), close);
  return (
    <>
      <button type="button" className={primary ? "button primary" : "button small"} disabled={!manages} title={manages ? undefined : t("only_managers")} onClick={() => setAsking(true)}>{children}</button>
      <Modal opened={asking} onClose={close} title={t("promote_title", { name: model.name })} size={440} centered>
        <form className="stack" onSubmit={(event) => { event.preventDefault(); promote.mutate(why.trim()); }}>
          <p className="t2">{t("promote_hint")}</p>
          <TextField label={t("why")} hint={s("optional")} maxLength={200} data-autofocus value={why} onChange={(event) => setWhy(event.target.value)} />
          {promote.error && <Notice kind="bad">{sentenceOf(promote.error)}</Notice>}
          <div className="row"><button type="submit" className="button primary" disabled={promote.isPending}>{t("promote")}</button><button type="button" className="button" onClick={close}>{s("cancel")}</button></div>
        </form>
      </Modal>
    </>
  );
}

/** Deletes a model's files after one more question; its record stays. */
export function RetireButton({ model }: { model: Named }) {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const [asking, setAsking] = useState(false);
  const close = () => setAsking(false);
  const retire = useOrder(() => unwrap(api.POST("/api/v1/models/{id}/retire/", { params: { path: { id: model.id } } })), close);
  return (
    <>
      <button type="button" className="button danger" onClick={() => setAsking(true)}>{t("retire")}</button>
      <Modal opened={asking} onClose={close} title={t("retire_title", { name: model.name })} size={440} centered>
        <div className="stack">
          <p className="t2">{t("retire_body")}</p>
          {retire.error && <Notice kind="bad">{sentenceOf(retire.error)}</Notice>}
          <div className="row"><button type="button" className="button danger" disabled={retire.isPending} onClick={() => retire.mutate("")}>{t("retire")}</button><button type="button" className="button" onClick={close}>{s("cancel")}</button></div>
        </div>
      </Modal>
    </>
  );
}
