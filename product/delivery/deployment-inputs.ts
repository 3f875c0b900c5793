import type { ForgeRepository, PullRequest } from '../../forge';
import type { LockRenewal } from '../lock-renewal';
import type { Programs } from '../programs';
import type { Proposal } from '../proposal';
import type { Snapshot } from '../snapshot';
import type { ResourceReader } from '../source';
import type { CollectedValues } from '../values-from';
import type { TargetClusters } from './clusters';
import type { ForgeAccount, OpenForge, OpenRegistry, RegistryAccount, RepositoryName } from './connections';
import type { Publication } from './publication';
import type { PullRequestDesire, PullRequestState } from './pull-request';
import type { Refusal } from './refusal';
import type { Verdict } from './verdict';

/** What one product instance is planned from. */
export interface DeploymentInputs {
  readonly forge: ForgeAccount;
  readonly installation: RepositoryName;
  readonly repository: RepositoryName;
  readonly project: string;
  readonly instance: string;
  readonly component: string;
  /** Empty while nothing is replicated. */
  readonly version: string;
  /** Digest of the component's normal form. */
  readonly digest: string;
  readonly registry: RegistryAccount;
  readonly source: RegistryAccount;
  readonly trustedKeys: Readonly<Record<string, string>>;
  /** Other instances of the project that must be deployed before this one. Default: none. */
  readonly dependsOn?: readonly string[];
  /** Logins of those who are asked to review proposals. Default: nobody. */
  readonly reviewers?: readonly string[];
  /** Contexts of the commit status. Default: `airlock/validation`. */
  readonly checks?: readonly string[];
  /** Of the environment's cluster, which is asked by dry run whether it would take what is proposed. Default: none is asked. */
  readonly kubeconfig?: string;
  /**
   * Where values come from that are laid over `values.yaml`, later over earlier; each a `ValuesSource`, as the configuration has it:
   * checked when it is read. Default: none.
   */
  readonly valuesFrom?: readonly unknown[];
  /** Private key that snapshots are signed with: RSA, PEM; its signatures are the same each time. Default: they are not signed. */
  readonly snapshotKey?: string;
  /** Revisions whose snapshots are kept, the present one not counted. Default 5. */
  readonly keepSnapshots?: number;
}

export type DeploymentPhase = 'waiting' | 'proposed' | 'blocked' | 'deployed' | 'skipped';

/** A version of the component, verified. */
export interface OpenedVersion {
  readonly reader: ResourceReader;
  /** What of it is where, in one line. */
  readonly inventory: string;
  /** Markdown, from the component. */
  readonly releaseNotes?: string;
}

/** Opens a version of the component to plan with, verified. */
export type OpenReader = (version: string, digest?: string) => Promise<OpenedVersion>;

/** What planning may use besides its inputs. */
export interface PlanOptions {
  readonly signal?: AbortSignal;
  /** How repositories are read. Default: a client of its own, which remembers nothing. */
  readonly forge?: OpenForge;
  /** How component versions are read. Default: likewise. */
  readonly registry?: OpenRegistry;
  /** Programs of the languages that products are written in. Default: none, so that a product which needs one is refused. */
  readonly programs?: Programs;
}

/** A pull request as it should be, as it is, and whether something is to be done about it. */
export interface PlannedPullRequest {
  readonly desire: PullRequestDesire;
  readonly observed: PullRequestState;
  readonly action: boolean;
}

/** A proposal and its pull request. */
export interface PlannedProposal {
  readonly proposal: Proposal;
  readonly pullRequest: PlannedPullRequest;
}

/** A pull request that people opened by themselves, and what is to be said of it: main demands the check of every one. */
export interface JudgedRequest {
  readonly request: PullRequest;
  readonly verdict: Verdict;
}

/** What is to be said of a commit that a person made to main. */
export interface JudgedCommit {
  readonly commit: string;
  readonly verdict: Verdict;
}

/** What should be, what is, and what must be done about it. */
export interface DeploymentPlan {
  readonly phase: DeploymentPhase;
  readonly reason: string;
  /** Version on main; empty before the first merge. */
  readonly merged: string;
  /** Version proposed; empty when none is. */
  readonly proposed: string;
  /** Digest of everything that should be in Git: equal digests, nothing new. */
  readonly desired: string;
  /** Bounded lines for people: what happens to values and objects. */
  readonly changes: readonly string[];
  /** A failure that is this product's alone: it ends the command's success, not the other products' work. */
  readonly refusal?: Refusal;
  /** An edit of the values on main to be answered. */
  readonly renewal?: LockRenewal;
  /** Where main refuses our commits, the renewal is a pull request: what the forge has of it. */
  readonly renewalRequest?: PlannedPullRequest;
  /** An edit of the values on main that waits for its verdict. */
  readonly judged?: JudgedCommit;
  /** Pull requests that people opened by themselves, and that wait for a verdict. */
  readonly others?: readonly JudgedRequest[];
  /** An open rollback whose branch people have edited, or that is not what it should be. */
  readonly rollback?: PlannedProposal;
  /** What is merged or proposed, and is not (or not signed) in the registry. */
  readonly missing?: readonly Snapshot[];
  /** Merged snapshots that targets of type `ociRepository` do not hold yet. */
  readonly publications?: readonly Publication[];
  /** The product's generator is gone: its folder is proposed for removal. */
  readonly removal?: PlannedPullRequest;
  readonly proposal?: Proposal;
  readonly pullRequest?: PlannedPullRequest;
  /** An open proposal that nothing asks for any more: closed, with this reason. */
  readonly obsolete?: { readonly number: number; readonly reason: string };
}

/** The project's repository, and the calls' options: what the parts of a plan share. */
export interface Project {
  readonly inputs: DeploymentInputs;
  readonly repository: ForgeRepository;
  readonly options: { readonly signal?: AbortSignal };
  readonly programs?: Programs;
  readonly clusterOf?: TargetClusters['clusterOf'];
  /** Values over those of `values.yaml`. */
  readonly elsewhere?: CollectedValues;
}
