interface Node {
  readonly [key: string]: unknown;
}

interface GraphOptions {
  readonly ignoreDependencyEdges?: boolean;
  readonly ignoreParentEdges?: boolean;
  readonly shortNodeName?: boolean;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Resources and what they depend on, in the DOT language; parents in another colour, as Pulumi draws them. */
export function dependencyGraph(resources: readonly Node[], options: GraphOptions = {}): string {
  const live = resources.filter(resource => resource['delete'] !== true);
  const ids = new Map(live.map((resource, i) => [text(resource['urn']), `Resource${i}`]));
  const label = (urn: string): string =>
    JSON.stringify(options.shortNodeName ? urn.split('::').slice(3).join('::') : urn);
  const lines = live.map(resource => `    ${ids.get(text(resource['urn']))} [label=${label(text(resource['urn']))}];`);
  const edge = (from: unknown, to: unknown, more: string): void => {
    const [a, b] = [ids.get(text(from)), ids.get(text(to))];
    if (a !== undefined && b !== undefined) lines.push(`    ${a} -> ${b} [${more}];`);
  };
  for (const resource of live) {
    const { urn, parent, dependencies, propertyDependencies } = resource;
    if (!options.ignoreDependencyEdges && Array.isArray(dependencies)) {
      for (const needed of dependencies) {
        const labels = Object.entries((propertyDependencies ?? {}) as Record<string, unknown>).flatMap(([key, urns]) =>
          Array.isArray(urns) && urns.includes(needed) ? key : [],
        );
        edge(needed, urn, `color="#246C60"${labels.length > 0 ? `, label=${JSON.stringify(labels.join(', '))}` : ''}`);
      }
    }
    if (!options.ignoreParentEdges) edge(parent, urn, 'color="#AA6639"');
  }
  return `strict digraph {\n${lines.join('\n')}\n}\n`;
}
