import { memo } from "react";

import type { Saving } from "../saving/useSaving";
import { Icon } from "../shared/Icon";
import { Key } from "../shared/Key";
import { PlateText } from "../shared/PlateText";
import { useTexts } from "../shared/text";
import { BoxHistory } from "./BoxHistory";
import { type EditorBox, isSmall, preview, selectedBoxes, waiting } from "./editor";
import { height, width } from "./geometry";
import { colourOf } from "./labels";
import { type Line, isPlate, listed } from "./links";
import { texts } from "./texts";
import type { EditorHandle } from "./useEditor";
import { COARSE } from "./pointers";
import type { Proposals } from "./useProposals";
import type { FrameStatus } from "./wire";

interface Props {
  readonly handle: EditorHandle;
  readonly saving: Saving;
  readonly proposals: Proposals;
  readonly status: FrameStatus;
  /** What the buttons do; see the table of commands. */
  readonly does: Readonly<Record<"done" | "nothingHere" | "copyToNext" | "interpolate" | "write" | "link" | "history" | "nextNeeds", () => void>>;
  readonly historyShown: boolean;
}

/** The frame's boxes with plates under their car, the selected one, and what can be done. */
export function BoxPanel({ handle, saving, proposals, status, does, historyShown }: Props) {
  const t = useTexts(texts);
  const { editor, act } = handle;
  const shown = preview(editor);
  const chosen = selectedBoxes({ ...editor, boxes: shown });
  const lines = listed(shown);
  return (
    <aside className="panel box-panel">
      <section className="panel-part">
        <h2 className="panel-title spread"><span>{t("boxes_here")}</span><Key k="Tab" /></h2>
        {shown.length === 0 && <p className="t3">{t(COARSE ? "no_boxes_touch" : "no_boxes")}</p>}
      </section>
      <ul className="box-list">
        {lines.map(({ box, inside, number }) => (
          <Row key={box.key} box={box} inside={inside} number={number} chosen={editor.selected.includes(box.key)} colour={colourOf(box.label, editor.labels)} act={act} />
        ))}
      </ul>
      <Offers editor={editor} act={act} proposals={proposals} />
      {chosen.length > 1 && (
        <section className="panel-part spread t2">
          {t("many_selected", { count: chosen.length })}
          {chosen.some(isPlate) && <button type="button" className="button small" onClick={does.link}>{t("link")} <Key k="L" /></button>}
        </section>
      )}
      {chosen.length === 1 && chosen[0] && (
        <Chosen box={chosen[0]} lines={lines} does={does}>
          {historyShown && <BoxHistory box={chosen[0].key} saving={saving} />}
        </Chosen>
      )}
      <section className="panel-part">
        <h2 className="panel-title spread"><span>{t("this_frame")}</span><span className="row"><i className="dot" data-status={status} />{t(status)}</span></h2>
        <div className="row wrap">
          <button type="button" className="button small" onClick={does.copyToNext}>{t("copy_next")} <Key k="C" /></button>
          <button type="button" className="button small" title={t("interpolate_name")} onClick={does.interpolate}>{t("interpolate")} <Key k="I" /></button>
          <button type="button" className="button small" onClick={does.nothingHere}>{t("mark_nothing")} <Key k="E" /></button>
          <button type="button" className="button small" onClick={() => act({ do: "undo" })}>{t("undo")} <Key k="Ctrl+Z" /></button>
          {editor.future.length > 0 && <button type="button" className="button small" onClick={() => act({ do: "redo" })}>{t("redo")} <Key k="Ctrl+Y" /></button>}
          <button type="button" className="button small" title={t("next_needs")} onClick={does.nextNeeds}>{t("skip")} <Key k="U" /></button>
          {chosen.length > 0 && <button type="button" className="button small" onClick={() => act({ do: "delete" })}>{t("delete")} <Key k="Delete" /></button>}
        </div>
      </section>
      <div className="box-done"><button type="button" className="button primary wide" onClick={does.done}>{t("done_next")} <Key k="Enter" /></button></div>
    </aside>
  );
}

