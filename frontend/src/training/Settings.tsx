import type { Kind, TrainingOption } from "../api/types";
import { useTexts } from "../shared/text";
import { SelectField, TextField } from "../shared/ui";
import { choicesOf, defaultOf, grouped, isCommon, type Preset, type Typed, type Wrong } from "./config";
import { texts } from "./texts";

interface Props { kind: Kind; options: readonly TrainingOption[]; preset: Preset; typed: Typed; errors: Readonly<Record<string, Wrong>>; onChange: (typed: Typed) => void }

/** Every setting with its unit, what the preset has and what it does; the usual ones in sight. */
export function Settings({ kind, options, preset, typed, errors, onChange }: Props) {
  const t = useTexts(texts);
  const rest = options.filter((option) => !isCommon(kind, option));
  const changed = rest.filter((option) => typed[option.name]?.trim()).length;
  const field = (option: TrainingOption) => <Setting key={option.name} option={option} preset={preset} text={typed[option.name] ?? ""} wrong={errors[option.name]} onChange={(text) => onChange({ ...typed, [option.name]: text })} />;
  return (
    <section className="card stack">
      <header><h2>{t("advanced")}</h2><span className="t3 small">{t("advanced_hint")}</span></header>
      <div className="grid-3">{options.filter((option) => isCommon(kind, option)).map(field)}</div>
      <details open={rest.some((option) => errors[option.name]) || undefined}>
        <summary>{t("all_options", { count: rest.length })}{changed > 0 && <span className="t2 small"> · {t("changed", { count: changed })}</span>}</summary>
        {grouped(rest).map(([group, its]) => (
          <fieldset key={group} className="option-group"><legend>{group}</legend><div className="grid-3">{its.map(field)}</div></fieldset>
        ))}
      </details>
    </section>
  );
}

function Setting({ option, preset, text, wrong, onChange }: { option: TrainingOption; preset: Preset; text: string; wrong: Wrong | undefined; onChange: (text: string) => void }) {
  const t = useTexts(texts);
  const usual = defaultOf(option, preset);
  const facts = { label: option.title, hint: option.unit, title: option.help, value: text, onChange: (event: { target: { value: string } }) => onChange(event.target.value) };
  return (
    <div className="option">
      {option.type === "choice" || option.type === "switch" ? (
        <SelectField {...facts}>
          <option value="">{option.type === "switch" ? t(usual === "true" ? "yes" : "no") : usual}</option>
          {choicesOf(option).map(String).map((choice) => <option key={choice} value={choice}>{option.type === "switch" ? t(choice === "true" ? "yes" : "no") : choice}</option>)}
        </SelectField>
      ) : (
        <TextField {...facts} inputMode={option.type === "words" ? "text" : "decimal"} placeholder={usual} error={wrong && t(`bad_${wrong}`, { name: option.title, least: option.low ?? 0, most: option.high ?? 0, multiple: option.multiple })} />
      )}
      <p className="t3 tiny">{option.help}</p>
    </div>
  );
}
