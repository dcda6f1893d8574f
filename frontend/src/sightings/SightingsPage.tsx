import { type FormEvent } from "react";
import { Link, useSearchParams } from "react-router";

import { api, unwrap } from "../api/client";
import { useProjectId } from "../api/queries";
import type { Schemas } from "../api/types";
import { formatDateTime, formatMoment } from "../shared/format";
import { spreadsheet } from "../shared/spreadsheet";
import { More, useList } from "../shared/Pages";
import { PlateText } from "../shared/PlateText";
import { Empty, Shown } from "../shared/States";
import { useTexts } from "../shared/text";
import { SelectField, TextField } from "../shared/ui";
import { Page } from "../shell/Page";
import { type Asked, askedOf, queryOf } from "./asked";
import { texts } from "./texts";

/** Search over the reads of all videos; the address holds what is asked. */
export default function SightingsPage() {
  const t = useTexts(texts);
  const project = useProjectId();
  const [search, setSearch] = useSearchParams();
  const asked = askedOf(search);
  const query = { project, ...queryOf(asked) };
  const found = useList(["sightings", query], (cursor) => unwrap(api.GET("/api/v1/reads/search/", { params: { query: { ...query, cursor } } })));
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = [...new FormData(event.currentTarget)].flatMap(([name, value]) => (typeof value === "string" && value !== "" ? [[name, value]] : []));
    setSearch(new URLSearchParams(given as [string, string][]));
  };
  const table = spreadsheet(`/api/v1/reads/table/?${new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)])).toString()}`);
  return (
    <Page title={t("title")}>
      <Form key={search.toString()} asked={asked} submit={submit} table={table} />
      <Shown query={found}>
        {(rows) => rows.length === 0 ? <Empty title={t("none_title")}>{t("none_body")}</Empty> : (
          <>
            <Rows rows={rows} />
            <More list={found} />
          </>
        )}
      </Shown>
    </Page>
  );
}

function Form({ asked, submit, table }: { asked: Asked; submit: (event: FormEvent<HTMLFormElement>) => void; table: string }) {
  const t = useTexts(texts);
  const project = useProjectId();
  const cameras = useList(["cameras", project], (cursor) => unwrap(api.GET("/api/v1/cameras/", { params: { query: { project, cursor } } })));
  return (
    <form className="card stack" onSubmit={submit}>
      <div className="grid-3">
        <TextField label={t("text")} hint={t("text_hint")} name="text" className="mono" maxLength={40} defaultValue={asked.text} autoFocus />
        <SelectField key={cameras.data?.length} label={t("camera")} name="camera" defaultValue={asked.camera}>
          <option value="">{t("any_camera")}</option>
          {cameras.data?.map((camera) => <option key={camera.id} value={camera.id}>{camera.name}</option>)}
        </SelectField>
        <TextField label={t("sure")} name="sure" inputMode="decimal" defaultValue={asked.sure} />
        <TextField label={t("since")} name="since" type="datetime-local" defaultValue={asked.since} />
        <TextField label={t("until")} name="until" type="datetime-local" defaultValue={asked.until} />
        <label className="row"><input type="checkbox" name="near" value="1" defaultChecked={asked.near !== ""} /> {t("near")}</label>
      </div>
      <div className="row wrap">
        <button type="submit" className="button primary">{t("find")}</button>
        <a className="button" href={table} download>{t("csv")}</a>
      </div>
    </form>
  );
}

function Rows({ rows }: { rows: readonly Schemas["Sighting"][] }) {
  const t = useTexts(texts);
  const project = useProjectId();
  return (
    <section className="card scroll-x">
      <table className="table">
        <thead><tr><th /><th>{t("text")}</th><th>{t("when")}</th><th className="hide-narrow">{t("where")}</th><th className="num hide-narrow">{t("confidence")}</th><th /></tr></thead>
        <tbody>
          {rows.map((row) => <Row key={row.read ?? -(row.passage ?? 0)} row={row} project={project} />)}
        </tbody>
      </table>
    </section>
  );
}

/** A vehicle without a read stands in the list of a review under its passage's number below zero. */
function Row({ row, project }: { row: Schemas["Sighting"]; project: number }) {
  const t = useTexts(texts);
  const id = row.read ?? -(row.passage ?? 0);
  const text = <PlateText text={row.text} size={15} />;
  const to = row.run === null ? null : `/p/${project}/review/${row.run}?read=${id}`;
  return (
    <tr data-read={id}>
      <td>{row.picture && <img src={row.picture} alt="" loading="lazy" style={{ width: 72, minWidth: 48, height: 28, objectFit: "contain" }} />}</td>
      <td>
        {to ? <Link to={to}>{text}</Link> : text}
        {row.review === "by a person" && <div className="t3 small" title={t("by_person_title")}>{t("by_person")}</div>}
      </td>
      <td>{row.seen_at ? formatDateTime(row.seen_at, { seconds: true }) : formatMoment(row.seconds)}</td>
      <td className="hide-narrow">{to ? <Link to={to}>{row.video_name}</Link> : row.video_name} <span className="t3 small">{row.camera_name}</span></td>
      <td className="num hide-narrow">{row.review ? <span className="ok">{t("reviewed")}</span> : Math.round(100 * (row.confidence ?? 0))}</td>
      <td className="num"><Link className="t2 small" to={`?${new URLSearchParams({ text: row.text, near: "1" }).toString()}`}>{t("seen_before")}</Link></td>
    </tr>
  );
}
