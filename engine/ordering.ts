/** What the order of a list of resources is about. */
export interface Orderable {
  readonly urn: string;
  readonly delete: boolean;
}

/**
 * Every resource after what it needs, otherwise as they were. Registration order gives that by itself, but for resources outside the
 * targets whose dependencies the program has dropped. `needsOf` gives URNs.
 */
export function inOrder<T extends Orderable>(states: T[], needsOf: (state: T) => Iterable<string>): T[] {
  const seen = new Set<string>();
  let sound = true;
  for (const state of states) {
    for (const urn of needsOf(state)) sound &&= seen.has(urn);
    seen.add(state.urn);
  }
  if (sound) return states;
  const byUrn = new Map<string, T>();
  for (const state of states) if (!byUrn.has(state.urn) || !state.delete) byUrn.set(state.urn, state);
  const result: T[] = [];
  const placed = new Set<T>();
  for (const state of states) {
    // An explicit path: a chain of dependencies may be longer than the call stack allows.
    const path = [{ state, needs: [...needsOf(state)] }];
    if (placed.has(state)) continue;
    placed.add(state);
    for (let top = path[path.length - 1]; top; top = path[path.length - 1]) {
      const urn = top.needs.shift();
      if (urn === undefined) {
        result.push(top.state);
        path.pop();
        continue;
      }
      const needed = byUrn.get(urn);
      if (!needed || placed.has(needed)) continue;
      placed.add(needed);
      path.push({ state: needed, needs: [...needsOf(needed)] });
    }
  }
  return result;
}
