import type { PullRequest } from '../../forge';
import { AirlockError, messageOf } from '../../report';
import type { ProductInstance } from '../instance';
import { productFileNames } from '../product-files';
import { planProposal, type InstanceFiles, type Proposal, type ProposalInput } from '../proposal';
import type { OpenedVersion, PlannedPullRequest, Project } from './deployment-inputs';
import { filesOf } from './instance-files';
import { generatedMarker, subjectIn } from './markers';
import { observePullRequest, type PullRequestDesire } from './pull-request';
import type { Verdict } from './verdict';

export interface ProposalRequest {
  readonly instance: ProductInstance;
  readonly next: OpenedVersion;
  readonly previous?: OpenedVersion;
  readonly merged: InstanceFiles;
  /** Where people may have edited it. Default: the branch of the instance's proposals. */
  readonly branch?: string;
}

/** A proposal as people may have edited it, and the one that Airlock would have written by itself. */
export interface Proposed {
  readonly own: Proposal;
  readonly proposal: Proposal;
}

/** Plans the version, with what people wrote on the branch of an open pull request merged in. */
export async function proposed(project: Project, request: ProposalRequest): Promise<Proposed> {
  const { instance, next, previous, merged } = request;
  const notes = await mergeFirst(project);
  const plain: ProposalInput = {
    instance,
    ...(notes.length > 0 && { notes }),
    reader: next.reader,
    inventory: next.inventory,
    merged,
    verifiedBy: Object.keys(project.inputs.trustedKeys),
    ...rendering(project),
    ...(previous && { previous: previous.reader }),
    ...(next.releaseNotes !== undefined && { releaseNotes: next.releaseNotes }),
  };
  const own = await planProposal(plain);
  const branch = await editsOnBranch({ ...own, branch: request.branch ?? own.branch }, project);
  if (branch === undefined) return { own, proposal: own };
  try {
    return { own, proposal: await planProposal({ ...plain, branch }) };
  } catch (error) {
    if (!(error instanceof AirlockError) || !/^product\.(yaml|values)-/.test(error.code)) throw error;
    return { own, proposal: unreadable(own, branch.values ?? '', error) };
  }
}

/** Flux applies products in their order; people merge them in any, so that the order of what is proposed is said. */
async function mergeFirst({ inputs, repository, options }: Project): Promise<string[]> {
  const notes: string[] = [];
  for (const other of inputs.dependsOn ?? []) {
    const requests = await repository.pullRequestsFrom(`airlock/${other}`, options);
    const open = requests.find(each => each.state === 'open' && subjectIn(each.body) !== undefined);
    if (open !== undefined)
      notes.push(`${inputs.instance} depends on ${other}: merge #${open.number} (${open.title}) first.`);
  }
  return notes;
}

/** How products are rendered and tried: with which programs, which values beside those of `values.yaml`, and on which clusters. */
export function rendering({
  programs,
  options,
  elsewhere,
  clusterOf,
}: Project): Pick<ProposalInput, 'render' | 'origins' | 'clusterOf'> {
  return {
    render: { ...options, ...(programs && { programs }), ...(elsewhere && { overrides: elsewhere.values }) },
    ...(elsewhere && { origins: elsewhere.origins }),
    ...(clusterOf && { clusterOf }),
  };
}

/** What a person left on the branch cannot be read: it stays as it is, and the pull request says what is wrong with it. */
function unreadable(own: Proposal, values: string, error: AirlockError): Proposal {
  const file = `${own.directory}/${productFileNames.values}`;
  const where = error.where ?? file;
  const [, line = '1', column = '1'] = /:(\d+):(\d+)$/.exec(where) ?? [];
  const fault = {
    pipeline: '',
    path: productFileNames.values,
    message: messageOf(error),
    where,
    line: Number(line),
    column: Number(column),
    source: 'consumer' as const,
  };
  return {
    ...own,
    phase: 'blocked',
    faults: [fault],
    files: new Map([...own.files, [file, values]]),
    body: `${own.body.trimEnd()}\n\n### The values on this branch cannot be read\n\n\`${where}\`: ${messageOf(error)}\n`,
  };
}

/** The files on the open pull request's branch and where it left main, if a person changed the values there. */
async function editsOnBranch(
  own: Pick<Proposal, 'branch' | 'directory'>,
  { repository, options }: Project,
): Promise<(InstanceFiles & { fork?: InstanceFiles }) | undefined> {
  const open = (await repository.pullRequestsFrom(own.branch, options)).find(
    (each: PullRequest) => each.state === 'open',
  );
  if (open === undefined) return undefined;
  const read = async (ref: string): Promise<InstanceFiles> =>
    filesOf(await repository.readTree(ref, own.directory, options), own.directory);
  const branch = await read(own.branch);
  const untouched = branch.values === undefined || open.body.includes(generatedMarker(branch.values));
  if (untouched) return undefined;
  return { ...branch, ...(open.mergeBase !== '' && { fork: await read(open.mergeBase) }) };
}

/** The pull request that a proposal should be, and what the forge has of it. */
export async function pullRequestFor(
  { inputs, repository, options }: Project,
  both: Proposed,
): Promise<Omit<PlannedPullRequest, 'action'>> {
  const { proposal } = both;
  const desire: PullRequestDesire = {
    branch: proposal.branch,
    base: 'main',
    title: proposal.title,
    body: withGenerated(proposal.body, both),
    files: proposal.files,
    message: proposal.commitMessage,
    labels: ['airlock', proposal.kind],
    subject: subjectOf(inputs.instance, proposal),
    ...(inputs.reviewers && { reviewers: inputs.reviewers }),
  };
  return { desire, observed: await observePullRequest(repository, desire, options) };
}

/** The text with a digest of what Airlock would have written by itself: what differs on the branch is recognised as a person's. */
export function withGenerated(body: string, { own }: Proposed): string {
  const values = own.files.get(`${own.directory}/${productFileNames.values}`) ?? '';
  return `${body.trimEnd()}\n\n${generatedMarker(values)}\n`;
}

/** Names one version of an instance, content included. */
export function subjectOf(
  instance: string,
  { component, version, descriptorDigest }: Pick<Proposal, 'component' | 'version' | 'descriptorDigest'>,
): string {
  return `${instance} ${component}:${version} ${descriptorDigest}`;
}

export function blockedBy(proposal: Proposal): string {
  if (proposal.phase !== 'blocked') return '';
  const faults = proposal.faults.map(each => `${each.where}: ${each.path} ${each.message}`);
  const conflicts = proposal.conflicts.map(each => `${each.path}: your value and the vendor's new default differ`);
  return [...faults, ...conflicts].join('; ');
}

/** What a proposal's check says. */
export const verdictOf = (proposal: Proposal): Verdict => ({
  passed: proposal.phase !== 'blocked',
  text: blockedBy(proposal),
  faults: proposal.faults,
});

const most = 20;
const bounded = (lines: readonly string[]): string[] =>
  lines.length > most ? [...lines.slice(0, most), `and ${lines.length - most} more`] : [...lines];

/** Bounded lines: which values and objects change. */
export function proposalChanges(proposal: Proposal): string[] {
  return bounded([
    ...proposal.valuesChanges.map(each => `values ${each.path}: ${each.kind}`),
    ...proposal.manifestDiff.map(each => `${each.object}: ${each.kind}`),
  ]);
}
