import { memo } from "react";

import { Key } from "../shared/Key";
import { PlateText } from "../shared/PlateText";
import { useTexts } from "../shared/text";
import { type EditorBox, isSmall, listed, preview, selectedBoxes, waiting } from "./editor";
import { height, width } from "./geometry";
import { colourOf } from "./labels";
import { texts } from "./texts";
import type { EditorHandle } from "./useEditor";
import type { FrameStatus } from "./wire";

interface Props {
  readonly handle: EditorHandle;
  readonly status: FrameStatus;
  readonly done: () => void;
  readonly nothingHere: () => void;
  readonly copyToNext: () => void;
}

/** The frame's boxes with plates under their car, the selected one, and what can be done. */
export function BoxPanel({ handle, status, done, nothingHere, copyToNext }: Props) {
  const t = useTexts(texts);
  const { editor, act } = handle;
  const shown = preview(editor);
  const chosen = selectedBoxes({ ...editor, boxes: shown });
  return (
    <aside className="panel box-panel">
      <section className="panel-part">
        <h2 className="panel-title spread"><span>{t("boxes_here")}</span><Key k="Tab" /></h2>
        {shown.length === 0 && <p className="t3">{t("no_boxes")}</p>}
      </section>
      <ul className="box-list">
        {numbered(shown).map(({ box, inside, number }) => (
          <Row key={box.key} box={box} inside={inside} number={number} chosen={editor.selected.includes(box.key)} colour={colourOf(box.label, editor.labels)} act={act} />
        ))}
      </ul>
      <Offers editor={editor} act={act} />
      {chosen.length > 1 && <section className="panel-part t2">{t("many_selected", { count: chosen.length })}</section>}
      {chosen.length === 1 && chosen[0] && <Chosen box={chosen[0]} />}
      <section className="panel-part">
        <h2 className="panel-title spread"><span>{t("this_frame")}</span><span className="row"><i className="dot" data-status={status} />{t(status)}</span></h2>
        <div className="row wrap">
          <button type="button" className="button small" onClick={copyToNext}>{t("copy_next")} <Key k="C" /></button>
          <button type="button" className="button small" onClick={nothingHere}>{t("mark_nothing")} <Key k="E" /></button>
          <button type="button" className="button small" onClick={() => act({ do: "undo" })}>{t("undo")} <Key k="Ctrl+Z" /></button>
          {chosen.length > 0 && <button type="button" className="button small" onClick={() => act({ do: "delete" })}>{t("delete")} <Key k="Delete" /></button>}
        </div>
      </section>
      <div className="box-done"><button type="button" className="button primary wide" onClick={done}>{t("done_next")} <Key k="Enter" /></button></div>
    </aside>
  );
}

/** What a detector proposes: a row accepts, its cross rejects. */
function Offers({ editor, act }: Pick<EditorHandle, "editor" | "act">) {
  const t = useTexts(texts);
  const offers = waiting(editor);
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
        <span className="t3 grow num">{Math.round(width(box))} × {Math.round(height(box))}</span>
      </button>
    </li>
  );
});

/** Cars are counted, so that a plate can be said to belong to "car 2". */
function numbered(boxes: readonly EditorBox[]) {
  const count = new Map<string, number>();
  return listed(boxes).map((line) => {
    const number = line.inside ? 0 : (count.get(line.box.label) ?? 0) + 1;
    if (!line.inside) count.set(line.box.label, number);
    return { ...line, number };
  });
}

function Chosen({ box }: { box: EditorBox }) {
  const t = useTexts(texts);
  const source = box.source === "person" || box.source === "import" || box.source === "model" || box.source === "review" ? t(box.source) : box.source;
  return (
    <section className="panel-part">
      <h2 className="panel-title">{t("selected", { label: box.label })}</h2>
      <dl className="facts">
        {box.text !== "" && <><dt>{t("text")}</dt><dd><PlateText text={box.text} size={15} /></dd></>}
        <dt>{t("position")}</dt><dd>{Math.round(box.x1)}, {Math.round(box.y1)}</dd>
        <dt>{t("size")}</dt><dd>{Math.round(width(box))}, {Math.round(height(box))}</dd>
        <dt>{t("made_by")}</dt><dd>{source}{box.confidence !== null && ` ${Math.round(box.confidence * 100)} %`}</dd>
      </dl>
      {isSmall(box) && <p className="warn small">{t("small")}</p>}
    </section>
  );
}
