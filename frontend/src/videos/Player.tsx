import { type ReactNode, type RefObject, useState } from "react";
import { useCommands } from "../shared/commands";
import { formatClock } from "../shared/format";
import { Icon } from "../shared/Icon";
import { Key } from "../shared/Key";
import { translator, useTexts } from "../shared/text";
import { texts } from "./texts";

interface Props {
  player: RefObject<HTMLVideoElement | null>;
  src: string;
  poster?: string;
  /** Pictures a second, for stepping; null steps by a 25th. */
  fps: number | null;
  duration: number | null;
  size: { width: number; height: number };
  /** Shown instead of the video where there is none to play. */
  instead?: ReactNode;
}

/** The recording with time, frame number and the keys of every player: Space, arrows. */
export function Player({ player, src, poster, fps, duration, size, instead }: Props) {
  const t = useTexts(texts);
  const [at, setAt] = useState(0);
  const [playing, setPlaying] = useState(false);
  const step = (seconds: number) => {
    const video = player.current;
    if (!video) return;
    video.pause();
    video.currentTime = Math.max(0, video.currentTime + seconds);
  };
  const toggle = () => {
    const video = player.current;
    if (!video) return;
    if (video.paused) void video.play();
    else video.pause();
  };
  const frame = 1 / (fps || 25);
  const name = (key: keyof typeof texts) => ({ en: translator(texts, "en")(key), es: translator(texts, "es")(key) });
  useCommands([
    { id: "play", name: name("play"), keys: "Space", run: toggle },
    { id: "back-frame", name: name("back_frame"), keys: "ArrowLeft", run: () => step(-frame) },
    { id: "on-frame", name: name("on_frame"), keys: "ArrowRight", run: () => step(frame) },
    { id: "back-second", name: name("back_second"), keys: "Shift+ArrowLeft", run: () => step(-1) },
    { id: "on-second", name: name("on_second"), keys: "Shift+ArrowRight", run: () => step(1) },
  ]);
  return (
    <section className="player card">
      <div className="stage" style={{ aspectRatio: `${size.width} / ${size.height}` }}>
        {src ? (
          <video ref={player} src={src} poster={poster} preload="metadata" playsInline muted tabIndex={-1}
            onClick={toggle} onPlay={() => setPlaying(true)} onPause={() => setPlaying(false)}
            onTimeUpdate={(event) => setAt(event.currentTarget.currentTime)} onSeeked={(event) => setAt(event.currentTarget.currentTime)} />
        ) : (
          <>{poster && <img src={poster} alt="" />}<div className="instead">{instead}</div></>
        )}
      </div>
      <div className="transport">
        <button type="button" className="button plain" aria-label={t("play")} disabled={!src} onClick={toggle}>
          <Icon name={playing ? "pause" : "play"} />
        </button>
        <span className="mono">{formatClock(at, true)} <span className="t3">/ {formatClock(duration ?? 0)}</span></span>
        <input type="range" className="grow" min={0} max={duration ?? 0} step={frame} value={at} disabled={!src} aria-label={t("time")}
          onChange={(event) => { if (player.current) player.current.currentTime = Number(event.target.value); }} />
        {fps && <span className="t3 hide-narrow">{t("frame_at", { count: Math.round(at * fps) })}</span>}
        <span className="row t3 hide-narrow"><Key k="Space" /><Key k="ArrowLeft" /><Key k="ArrowRight" /></span>
      </div>
    </section>
  );
}
