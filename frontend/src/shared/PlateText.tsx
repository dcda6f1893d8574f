import { DOUBTFUL_CHARACTER, plateMarks } from "./plate";

interface Props {
  text: string;
  /** Type size in px: 11.5, 13, 15, 20, 38 or 60. */
  size?: number;
  /** Confidence 0..1 of each character of `text`; those below 0.9 get the amber line. */
  confidences?: readonly number[];
  struck?: boolean;
}

/** A plate's characters, the same everywhere: letters, digits in their colour, doubt underlined. */
export function PlateText({ text, size = 13, confidences, struck = false }: Props) {
  return (
    <span className="plate-text" role="img" data-struck={struck || undefined} style={{ fontSize: size }} aria-label={text}>
      {plateMarks(text).map((mark, place) => {
        const confidence = mark.index >= 0 ? confidences?.[mark.index] : undefined;
        const doubtful = confidence !== undefined && confidence < DOUBTFUL_CHARACTER;
        return (
          <span key={place} data-kind={mark.kind} data-doubtful={doubtful || undefined} aria-hidden="true">
            {mark.character}
          </span>
        );
      })}
    </span>
  );
}
