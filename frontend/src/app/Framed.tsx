import { Outlet } from "react-router";
import { useLookAgain } from "../api/look-again";
import { useProjectId } from "../api/queries";
import { Overlays } from "../shell/Overlays";

/** A project's pages without our own sidebar, inside somebody else's frame (the admin). */
export function Framed() {
  useLookAgain(useProjectId());
  return (
    <>
      <div className="framed"><Outlet /></div>
      <Overlays />
    </>
  );
}
