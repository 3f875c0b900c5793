import { parsePath, pathContains } from './property-path';
import type { DiffResult } from './provider';

/** Stands for a resource's initialization errors among its `replaceOnChanges`. */
const INIT_ERROR_KEY = '#initerror';

/** Keys that force a replacement: the provider's, and changed ones that `replaceOnChanges` covers. */
export function forcedKeys(diff: DiffResult, replaceOnChanges: readonly string[], hasInitErrors: boolean): string[] {
  if (diff.changes !== 'some' && !hasInitErrors) return [];
  const keys = new Set(diff.replaces ?? []);
  const paths = replaceOnChanges.flatMap(text => {
    const path = parsePath(text);
    return path ? [path] : [];
  });
  for (const key of diff.diffs ?? []) {
    const path = parsePath(key) ?? [key];
    if (paths.some(wanted => pathContains(wanted, path))) keys.add(key);
  }
  for (const changed of diff.paths ?? []) {
    if (paths.some(wanted => pathContains(wanted, changed))) keys.add(String(changed[0]));
  }
  if (hasInitErrors && replaceOnChanges.some(text => text === INIT_ERROR_KEY || text === '*')) keys.add(INIT_ERROR_KEY);
  return [...keys];
}
