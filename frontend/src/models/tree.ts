/** Trained models as they come one from another. */

export interface Born { readonly id: number; readonly parent: number | null }

export interface Branch<M> {
  readonly model: M;
  /** 0 for a model without a parent among those shown. */
  readonly depth: number;
}

/** Each model below its parent, older children first; the roots keep the order they come in. */
export function asTree<M extends Born>(models: readonly M[]): Branch<M>[] {
  const known = new Set(models.map((model) => model.id));
  const children = new Map<number, M[]>();
  for (const model of models) {
    if (!hasParent(model, known)) continue;
    children.set(model.parent, [...(children.get(model.parent) ?? []), model].sort((a, b) => a.id - b.id));
  }
  const below = (model: M, depth: number): Branch<M>[] =>
    [{ model, depth }, ...(children.get(model.id) ?? []).flatMap((child) => below(child, depth + 1))];
  return models.filter((model) => !hasParent(model, known)).flatMap((root) => below(root, 0));
}

/** A parent is older than its child, so that a circle is impossible. */
function hasParent<M extends Born>(model: M, known: ReadonlySet<number>): model is M & { readonly parent: number } {
  return model.parent !== null && known.has(model.parent) && model.parent < model.id;
}