/** What a detector proposes: a row accepts, its cross rejects; or what became of the detector. */
function Offers({ editor, act, proposals }: Pick<EditorHandle, "editor" | "act"> & Pick<Props, "proposals">) {
  const t = useTexts(texts);
  const offers = waiting(editor);
  if (proposals.state !== "none" && editor.boxes.length > 0) return null;
  if (proposals.state === "looking") return <p className="panel-part t3" role="status">{t("looking")}</p>;
  if (proposals.state === "failed") return <p className="panel-part warn" role="status">{t("look_failed", { error: proposals.error })}</p>;
  if (proposals.state === "unanswered") return <p className="panel-part warn" role="status">{t("look_unanswered")}</p>;
  if (offers.length === 0) return null;
  return (
    <section className="panel-part">
      <h2 className="panel-title spread">
        <span>{t("suggested")}</span>
        <button type="button" className="button small" aria-label={t("accept_all")} onClick={() => act({ do: "accept all", key: crypto.randomUUID() })}>{t("all")} <Key k="Shift+A" /></button>
      </h2>
      <ul className="box-offers">
        {offers.map((one, at) => (
          <li key={one.id}>
            <button type="button" className="box-offer" title={t("accept")} onClick={() => act({ do: "accept", id: one.id, key: crypto.randomUUID() })}>
              <i className="swatch" style={{ color: colourOf(one.label, editor.labels) }} />
              <span>{one.label}</span>
              <span className="t3 grow num">{Math.round(one.confidence * 100)} %</span>
              {at === 0 && <Key k="A" />}
            </button>
            <button type="button" className="button small" aria-label={t("reject")} title={t("reject")} onClick={() => act({ do: "reject", id: one.id })}>
              × {at === 0 && <Key k="X" />}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

interface RowProps {
  readonly box: EditorBox;
  readonly inside: boolean;
  readonly number: number;
  readonly chosen: boolean;
  readonly colour: string;
  readonly act: EditorHandle["act"];
}

/** Only the row of the box in hand is drawn again while it is dragged. */
const Row = memo(function Row({ box, inside, number, chosen, colour, act }: RowProps) {
  return (
    <li>
      <button type="button" className="box-row" data-inside={inside || undefined} aria-pressed={chosen}
        onClick={(event) => act({ do: "select", key: box.key, add: event.shiftKey })}>
        <i className="swatch" style={{ color: colour }} />
        <span>{box.label} {number > 0 && number}</span>
        {box.text !== "" && <PlateText text={box.text} />}
        {isSmall(box) && <Small />}
        <span className="t3 grow num">{Math.round(width(box))} × {Math.round(height(box))}</span>
      </button>
    </li>
  );
});

function Small() {
  const t = useTexts(texts);
  return <span className="warn" role="img" title={t("small")} aria-label={t("small")}><Icon name="warning" size={13} /></span>;
}

interface ChosenProps {
  readonly box: EditorBox;
  readonly lines: readonly Line[];
  readonly does: Props["does"];
  readonly children: React.ReactNode;
}

function Chosen({ box, lines, does, children }: ChosenProps) {
  const t = useTexts(texts);
  const source = isSource(box.source) ? t(box.source) : box.source;
  const car = lines.find((line) => line.box.key === box.car);
  return (
    <section className="panel-part">
      <h2 className="panel-title spread">
        <span>{t("selected", { label: box.label })}</span>
        <button type="button" className="button small" onClick={does.history}>{t("history")} <Key k="Y" /></button>
      </h2>
      <dl className="facts">
        {isPlate(box) && (
          <>
            <dt>{t("text")}</dt>
            <dd>
              <button type="button" className="button plain small" onClick={does.write}>
                {box.text !== "" ? <PlateText text={box.text} size={15} /> : t(box.status === "unreadable" ? "unreadable" : "not_read")} <Key k="T" />
              </button>
            </dd>
            <dt>{t("belongs_to")}</dt>
            <dd>
              <button type="button" className="button plain small" title={t("link")} onClick={does.link}>
                {car ? `${car.box.label} ${car.number}` : t("no_car")} <Key k="L" />
              </button>
            </dd>
          </>
        )}
        <dt>{t("position")}</dt><dd>{Math.round(box.x1)}, {Math.round(box.y1)}</dd>
        <dt>{t("size")}</dt><dd>{Math.round(width(box))}, {Math.round(height(box))}</dd>
        <dt>{t("made_by")}</dt><dd>{source}{box.confidence !== null && ` ${Math.round(box.confidence * 100)} %`}</dd>
      </dl>
      {isSmall(box) && <p className="warn small">{t("small")}</p>}
      {children}
    </section>
  );
}

const SOURCES = ["person", "import", "model", "review", "interpolated"] as const;
const isSource = (word: string): word is (typeof SOURCES)[number] => SOURCES.some((one) => one === word);
