import { Key } from "../shared/Key";
import { useTexts } from "../shared/text";
import { type Session, type SessionAction, currentItem, stripCrops } from "./session";
import { texts } from "./texts";

/** The other crops of the same vehicle, over the foot of the stage: what is in is saved together. */
export function Strip({ session, dispatch }: { session: Session; dispatch: (action: SessionAction) => void }) {
  const t = useTexts(texts);
  const head = currentItem(session)?.crop;
  if (!head || session.strip.length === 0) return null;
  const crops = [head, ...stripCrops(session)];
  return (
    <div className="strip" role="group" aria-label={t("strip", { count: crops.length })}>
      <p className="small t2 spread">
        <span>{t("strip", { count: crops.length })} <Key k="Alt+J" /> <Key k="Alt+K" /></span>
        <button type="button" className="button small" onClick={() => dispatch({ do: "take out" })}>{t("take_out")} <Key k="Alt+X" /></button>
      </p>
      <ul>
        {crops.map((crop) => {
          const out = session.out.includes(crop.id);
          return (
            <li key={crop.id}>
              <button type="button" aria-pressed={crop.id === (session.peek ?? head.id)} data-out={out || undefined}
                onClick={() => dispatch({ do: "peek", crop: crop.id })}>
                <img src={crop.source} alt={crop.suggestion?.text ?? t("crop_picture")} draggable={false} />
                {out && <span className="tiny warn">{t("taken_out")}</span>}
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
