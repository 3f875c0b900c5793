import type { CommitStatus, LineComment, PullRequest, StatusState } from '../../forge';
import { hasCode } from '../../report';
import { textDigest } from '../lock';
import type { Proposal } from '../proposal';
import type { DeploymentInputs, Project } from './deployment-inputs';

/** Whether a proposal may be merged, and why not. */
export interface Verdict {
  readonly passed: boolean;
  /** Reasons in one line; empty when passed. */
  readonly text: string;
  readonly faults: readonly Pick<Proposal['faults'][number], 'path' | 'message' | 'where'>[];
}

/** The check that says on a pull request whether it may be merged. */
export const validationContext = 'airlock/validation';

/** The contexts of this product's commit statuses. */
export const checksOf = ({ checks }: Pick<DeploymentInputs, 'checks'>): readonly string[] =>
  checks === undefined || checks.length === 0 ? [validationContext] : checks;

/** The verdict on what needs no check. */
export const valid: Verdict = { passed: true, text: '', faults: [] };

/** Characters that a forge shows of a status. */
const longestDescription = 140;
const mostComments = 20;

async function say(
  { repository, options }: Project,
  checks: readonly string[],
  commit: string,
  state: StatusState,
  description: string,
  targetUrl?: string,
): Promise<void> {
  for (const context of checks) {
    const status = { state, context, description: description.slice(0, longestDescription) };
    await repository.setStatus(commit, { ...status, ...(targetUrl === undefined ? {} : { targetUrl }) }, options);
  }
}

/** Says that the commit is being looked at: it must not be merged meanwhile. */
export function pending(project: Project, checks: readonly string[], commit: string): Promise<void> {
  return say(project, checks, commit, 'pending', 'Values and manifests are being checked');
}

/** Says on the head of a pull request whether it may be merged; reasons stand at the lines that cause them. */
export async function judge(
  project: Project,
  checks: readonly string[],
  { number, headCommit, url }: Pick<PullRequest, 'number' | 'headCommit' | 'url'>,
  verdict: Verdict,
): Promise<void> {
  if (!verdict.passed) await pointOut(project, number, headCommit, verdict);
  const { state, description } = stateOf(verdict);
  await say(project, checks, headCommit, state, description, url);
}

/** Whether the head of a pull request carries a verdict: a commit that a person pushed does not, yet. */
export async function isJudged({ inputs, repository, options }: Project, head: string | undefined): Promise<boolean> {
  if (head === undefined) return false;
  const statuses = await repository.statuses(head, options);
  return checksOf(inputs).every(context =>
    statuses.some(each => each.context === context && each.state !== 'pending' && each.state !== 'error'),
  );
}

/** A commit on main can be an edit of several products: each has a check of its own there. */
const onMain = (instance: string): string => `${validationContext}/${instance}`;

/** Says of a commit on main whether its values are deployed. */
export async function judgeOnMain(project: Project, commit: string, verdict: Verdict): Promise<void> {
  const { state, description } = stateOf(verdict);
  await say(project, [onMain(project.inputs.instance)], commit, state, description);
}

/** Whether the commit carries this verdict. */
export async function isSaidOnMain(
  { inputs, repository, options }: Project,
  commit: string,
  verdict: Verdict,
): Promise<boolean> {
  const said = stateOf(verdict);
  return (await repository.statuses(commit, options)).some(
    ({ context, state, description }) =>
      context === onMain(inputs.instance) && state === said.state && description === said.description,
  );
}

function stateOf({ passed, text }: Verdict): Pick<CommitStatus, 'state' | 'description'> {
  return passed
    ? { state: 'success', description: 'Values and manifests are valid' }
    : { state: 'failure', description: text.slice(0, longestDescription) };
}

/** A review with a comment at each line at fault; the same faults of the same commit are said once. */
async function pointOut(
  { repository, options }: Project,
  number: number,
  commit: string,
  { faults }: Verdict,
): Promise<void> {
  const comments = faults.slice(0, mostComments).flatMap(fault => atLine(fault));
  if (comments.length === 0) return;
  const mark = `<!-- airlock:faults ${textDigest(JSON.stringify([commit, comments]))} -->`;
  const said = await repository.reviews(number, options);
  if (said.some(each => each.body.includes(mark))) return;
  const body = `Validation failed: ${faults.length === 1 ? 'one reason' : `${faults.length} reasons`}.\n\n${mark}`;
  try {
    await repository.review(number, { body, commit, comments }, options);
  } catch (error) {
    // The description has the reasons too: a forge that takes no comment at a line must not keep the verdict back.
    if (!hasCode(error, 'forge.invalid') && !hasCode(error, 'forge.not-found') && !hasCode(error, 'forge.failed'))
      throw error;
  }
}

function atLine({ path, message, where }: Verdict['faults'][number]): LineComment[] {
  const [, file, line] = /(products\/\S+?):(\d+)(?::\d+)?$/.exec(where) ?? [];
  return file === undefined ? [] : [{ path: file, line: Number(line), body: `\`${path}\` ${message}` }];
}
