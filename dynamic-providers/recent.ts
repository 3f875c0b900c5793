import { isDeepStrictEqual } from 'node:util';

/**
 * What `check` observed, for the `diff` of the same resource that follows at once: the outside is not asked the same twice within
 * moments. Given out once, only for the very same inputs, and only while fresh; `create` and `update` look for themselves.
 */
export class Recent<K extends object, V> {
  private readonly kept = new Map<string, { inputs: K; value: V; until: number }>();

  /** @param name of the resource among those of this handler */
  constructor(
    private readonly name: (inputs: K) => string,
    private readonly milliseconds = 5000,
  ) {}

  keep(inputs: K, value: V): V {
    this.kept.set(this.name(inputs), { inputs, value, until: Date.now() + this.milliseconds });
    return value;
  }

  /** What was kept for these inputs, forgotten with this; undefined when there is none. */
  take(inputs: K): V | undefined {
    const name = this.name(inputs);
    const found = this.kept.get(name);
    this.kept.delete(name);
    return found !== undefined && Date.now() < found.until && isDeepStrictEqual(found.inputs, inputs)
      ? found.value
      : undefined;
  }
}
