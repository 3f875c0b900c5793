import type { RenderOptions } from './render';
import type { ValidationFault } from './validation';
import type { ObjectDiff } from './diff';
import type { ClusterOf } from './dry-run';
import type { ProductInstance } from './instance';
import type { LocalizedImage } from './localize';
import type { ProductLock } from './lock';
import type { ValueChange } from './change';
import type { Snapshot } from './snapshot';
import type { ResourceReader } from './source';
import type { ValueOrigin } from './values-from';

/** The text of an instance's files at one place in Git; absent files are undefined. */
export interface InstanceFiles {
  readonly values?: string;
  readonly lock?: string;
  /** Every file of the folder by path in the repository; when given, any difference counts. */
  readonly files?: ReadonlyMap<string, string>;
}

/** What a proposal is a function of. Nothing else: same input, same proposal. */
export interface ProposalInput {
  readonly instance: ProductInstance;
  /** The version to propose. */
  readonly reader: ResourceReader;
  /** The version that the lock on main names; its defaults are the base of the merge. */
  readonly previous?: ResourceReader;
  /** What is on main. */
  readonly merged: InstanceFiles;
  /** What is on the branch of an open pull request, and what main was where it left: people may have edited there. */
  readonly branch?: InstanceFiles & { readonly fork?: InstanceFiles };
  /** Names of the signatures that verified, for the description. */
  readonly verifiedBy?: readonly string[];
  /** What of the version is where, in one line, for the description. */
  readonly inventory?: string;
  /** What a reviewer should know besides. */
  readonly notes?: readonly string[];
  /** Markdown. */
  readonly releaseNotes?: string;
  /** The programs of the languages that products are written in, and their bounds. */
  readonly render?: Omit<RenderOptions, 'release'>;
  /** Where `render.overrides` are from, for the description. */
  readonly origins?: readonly ValueOrigin[];
  /** The clusters of targets, for a dry run of what is proposed. Default: none is asked. */
  readonly clusterOf?: ClusterOf;
}

export type ProposalKind = 'none' | 'install' | 'upgrade' | 'downgrade' | 'renewal';

export interface Proposal {
  readonly kind: ProposalKind;
  /** `deployed`: nothing to do. `blocked`: can be proposed, but not pass validation before a person edits it. */
  readonly phase: 'deployed' | 'proposed' | 'blocked';
  readonly component: string;
  readonly version: string;
  readonly descriptorDigest: string;
  readonly from?: string;
  /** `products/<instance>`, without a slash at the end. */
  readonly directory: string;
  /** Every file of the folder, by path in the repository. */
  readonly files: ReadonlyMap<string, string>;
  readonly lock: ProductLock;
  readonly snapshots: readonly Snapshot[];
  readonly images: readonly LocalizedImage[];
  readonly valuesChanges: readonly ValueChange[];
  readonly conflicts: readonly ValueChange[];
  /** What the product's schema rejects and the consumer has to correct. */
  readonly faults: readonly ValidationFault[];
  /** What a reviewer should know, and what does not block. */
  readonly warnings: readonly string[];
  readonly valuesDiff: string;
  readonly manifestDiff: readonly ObjectDiff[];
  readonly title: string;
  /** Markdown. */
  readonly body: string;
  /** Stable: one per instance. */
  readonly branch: string;
  readonly commitMessage: string;
  /** One digest of everything that would be written: equal digests, equal proposals. */
  readonly digest: string;
}
