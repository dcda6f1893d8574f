import { Modal, useMantineColorScheme, useComputedColorScheme } from "@mantine/core";
import { type KeyboardEvent, useEffect, useMemo, useState } from "react";
import { api, unwrap } from "../api/client";
import { useSession } from "../api/queries";
import { type Command, keyLabel, keyOf, keysOf, refusal, rivalsOf, useActiveCommands, useAllCommands, useCommands, useKeyboard } from "../shared/commands";
import { type KeyServer, anyGiven, giveKey, keyGiven, loadKeymap, syncKeymap, useKeymap, usualKey, usualKeys } from "../shared/keymap";
import { Key } from "../shared/Key";
import { language, setLanguage, useLanguage } from "../shared/language";
import { fill, translator, useTexts } from "../shared/text";
import { texts } from "../shared/texts";
import { closeOverlay, openHelp, openPalette, useOverlay } from "./palette-state";
import { texts as own } from "./texts";

const KEYS: KeyServer = {
  get: async () => (await unwrap(api.GET("/api/v1/session/keys/"))).keys,
  put: (keys) => unwrap(api.PUT("/api/v1/session/keys/", { body: { keys } })),
};

/** The commands that work everywhere, the help sheet (F1, ?) and the palette (Ctrl K). */
export function Overlays() {
  const overlay = useOverlay();
  useKeyboard();
  const person = useSession().data?.user?.id ?? null;
  useEffect(() => {
    void loadKeymap(person, KEYS);
    const sync = () => void syncKeymap();
    window.addEventListener("online", sync);
    return () => window.removeEventListener("online", sync);
  }, [person]);
  useCommands(useEverywhere(), "");
  const t = useTexts(texts);
  return (
    <>
      <Modal opened={overlay === "help"} onClose={closeOverlay} title={t("keys")} size="lg" closeButtonProps={{ "aria-label": t("close") }}>
        <HelpSheet />
      </Modal>
      <Modal opened={overlay === "palette"} onClose={closeOverlay} withCloseButton={false} size="md" yOffset="12vh" padding={0}>
        <Palette />
      </Modal>
    </>
  );
}

function useEverywhere(): readonly Command[] {
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme("dark");
  const [en, es] = [translator(texts, "en"), translator(texts, "es")];
  const name = (key: keyof typeof texts) => ({ en: en(key), es: es(key) });
  return [
    { id: "palette", name: name("palette"), keys: "Ctrl+K", run: openPalette },
    { id: "help", name: name("help"), keys: "F1", run: openHelp },
    { id: "help-mark", name: name("help"), keys: "?", hidden: true, run: openHelp },
    { id: "theme", name: name("switch_theme"), run: () => setColorScheme(scheme === "dark" ? "light" : "dark") },
    { id: "language", name: name("switch_language"), run: () => setLanguage(language() === "en" ? "es" : "en") },
  ];
}

function HelpSheet() {
  const lang = useLanguage();
  useKeymap();
  const all = useAllCommands();
  const commands = all.filter((command) => !command.hidden && keysOf(command).length > 0);
  const t = useTexts(own);
  const [asked, setAsked] = useState<string>();
  const [refused, setRefused] = useState("");
  const nameOf = (command: Command) => fill(command.name[lang], {}, lang);
  const onKeyDown = (event: KeyboardEvent, command: Command) => {
    if (asked !== command.mapId || asked === undefined) return;
    event.stopPropagation();
    const key = keyOf(event.nativeEvent);
    if (key === null) return;
    event.preventDefault();
    setAsked(undefined);
    const problem = refusal(command, key, rivalsOf(command, all));
    if (!problem) giveKey(asked, key);
    const label = keyLabel(key);
    setRefused(!problem ? "" : problem.why === "taken" ? t("key_taken", { key: label, name: nameOf(problem.by) }) : t(`key_${problem.why}`, { key: label }));
  };
  return (
    <>
      <p className="spread small t2"><span role="status" className={refused && "bad"}>{refused || t("keys_own")}</span>{anyGiven() && <button type="button" className="button small" onClick={usualKeys}>{t("keys_usual")}</button>}</p>
      <table className="table help-sheet">
        <thead><tr><th>{t("command")}</th><th className="num">{useTexts(texts)("keys")}</th></tr></thead>
        <tbody>
          {commands.map((command) => (
            <tr key={command.mapId}>
              <td className="wrap">{nameOf(command)}</td>
              <td className="num">
                {keyGiven(command.mapId) !== undefined && <button type="button" className="button plain small" onClick={() => usualKey(command.mapId ?? "")}>{t("key_usual")}</button>}
                <button type="button" className="button plain small" aria-label={t("key_change", { name: nameOf(command) })} onClick={() => setAsked(command.mapId)} onBlur={() => setAsked(undefined)} onKeyDown={(event) => onKeyDown(event, command)}>
                  {asked === command.mapId ? t("key_press") : keysOf(command).map((key) => <Key key={key} k={key} exact />)}
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function Palette() {
  const lang = useLanguage();
  const t = useTexts(texts);
  const [typed, setTyped] = useState("");
  const [chosen, setChosen] = useState(0);
  const commands = useActiveCommands();
  const found = useMemo(() => {
    const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
    return commands.filter((command) => command.id !== "palette" && (command.when?.() ?? true))
      .filter((command) => words.every((word) => fill(command.name[lang], {}, lang).toLowerCase().includes(word)));
  }, [commands, lang, typed]);
  const at = Math.min(chosen, found.length - 1);
  const run = (command: Command | undefined) => {
    closeOverlay();
    command?.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter") run(found[at]);
    else if (event.key === "ArrowDown") setChosen(Math.min(at + 1, found.length - 1));
    else if (event.key === "ArrowUp") setChosen(Math.max(at - 1, 0));
    else return;
    event.preventDefault();
  };
  return (
    <div className="palette" data-own-keys>
      <input className="input" autoFocus data-autofocus value={typed} placeholder={t("go_or_do")} aria-label={t("go_or_do")}
        onChange={(event) => { setTyped(event.target.value); setChosen(0); }} onKeyDown={onKeyDown} />
      <ul role="listbox" aria-label={t("go_or_do")}>
        {found.map((command, index) => (
          <li key={command.id} role="option" aria-selected={index === at} onMouseMove={() => setChosen(index)} onClick={() => run(command)}>
            <span className="grow">{fill(command.name[lang], {}, lang)}</span>
            {keysOf(command).map((key) => <Key key={key} k={key} exact />)}
          </li>
        ))}
        {found.length === 0 && <li className="t3">{t("nothing_found")}</li>}
      </ul>
    </div>
  );
}
