import { useSearchParams } from "react-router";
import { Empty } from "../shared/States";
import { useTexts } from "../shared/text";
import { SelectField } from "../shared/ui";
import { cameraOf, NO_CAMERA } from "./asked";
import { useCameras } from "./queries";
import { texts } from "./texts";
import "./cameras.css";

/** Which camera's rows a list shows; the address of the page holds it. */
export function CameraFilter() {
  const t = useTexts(texts);
  const [search, setSearch] = useSearchParams();
  const cameras = useCameras().data ?? [];
  const asked = cameraOf(search);
  if (cameras.length === 0 && asked === "") return null;
  const choose = (camera: string) => setSearch((now) => {
    const next = new URLSearchParams(now);
    if (camera === "") next.delete("camera");
    else next.set("camera", camera);
    return next;
  });
  return (
    <div className="camera-filter">
      <SelectField label={t("camera")} value={asked} onChange={(event) => choose(event.target.value)}>
        <option value="">{t("all_videos")}</option>
        {cameras.map((camera) => <option key={camera.id} value={camera.id}>{camera.name}</option>)}
        <option value={NO_CAMERA}>{t("of_no_camera")}</option>
      </SelectField>
    </div>
  );
}

/** In place of the rows, where a list that is not empty has none of what is asked. */
export function NoneOfCamera({ asked }: { asked: string }) {
  const t = useTexts(texts);
  return <Empty title={t(asked === NO_CAMERA ? "none_without_camera" : "none_of_camera")} />;
}
