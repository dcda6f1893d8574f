import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, sentenceOf, unwrap } from "../api/client";
import type { Camera } from "../api/types";
import { Notice } from "../shared/States";
import { useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { TextField } from "../shared/ui";
import { SourceOf } from "./CamerasPage";
import { texts } from "./texts";

const CODECS: Readonly<Record<string, string>> = { h264: "H.264", hevc: "H.265" };

/** Where a camera is: given once, tried with a picture, shown to nobody. */
export function Connection({ camera }: { camera: Camera }) {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const client = useQueryClient();
  const [address, setAddress] = useState("");
  const known = camera.source_host !== "";
  const look = useMutation({ mutationFn: () => unwrap(api.POST("/api/v1/cameras/{id}/try/", { params: { path: { id: camera.id } }, body: address.trim() ? { address: address.trim() } : {} })) });
  const keep = useMutation({
    mutationFn: (given: string) => unwrap(api.PATCH("/api/v1/cameras/{id}/", { params: { path: { id: camera.id } }, body: { address: given } })),
    onMutate: () => look.reset(),
    onSuccess: () => setAddress(""),
    onSettled: () => client.invalidateQueries({ queryKey: ["cameras"] }),
  });
  const error = look.error ?? keep.error;
  return (
    <form className="card stack" onSubmit={(event) => { event.preventDefault(); keep.mutate(address.trim()); }}>
      <div className="spread"><h2>{t("connection")}</h2><SourceOf camera={camera} /></div>
      <TextField label={t(known ? "address_new" : "address")} className="mono" autoComplete="off" spellCheck={false} maxLength={2000} placeholder="rtsp://name:password@192.168.1.20/stream"
        value={address} onChange={(event) => { setAddress(event.target.value); look.reset(); keep.reset(); }} />
      <p className="t3 small">{t("address_hint")}</p>
      {error && <Notice kind="bad">{sentenceOf(error)}</Notice>}
      {look.data && (
        <figure className="stack tight">
          <img src={look.data.picture} alt={t("picture_of")} className="thumb" />
          <figcaption className="t2 small">{t("sends", { width: String(look.data.width), height: String(look.data.height), codec: CODECS[look.data.codec] ?? look.data.codec })}</figcaption>
        </figure>
      )}
      <div className="row wrap">
        <button type="button" className="button" disabled={look.isPending || (!known && address.trim() === "")} onClick={() => look.mutate()}>{t(look.isPending ? "trying" : "try")}</button>
        <button type="submit" className="button" disabled={keep.isPending || address.trim() === ""}>{s("save")}</button>
        {known && address === "" && <button type="button" className="button plain" disabled={keep.isPending} onClick={() => keep.mutate("")}>{t("take_away")}</button>}
        {keep.isSuccess && address === "" && known && <span className="ok" role="status">{t("saved")}</span>}
      </div>
    </form>
  );
}
