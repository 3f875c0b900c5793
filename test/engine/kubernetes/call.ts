import type { ResourceCall } from '../../../engine/provider';

/** A call as the engine makes it; what is logged is kept. */
export function call(
  type: string,
  name: string,
  options: { logs?: string[]; signal?: AbortSignal; timeout?: number } = {},
): ResourceCall {
  const { logs, signal, timeout } = options;
  return {
    type,
    name,
    urn: `urn:pulumi:dev::test::${type}::${name}`,
    signal: signal ?? new AbortController().signal,
    log: (severity, message) => logs?.push(`${severity}: ${message}`),
    ...(timeout === undefined ? {} : { timeout }),
  };
}
