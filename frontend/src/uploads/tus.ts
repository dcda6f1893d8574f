/** One file over tus 1.0: in pieces, on where the server's file ends. */
import type { DetailedError, HttpRequest } from "tus-js-client";
import { API, knowsUs, readCookie, toApiError } from "../api/client";
import { language } from "../shared/language";
import { translator } from "../shared/text";
import { texts } from "./texts";
import type { Events, Failure, Open } from "./uploader";

const PIECE = 16 * 1024 * 1024;
/** Within a try; afterwards the queue tries again for as long as the page is open. */
const DELAYS = [0, 500, 1500, 3000];

/** The headers of every request, read anew: a login changes the cookie while files are sent. */
function sign(request: HttpRequest): void {
  request.setHeader("X-CSRFToken", readCookie("csrftoken"));
  request.setHeader("Accept-Language", language());
  request.setHeader("Accept", "application/json");
}

function idOf(url: string | null): number {
  return Number(/\/(\d+)\/$/.exec(url ?? "")?.[1]);
}

const placeOf = (id: number): string => `${API}uploads/${id}/`;

export const openTus: Open = (parcel, events) => {
  let stopped = false;
  let stop = () => undefined as void;
  void import("tus-js-client").then(({ Upload }) => {
    if (stopped) return;
    const upload = new Upload(parcel.file, {
      endpoint: `${API}uploads/`,
      uploadUrl: parcel.id === null ? null : placeOf(parcel.id),
      chunkSize: PIECE,
      retryDelays: DELAYS,
      // What is unfinished is asked of the server: another browser knows it too.
      storeFingerprintForResuming: false,
      metadata: { filename: parcel.file.name, ...(parcel.project !== null && { project: String(parcel.project) }), purpose: parcel.purpose, fingerprint: parcel.fingerprint },
      onBeforeRequest: sign,
      onUploadUrlAvailable: () => events.placed(idOf(upload.url)),
      onProgress: (sent) => events.progress(sent),
      onSuccess: () => events.done(),
      onError: (error) => {
        if (!stopped) void explain(error, events);
      },
    });
    stop = () => void upload.abort();
    upload.start();
  });
  return () => {
    stopped = true;
    stop();
  };
};

async function explain(error: Error | DetailedError, events: Events): Promise<void> {
  events.failed(await failureOf(error));
}

/** Whose fault it is: the line, the ended session, or the file. */
async function failureOf(error: Error | DetailedError): Promise<Failure> {
  const answer = "originalResponse" in error ? error.originalResponse : null;
  const status = answer?.getStatus() ?? 0;
  const t = translator(texts);
  if (!answer || status === 0 || status === 408 || status === 409 || status === 423 || (status >= 500 && status !== 507)) return { kind: "away", message: t("away") };
  if ((status === 401 || status === 403) && !(await knowsUs().catch(() => true))) return { kind: "login", message: "" };
  return { kind: "refused", message: toApiError(status, parsed(answer.getBody())).message };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
