import { AirlockError, describeError, messageOf } from '../report';
import { colorsFor } from './terminal';

/** Exit codes (docs/architecture.md, "Errors"). Those from 6 to 8 are Pulumi's, which it has besides 0, 1 and 2. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  configuration: 3,
  refused: 4,
  unreachable: 5,
  noStack: 6,
  unexpectedChanges: 7,
  declined: 8,
  interrupted: 130,
} as const;

const byKind: readonly (readonly [RegExp, number])[] = [
  [/^engine\.(unknown-stack|no-stack)$/, exitCodes.noStack],
  [/^engine\.unexpected-changes$/, exitCodes.unexpectedChanges],
  [/^cli\.declined$/, exitCodes.declined],
  [/\.(usage|unknown-command|invalid-argument|invalid-reference|invalid-range|invalid-selector)$/, exitCodes.usage],
  [
    /(config|passphrase|unauthorized|denied|forbidden|credentials|invalid-certificate|net\.tls$|no-key|invalid-key|key-not-found|forge\.moved)/,
    exitCodes.configuration,
  ],
  [/(signature|digest|tampered|untrusted|unsigned|refused|not-verified)/, exitCodes.refused],
  [/(unreachable|timeout|not-running|no-engine)/, exitCodes.unreachable],
  [/interrupted|aborted|cancel/, exitCodes.interrupted],
];

/** The exit code of a failure, from its code. */
export function exitCodeOf(thrown: unknown): number {
  if (!(thrown instanceof AirlockError)) return exitCodes.failed;
  return byKind.find(([pattern]) => pattern.test(thrown.code))?.[1] ?? exitCodes.failed;
}

/** Prints one message for a failure; the stack only when `verbose`. */
export function printError(thrown: unknown, verbose: boolean): void {
  const c = colorsFor(process.stderr);
  process.stderr.write(`${c.red('error:')} ${describeError(thrown)}\n`);
  if (!verbose) return;
  for (let at: unknown = thrown; at instanceof Error; at = at.cause)
    process.stderr.write(`${at.stack ?? messageOf(at)}\n`);
}
