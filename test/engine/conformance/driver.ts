import type { Report } from './observation';
import type { ScenarioStep } from './scenario';
import type { World } from './world';

/** An engine that can be put through scenarios. */
export interface Driver {
  readonly name: string;
  /** Runs one operation on a stack of the world, making the stack where it is missing. Failures are in the answer. */
  run(step: Pick<ScenarioStep, 'run' | 'flags'>, world: World, stack: string): Promise<Report>;
}
