/** What Gitea's API sends, as far as it is read here. */

import type { Commit, PullRequest, Release } from '../forge';

export interface WireCommit {
  sha: string;
  html_url: string;
  commit: { message: string; author: { name: string; email: string; date: string } };
  parents: { sha: string }[] | null;
}

export interface WireBranch {
  name: string;
  commit: { id: string };
  protected: boolean;
}

export interface WireLabel {
  id: number;
  name: string;
}

interface WirePullBranch {
  /** The branch's name, also after the branch is gone. */
  label: string;
  ref: string;
  sha: string;
}

export interface WirePull {
  number: number;
  title: string;
  body: string;
  state: 'open' | 'closed';
  merged: boolean;
  mergeable: boolean;
  head: WirePullBranch;
  base: WirePullBranch;
  merge_base: string;
  merge_commit_sha: string | null;
  merged_at: string | null;
  closed_at: string | null;
  merged_by: { login: string } | null;
  labels: WireLabel[] | null;
  comments?: number;
  html_url: string;
}

export interface WireRelease {
  id: number;
  tag_name: string;
  name: string;
  body: string;
  draft: boolean;
  prerelease: boolean;
  html_url: string;
  published_at: string;
}

export function commitOf(wire: WireCommit): Commit {
  return {
    sha: wire.sha,
    message: wire.commit.message,
    author: { name: wire.commit.author.name, email: wire.commit.author.email },
    date: wire.commit.author.date,
    parents: (wire.parents ?? []).map(parent => parent.sha),
    url: wire.html_url,
  };
}

export function pullRequestOf(wire: WirePull): PullRequest {
  return {
    number: wire.number,
    title: wire.title,
    body: wire.body,
    state: wire.state,
    merged: wire.merged,
    mergeable: wire.mergeable,
    head: wire.head.label || wire.head.ref,
    base: wire.base.label || wire.base.ref,
    headCommit: wire.head.sha,
    mergeBase: wire.merge_base,
    ...(wire.merged && wire.merge_commit_sha ? { mergeCommit: wire.merge_commit_sha } : {}),
    ...(wire.merged_at ? { mergedAt: wire.merged_at } : {}),
    ...(wire.closed_at ? { closedAt: wire.closed_at } : {}),
    ...(wire.merged_by ? { mergedBy: wire.merged_by.login } : {}),
    labels: (wire.labels ?? []).map(label => label.name),
    ...(wire.comments === undefined ? {} : { comments: wire.comments }),
    url: wire.html_url,
  };
}

export function releaseOf(wire: WireRelease): Release {
  return {
    id: wire.id,
    tag: wire.tag_name,
    name: wire.name,
    body: wire.body,
    draft: wire.draft,
    prerelease: wire.prerelease,
    url: wire.html_url,
    publishedAt: wire.published_at,
  };
}
