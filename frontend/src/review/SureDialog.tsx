import { Modal } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import { sentenceOf } from "../api/client";
import { isActive } from "../api/queries";
import type { Job } from "../api/types";
import { JobProgress } from "../jobs/JobProgress";
import { taskName } from "../jobs/tasks";
import { formatNumber } from "../shared/format";
import { Failed, Loading } from "../shared/States";
import { useTexts } from "../shared/text";
import { texts } from "./texts";
import { type SureOffer, acceptSure, loadOffers } from "./wire";

interface Props {
  readonly run: number;
  readonly close: () => void;
  /** Such an acceptance at work. */
  readonly job: Job | null;
  /** One has begun; by the key it can be taken back. */
  readonly begun: (job: Job, key: string) => void;
}

/** As the server has it: so many of the tenth are needed at least. */
const LEAST = 20;

/** From which confidence on reads are accepted unseen, and how many wrong ones that lets through. */
export function SureDialog({ run, close, job, begun }: Props) {
  const t = useTexts(texts);
  const offers = useQuery({ queryKey: ["sure", run], queryFn: () => loadOffers(run), gcTime: 0 });
  const working = job !== null && isActive(job);
  const was = useRef(false);
  const { refetch } = offers;
  useEffect(() => {
    if (was.current && !working) void refetch();
    was.current = working;
  }, [working, refetch]);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const accept = async ({ threshold }: SureOffer): Promise<void> => {
    const key = crypto.randomUUID();
    setBusy(true);
    try {
      begun(await acceptSure(run, threshold, key), key);
      setProblem("");
    } catch (error) {
      setProblem(sentenceOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={close} title={t("sure_title")} size={560} centered>
      <div className="stack" data-own-keys>
        <p className="t2">{t("sure_why")}</p>
        {offers.error && <Failed error={offers.error} retry={() => void offers.refetch()} />}
        {working && <JobProgress job={job} name={taskName(job.task)} />}
        {offers.isPending && <Loading />}
        <ul className="sure-offers">
          {offers.data?.map((offer) => <Offer key={offer.threshold} offer={offer} busy={busy || working} accept={() => void accept(offer)} />)}
        </ul>
        {problem && <p className="bad" role="alert">{problem}</p>}
        <p className="t3 small">{t("sure_after")}</p>
      </div>
    </Modal>
  );
}

function Offer({ offer, busy, accept }: { offer: SureOffer; busy: boolean; accept: () => void }) {
  const t = useTexts(texts);
  const { reviewed, sample, wrong, open, at_most, ready } = offer;
  const said = open === 0 ? t("sure_none") : ready ? t("sure_bound", { reviewed, wrong, open: formatNumber(open), at_most: formatNumber(at_most) }) : t("sure_more", { reviewed, sample, least: LEAST });
  return (
    <li>
      <div className="spread">
        <b className="strong">{t("sure_from", { share: Math.round(offer.threshold * 100) })}</b>
        <button type="button" className="button small" disabled={!ready || open === 0 || busy} onClick={accept}>{t("sure_accept", { count: formatNumber(open) })}</button>
      </div>
      <p className="t2 small">{said}</p>
    </li>
  );
}
