import { type ReactNode, useEffect } from "react";
import { Link } from "react-router";
import { Icon } from "../shared/Icon";
import { Key } from "../shared/Key";
import { useTexts } from "../shared/text";
import { texts } from "../shared/texts";
import { openPalette } from "./palette-state";
import { useShell } from "./Shell";

interface TopBarProps {
  title: string;
  /** Where this page hangs: shown before the title. */
  parent?: { name: string; to: string };
  /** Beside the title: state chips, filters. */
  beside?: ReactNode;
  /** At the right: what can be done with this page. */
  actions?: ReactNode;
}

function TopBar({ title, parent, beside, actions }: TopBarProps) {
  const t = useTexts(texts);
  const { openMenu } = useShell();
  useEffect(() => {
    document.title = `${title} · LPR Studio`;
  }, [title]);
  return (
    <header className="topbar">
      <button type="button" className="button plain menu" aria-label={t("menu")} onClick={openMenu}><Icon name="menu" size={18} /></button>
      {parent && <span className="crumb t3"><Link to={parent.to}>{parent.name}</Link> /</span>}
      <h1 className="ellipsis">{title}</h1>
      <div className="row beside">{beside}</div>
      <span className="grow" />
      <div className="row actions">{actions}</div>
      <button type="button" className="button plain search" onClick={openPalette}>
        <Icon name="search" /><span className="t3">{t("go_or_do")}</span><Key k="Ctrl+K" />
      </button>
    </header>
  );
}

/** An ordinary page: top bar and a scrolling column. */
export function Page({ children, ...bar }: TopBarProps & { children: ReactNode }) {
  return (
    <div className="page">
      <TopBar {...bar} />
      <main id="content" tabIndex={-1}><div className="page-body stack">{children}</div></main>
    </div>
  );
}

/** A work screen: top bar, the work (fills the rest, scrolls by itself), status bar with keys. */
export function WorkPage({ children, status, keys, ...bar }: TopBarProps & { children: ReactNode; status?: ReactNode; keys?: ReactNode }) {
  return (
    <div className="page work">
      <TopBar {...bar} />
      <main id="content" tabIndex={-1}>{children}</main>
      <footer className="statusbar">
        <div className="row">{status}</div>
        <div className="row keys">{keys}</div>
      </footer>
    </div>
  );
}

/** One key and what it does, for the status bar. */
export function KeyHint({ k, children }: { k: string; children: ReactNode }) {
  return <span className="row hint"><Key k={k} /> {children}</span>;
}
