import { Modal } from "@mantine/core";
import { loggedIn, useLoginNeeded, wasKnown } from "../api/login-gate";
import { useTexts } from "../shared/text";
import { texts } from "../shell/texts";
import { LoginForm } from "./LoginForm";

/** Covers the page without unmounting it while a request waits for a new session. */
export function LoginOverlay() {
  const needed = useLoginNeeded();
  const t = useTexts(texts);
  return (
    <Modal opened={needed} onClose={() => undefined} withCloseButton={false} closeOnEscape={false} closeOnClickOutside={false}
      title={t("login_title")} size={360} centered>
      <LoginForm done={loggedIn} again={wasKnown()} />
    </Modal>
  );
}
