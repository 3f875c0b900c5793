import * as pulumi from '@pulumi/pulumi';
import { AirlockError, describeError, errorToLine } from '../report';

/**
 * What a program throws instead of a failure of ours: Pulumi prints a message without a stack then. The embedded engine, which says
 * so in the environment, gets the whole failure: its code decides how the command exits.
 */
export function programError(thrown: unknown): unknown {
  if (!(thrown instanceof AirlockError)) return thrown;
  return new pulumi.RunError(process.env['AIRLOCK_ENGINE'] === undefined ? describeError(thrown) : errorToLine(thrown));
}
