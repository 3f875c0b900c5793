import { isDefaultProvider, Unknown } from '../engine';
import type { EngineEvent, PropertyMap, StepRecord, UpdateResult } from '../engine';
import { plainMap } from './plain-value';

type Diagnostic = Extract<EngineEvent, { kind: 'diagnostic' }>;
type Side = NonNullable<StepRecord['new']>;

interface Told {
  readonly diagnostics: readonly Diagnostic[];
  /** What program and providers printed. */
  readonly output: readonly string[];
  readonly showSecrets: boolean;
}

/** What Pulumi writes for a value that is not known yet. */
const UNKNOWN = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

/** The serialised code of dynamic providers would drown the rest. */
const written = (key: string, value: unknown): unknown => (key === '__provider' ? undefined : value);

/**
 * The one document that `--json` prints: Pulumi's preview digest (steps with their states, diagnostics, duration in nanoseconds,
 * changeSummary), with the outputs and what was printed besides. Secrets are `[secret]` unless asked for.
 */
export function operationJson(result: UpdateResult, { diagnostics, output, showSecrets }: Told): string {
  const shown = (map: PropertyMap): object => known(showSecrets ? plainMap(map) : map) as object;
  const side = ({ type, urn }: StepRecord, state: Side): object => ({
    urn,
    custom: state.custom,
    ...(state.id === '' || state.id === UNKNOWN ? {} : { id: state.id }),
    type,
    inputs: shown(state.inputs),
    outputs: shown(state.outputs),
    ...(state.parent === '' ? {} : { parent: state.parent }),
    ...(state.protect ? { protect: true } : {}),
    ...(state.dependencies.length === 0 ? {} : { dependencies: state.dependencies }),
    ...(state.provider === '' ? {} : { provider: state.provider }),
  });
  const step = (each: StepRecord): object => {
    const { op, urn, type, name, diffs, replaceKeys, old, new: next } = each;
    const provider = (next ?? old)?.provider ?? '';
    return {
      op,
      urn,
      ...(provider === '' ? {} : { provider }),
      type,
      name,
      ...(old ? { oldState: side(each, old) } : {}),
      ...(next ? { newState: side(each, next) } : {}),
      ...(diffs.length > 0 ? { diffReasons: diffs } : {}),
      ...(replaceKeys.length > 0 ? { replaceReasons: replaceKeys } : {}),
      detailedDiff: null,
    };
  };
  const document = {
    operation: result.operation,
    stack: result.stack,
    preview: result.preview,
    steps: result.changes.filter(each => !isDefaultProvider(each.urn)).map(step),
    diagnostics: diagnostics.map(({ severity, message, urn }) => ({
      ...(urn === undefined ? {} : { urn }),
      message,
      severity,
    })),
    duration: Math.round(result.durationMs * 1e6),
    changeSummary: result.summary,
    outputs: shown(result.outputs),
    output,
    durationMs: result.durationMs,
  };
  return `${JSON.stringify(document, written, 2)}\n`;
}

/** The same with the mark of what is not known in its place. */
function known(value: unknown): unknown {
  if (value instanceof Unknown) return UNKNOWN;
  if (Array.isArray(value)) return value.map(known);
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, known(item)]));
}
