import { type DragEvent, type ReactNode, useState } from "react";
import { useTexts } from "../shared/text";
import { texts } from "./texts";
import "./uploads.css";

/** Catches files dropped anywhere on its children. */
export function DropZone({ onFiles, children }: { onFiles: (files: Iterable<File>) => void; children: ReactNode }) {
  const t = useTexts(texts);
  const [over, setOver] = useState(false);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    onFiles([...event.dataTransfer.files]);
  };
  return (
    <div className="dropzone stack" data-over={over || undefined} data-says={t("drop_here")} onDrop={drop}
      onDragOver={(event) => { event.preventDefault(); setOver(true); }}
      onDragLeave={(event) => { if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false); }}>
      {children}
    </div>
  );
}
