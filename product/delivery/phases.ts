import type { ProductLock } from '../lock';
import type { DeploymentPlan } from './deployment-inputs';
import { refusalOf, refusalText } from './refusal';

/** Nothing is on main, and nothing proposed. */
export const waiting = (reason: string): DeploymentPlan => ({
  phase: 'waiting',
  reason,
  merged: '',
  proposed: '',
  desired: '',
  changes: [],
});

/** What main names is what runs. */
export const settled = (lock: ProductLock, reason: string): DeploymentPlan => ({
  ...waiting(reason),
  phase: 'deployed',
  merged: lock.component.version,
});

/** The plan so far, blocked by a failure that is this product's alone; any other failure is thrown on. */
export function blockedOr(soFar: DeploymentPlan, error: unknown): DeploymentPlan {
  const refusal = refusalOf(error);
  if (refusal === undefined) throw error;
  return { ...soFar, phase: 'blocked', reason: refusalText(refusal), refusal };
}
