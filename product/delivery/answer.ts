import { AirlockError, messageOf } from '../../report';
import { instanceDirectory, type ProductInstance } from '../instance';
import { textDigest, type ProductLock } from '../lock';
import { planLockRenewal, type LockRenewal, type LockRenewalInput } from '../lock-renewal';
import { productFileNames } from '../product-files';
import type { InstanceFiles } from '../proposal';
import type { DeploymentPlan, OpenedVersion, Project } from './deployment-inputs';
import { rendering } from './deployment-proposal';
import { inRepository } from './instance-files';
import { blockedOr, settled } from './phases';
import { renewalRequest } from './renewal-request';
import { missingSnapshots } from './snapshots';
import { isSaidOnMain, valid, type Verdict } from './verdict';

/** A person's commit to main. */
type Edit = NonNullable<LockRenewalInput['answers']>;

/**
 * What an edit of the values on main is answered with: nothing while the lock fits, a renewal of the lock for values that pass what a
 * proposal has to pass, and for others a verdict on the commit that made them: what runs stays.
 */
export async function planAnswer(
  project: Project,
  instance: ProductInstance,
  { reader }: OpenedVersion,
  main: InstanceFiles,
  lock: ProductLock,
): Promise<DeploymentPlan> {
  const edit = await editOf(project, instance, main, lock);
  let renewal: LockRenewal;
  try {
    const current = { ...main, lock: main.lock ?? '' };
    renewal = await planLockRenewal({
      instance,
      reader,
      current,
      ...(edit && { answers: edit }),
      ...rendering(project),
    });
  } catch (error) {
    const blocked = blockedOr(settled(lock, ''), inRepository(error, project.inputs));
    return { ...blocked, ...(await judgement(project, edit, unreadable(error))) };
  }
  if (renewal.phase === 'unchanged') {
    // Collected since, and asked for again by a revert on main; or from before snapshots were signed.
    const missing = await missingSnapshots(renewal.snapshots, project.inputs, project.options);
    return { ...settled(lock, ''), ...(missing.length > 0 && { missing }) };
  }
  if (renewal.phase === 'blocked') {
    const { faults } = renewal;
    const reasons = faults.map(each => `${each.where}: ${each.path} ${each.message}`);
    const text = reasons.join('; ');
    const judged = await judgement(project, edit, { passed: false, text, faults });
    return { ...settled(lock, text), phase: 'blocked', changes: reasons, ...judged };
  }
  const request = await renewalRequest(project, renewal);
  return {
    ...settled(lock, request?.reason ?? ''),
    changes: [renewal.commitMessage.split('\n')[0] ?? '', ...renewal.warnings],
    renewal,
    ...(request && { renewalRequest: request.planned }),
    ...(await judgement(project, edit, valid)),
  };
}

/** The commit that made the values what they are, where the lock is of others. */
async function editOf(
  { repository, options }: Project,
  instance: ProductInstance,
  { values = '' }: InstanceFiles,
  lock: ProductLock,
): Promise<Edit | undefined> {
  if (textDigest(values) === lock.valuesDigest) return undefined;
  const path = `${instanceDirectory(instance)}/${productFileNames.values}`;
  const [newest = await repository.commit('main', options)] = await repository.history('main', path, options);
  return newest && { commit: newest.sha, subject: newest.message };
}

/** A verdict that the edit does not carry yet. */
async function judgement(
  project: Project,
  edit: Edit | undefined,
  verdict: Verdict,
): Promise<Pick<DeploymentPlan, 'judged'>> {
  if (edit === undefined || (await isSaidOnMain(project, edit.commit, verdict))) return {};
  return { judged: { commit: edit.commit, verdict } };
}

function unreadable(error: unknown): Verdict {
  const where = error instanceof AirlockError && error.where !== undefined ? `${error.where}: ` : '';
  return { passed: false, text: `${where}${messageOf(error)}`, faults: [] };
}
