/** Small controls that several pages share. */
import { type ReactNode, useId } from "react";
import { Key } from "./Key";

interface FieldProps { label: ReactNode; hint?: ReactNode; error?: string; children: (id: string, invalid: boolean) => ReactNode }

/** A label above its control, a hint beside the label, an error below. */
function Field({ label, hint, error, children }: FieldProps) {
  const id = useId();
  return (
    <div className="field">
      <span className="spread"><label htmlFor={id}>{label}</label>{hint && <span className="t3 tiny">{hint}</span>}</span>
      {children(id, Boolean(error))}
      {error && <span className="error" role="alert">{error}</span>}
    </div>
  );
}

export function TextField({ label, hint, error, ...input }: Omit<FieldProps, "children"> & React.InputHTMLAttributes<HTMLInputElement>) {
  return <Field label={label} hint={hint} error={error}>{(id, invalid) => <input id={id} aria-invalid={invalid || undefined} {...input} />}</Field>;
}

export function SelectField({ label, hint, error, children, ...select }: Omit<FieldProps, "children"> & React.SelectHTMLAttributes<HTMLSelectElement>) {
  return <Field label={label} hint={hint} error={error}>{(id) => <select id={id} {...select}>{children}</select>}</Field>;
}

interface SegmentsProps<T extends string> { value: T; options: readonly (readonly [T, ReactNode])[]; onChange: (value: T) => void; label: string }

export function Segments<T extends string>({ value, options, onChange, label }: SegmentsProps<T>) {
  return (
    <div className="segments" role="group" aria-label={label}>
      {options.map(([option, name]) => (
        <button key={option} type="button" aria-pressed={option === value} onClick={() => onChange(option)}>{name}</button>
      ))}
    </div>
  );
}

/** The button of a command: its name and its key. */
export function Action({ children, k, primary = false, ...button }: { k?: string; primary?: boolean } & React.ButtonHTMLAttributes<HTMLButtonElement>) {
  return (
    <button type="button" className={primary ? "button primary" : "button"} {...button}>
      {children}{k && <Key k={k} />}
    </button>
  );
}

/** A figure with its unit behind it. */
export function Figure({ name, children, unit }: { name: ReactNode; children: ReactNode; unit?: ReactNode }) {
  return (
    <div className="figure">
      <span className="t2 small">{name}</span>
      <span><b>{children}</b> <span className="t3 small">{unit}</span></span>
    </div>
  );
}
