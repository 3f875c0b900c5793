import { everyElement, type PathStep } from './path';
import type { PlainNode } from './plain-yaml';

export interface PlainTarget {
  /** Undefined where a key has no value. */
  readonly node: PlainNode | undefined;
  readonly inFlow: boolean;
}

/** What a path leads to in a document; `[*]` leads to every element. */
export function plainTargets(document: PlainNode, path: readonly PathStep[]): PlainTarget[] {
  let found: PlainTarget[] = [{ node: document, inFlow: false }];
  for (const step of path) {
    found = found.flatMap(target => {
      const { node } = target;
      if (node === undefined || node.kind === 'scalar') return [];
      const inFlow = target.inFlow || node.flow;
      if (node.kind === 'list')
        return node.items
          .filter((_item, at) => step === everyElement || step === at)
          .map(item => ({ node: item, inFlow }));
      const entry = typeof step === 'symbol' ? undefined : node.entries.get(String(step));
      return entry ? [{ node: entry.node, inFlow }] : [];
    });
  }
  return found;
}
