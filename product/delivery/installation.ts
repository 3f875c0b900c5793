import { targetProductLabel } from '../instance';
import { textDigest } from '../lock';
import { generatorText, projectText, subscriptionText, targetText } from '../manifests';
import type { PlanOptions } from './deployment-inputs';
import { openForge, type ForgeAccount, type RepositoryName } from './connections';
import { applyPullRequest, observePullRequest, type PullRequestDesire, type PullRequestState } from './pull-request';

export interface InstallationInputs {
  readonly forge: ForgeAccount;
  readonly repository: RepositoryName;
  readonly projectRepository: RepositoryName;
  readonly project: string;
  readonly instance: string;
  readonly component: string;
  readonly semver: string;
  readonly source: string;
  readonly destination: string;
  readonly signature: string;
  readonly targetNamespace: string;
  /** A target of its own instead of the environment's, so that it goes to another namespace. Default false. */
  readonly ownTarget?: boolean;
}

export type InstallationPhase = 'proposed' | 'installed' | 'skipped';

/** What the forge has, and what follows from it. */
export interface InstallationPlan {
  readonly phase: InstallationPhase;
  readonly desire: PullRequestDesire;
  /** Digest of the proposed manifests. */
  readonly proposal: string;
  readonly observed: PullRequestState;
  /** True when the forge must be written to. */
  readonly action: boolean;
}

/** Label by which a product's ingress role finds its target, as in the reference demo. */
const targetLabels = { 'target.mpas.ocm.software/ingress-enabled': 'true' };

/** The manifests that subscribe to a component and install its product, by path in the management repository. */
export function installationFiles(inputs: InstallationInputs): Map<string, string> {
  const namespace = `mpas-${inputs.project}`;
  const { instance } = inputs;
  const subscription = `${instance}-subscription`;
  const registrySecret = 'registry-credentials';
  const target = inputs.ownTarget ? instance : 'kubernetes';
  return new Map([
    [
      `projects/${inputs.project}.yaml`,
      projectText({
        name: inputs.project,
        namespace: 'mpas-system',
        git: {
          provider: 'gitea',
          owner: inputs.projectRepository.owner,
          isOrganization: true,
          visibility: 'private',
          domain: new URL(inputs.forge.url).host,
          defaultBranch: 'main',
          credentialsSecret: 'project-repository',
          existingRepositoryPolicy: 'adopt',
        },
        flux: { interval: '1m' },
        prune: true,
        interval: '1m',
      }),
    ],
    [
      `subscriptions/${instance}.yaml`,
      subscriptionText({
        name: subscription,
        namespace,
        component: inputs.component,
        semver: inputs.semver,
        interval: '1m',
        source: { url: inputs.source, secretRef: registrySecret },
        destination: { url: inputs.destination, secretRef: registrySecret },
        verify: [{ name: inputs.signature, publicKeySecret: inputs.signature }],
      }),
    ],
    [
      `targets/${target}.yaml`,
      targetText({
        name: target,
        namespace,
        labels: inputs.ownTarget ? { ...targetLabels, [targetProductLabel]: instance } : targetLabels,
        type: 'kubernetes',
        targetNamespace: inputs.targetNamespace,
        interval: '1m',
      }),
    ],
    [
      `generators/${instance}.yaml`,
      generatorText({
        name: instance,
        namespace,
        interval: '1m',
        serviceAccountName: namespace,
        subscriptionRef: { name: subscription, namespace },
      }),
    ],
  ]);
}

function bodyFor(inputs: InstallationInputs, files: ReadonlyMap<string, string>): string {
  const list = [...files.keys()].map(path => `- \`${path}\``).join('\n');
  return `Subscribes this environment to **${inputs.component}** \`${inputs.semver}\` and installs it as **${inputs.instance}**.

| | |
|---|---|
| from | \`${inputs.source}\` |
| to | \`${inputs.destination}\` |
| signature required | \`${inputs.signature}\` |
| deployed to namespace | \`${inputs.targetNamespace}\` |
| proposed to | \`${inputs.projectRepository.owner}/${inputs.projectRepository.name}\` |

After the merge, the next update replicates the newest version in the range, verifies it on both sides and proposes its deployment.
What is merged here is obeyed: edit the range, the target or the destination in this pull request, or later on main.

${list}
`;
}

/** The pull request that installs a product. */
export function installationDesire(inputs: InstallationInputs): PullRequestDesire & { readonly proposal: string } {
  const files = installationFiles(inputs);
  const proposal = textDigest(JSON.stringify([...files]));
  return {
    branch: `airlock/install-${inputs.instance}`,
    base: 'main',
    title: `Install ${inputs.instance} from ${inputs.component} ${inputs.semver}`,
    body: bodyFor(inputs, files),
    files,
    message: `Subscribe to ${inputs.component} ${inputs.semver} and install ${inputs.instance}`,
    labels: ['airlock'],
    subject: `install ${inputs.instance} ${proposal}`,
    proposal,
  };
}

/** Looks at the forge and decides. Writes nothing. */
export async function planInstallation(
  inputs: InstallationInputs,
  { signal, forge = openForge }: PlanOptions = {},
): Promise<InstallationPlan> {
  const options = signal === undefined ? {} : { signal };
  const repository = forge(inputs.forge, inputs.repository);
  const { proposal, ...whole } = installationDesire(inputs);
  const onMain = new Set((await repository.listTree('main', '', options)).map(entry => entry.path));
  const there = [...whole.files.keys()].every(path => onMain.has(path));
  // Targets and projects are shared between products: one that is there is the consumer's.
  const files = [...whole.files].filter(([path]) => !(/^(targets|projects)\//.test(path) && onMain.has(path)));
  const desire = { ...whole, files: new Map(files) };
  const observed = await observePullRequest(repository, desire, options);
  const phase = phaseOf(observed.state, there);
  return {
    phase,
    desire,
    proposal,
    observed,
    action: phase === 'proposed' && (observed.state !== 'open' || observed.stale),
  };
}

function phaseOf(state: PullRequestState['state'], there: boolean): InstallationPhase {
  // What people wrote on main after the merge, or without one, is theirs: it is not proposed away.
  if (state === 'merged' || (state === 'absent' && there)) return 'installed';
  return state === 'closed' ? 'skipped' : 'proposed';
}

/** Opens or refreshes the pull request where the plan says so. Returns its page, or nothing where there is none. */
export async function applyInstallation(
  inputs: InstallationInputs,
  plan: InstallationPlan,
  signal?: AbortSignal,
): Promise<string> {
  if (!plan.action) return plan.observed.pullRequest?.url ?? '';
  const repository = openForge(inputs.forge, inputs.repository);
  const done = await applyPullRequest(repository, plan.desire, plan.observed, signal === undefined ? {} : { signal });
  return done.url;
}
