import { setTimeout as sleep } from 'node:timers/promises';
import { hasCode } from '../../report';
import type {
  CallOptions,
  CommitRequest,
  CommitStatus,
  Forge,
  ForgeRepository,
  LineComment,
  MergeRequest,
  NewPullRequest,
  NewRelease,
  PullRequestChange,
  RepositoryName,
  TreeEntry,
} from '../forge';
import { Organizations, Users } from './accounts';
import { GiteaApi, type GiteaOptions } from './api';
import { readArchive } from './archive';
import * as branches from './branches';
import * as conversation from './conversation';
import * as files from './files';
import * as hooks from './hooks';
import * as protection from './protection';
import * as pulls from './pulls';
import * as releases from './releases';
import { addressesOf, Repositories } from './repositories';
import { Teams } from './teams';
import { Tokens } from './tokens';

/** A Gitea (1.26) or Forgejo server. */
export class Gitea implements Forge {
  readonly url: string;
  readonly organizations: Organizations;
  readonly users: Users;
  readonly teams: Teams;
  readonly tokens: Tokens;
  readonly repositories: Repositories;
  private readonly api: GiteaApi;

  constructor(options: GiteaOptions) {
    this.api = new GiteaApi(options);
    this.url = this.api.url;
    this.organizations = new Organizations(this.api);
    this.users = new Users(this.api);
    this.teams = new Teams(this.api);
    this.tokens = new Tokens(this.api);
    this.repositories = new Repositories(this.api);
  }

  repository(owner: string, name: string): GiteaRepository {
    return new GiteaRepository(this.api, { owner, name });
  }

  /** The server's version, e.g. `1.26.0`. Throws `forge.unreachable`. */
  async version(options: CallOptions = {}): Promise<string> {
    const { body } = await this.api.request<{ version: string }>('ask for its version', 'GET', '/version', options);
    return body.version;
  }

  /** Waits until the server answers, at most `patienceMs` milliseconds. */
  async ready(patienceMs = 60_000, options: CallOptions = {}): Promise<string> {
    const deadline = Date.now() + patienceMs;
    for (;;) {
      try {
        return await this.version(options);
      } catch (error) {
        if (!hasCode(error, 'forge.unreachable') || Date.now() > deadline) throw error;
        await sleep(250, undefined, options.signal ? { signal: options.signal } : {});
      }
    }
  }
}

/** One repository on a Gitea server. Each method is one line: the work is in the file of its subject. */
export class GiteaRepository implements ForgeRepository {
  readonly url: string;
  readonly cloneUrl: string;

  constructor(
    private readonly api: GiteaApi,
    readonly repository: RepositoryName,
  ) {
    ({ url: this.url, cloneUrl: this.cloneUrl } = addressesOf(api.url, repository));
  }

  readFile(path: string, ref: string, options?: CallOptions) {
    return files.readFile(this.api, this.repository, path, ref, options);
  }
  readTree(ref: string, path: string, options?: CallOptions) {
    return files.readTree(this.api, this.repository, ref, path, options);
  }
  /** The content of a file that {@link listTree} found. */
  readEntry(entry: TreeEntry, options?: CallOptions) {
    return files.readEntry(this.api, this.repository, entry, options);
  }
  /** Files at `ref` by blob id, as many as an archive of it holds as they are. */
  readArchive(ref: string, options?: CallOptions) {
    return readArchive(this.api, this.repository, ref, options);
  }
  listTree(ref: string, path: string, options?: CallOptions) {
    return files.listTree(this.api, this.repository, ref, path, options);
  }
  commitFiles(request: CommitRequest, options?: CallOptions) {
    return files.commitFiles(this.api, this.repository, request, options);
  }

  branch(name: string, options?: CallOptions) {
    return branches.findBranch(this.api, this.repository, name, options);
  }
  branches(options?: CallOptions) {
    return branches.listBranches(this.api, this.repository, options);
  }
  createBranch(name: string, from: string, options?: CallOptions) {
    return branches.createBranch(this.api, this.repository, name, from, options);
  }
  deleteBranch(name: string, options?: CallOptions) {
    return branches.deleteBranch(this.api, this.repository, name, options);
  }
  commit(ref: string, options?: CallOptions) {
    return branches.findCommit(this.api, this.repository, ref, options);
  }
  compare(base: string, head: string, options?: CallOptions) {
    return branches.compare(this.api, this.repository, base, head, options);
  }
  history(ref: string, path: string, options?: CallOptions) {
    return branches.history(this.api, this.repository, ref, path, options);
  }

  pullRequest(number: number, options?: CallOptions) {
    return pulls.findPullRequest(this.api, this.repository, number, options);
  }
  async pullRequestsFrom(head: string, options?: CallOptions) {
    return (await this.pullRequests('all', options)).filter(request => request.head === head);
  }
  pullRequests(state: 'open' | 'closed' | 'all', options?: CallOptions) {
    return pulls.listPullRequests(this.api, this.repository, state, options);
  }
  createPullRequest(request: NewPullRequest, options?: CallOptions) {
    return pulls.createPullRequest(this.api, this.repository, request, options);
  }
  updatePullRequest(number: number, change: PullRequestChange, options?: CallOptions) {
    return pulls.updatePullRequest(this.api, this.repository, number, change, options);
  }
  async closePullRequest(number: number, options?: CallOptions) {
    await pulls.updatePullRequest(this.api, this.repository, number, { state: 'closed' }, options);
  }
  comment(number: number, body: string, options?: CallOptions) {
    return pulls.comment(this.api, this.repository, number, body, options);
  }
  comments(number: number, options?: CallOptions) {
    return conversation.listComments(this.api, this.repository, number, options);
  }
  review(
    number: number,
    request: { body: string; commit: string; comments: readonly LineComment[] },
    options?: CallOptions,
  ) {
    return conversation.review(this.api, this.repository, number, request, options);
  }
  reviews(number: number, options?: CallOptions) {
    return conversation.listReviews(this.api, this.repository, number, options);
  }
  requestReviewers(number: number, reviewers: readonly string[], options?: CallOptions) {
    return conversation.requestReviewers(this.api, this.repository, number, reviewers, options);
  }
  mayWrite(account: string, options?: CallOptions) {
    return conversation.mayWrite(this.api, this.repository, account, options);
  }
  setLabels(number: number, labels: readonly string[], options?: CallOptions) {
    return pulls.setLabels(this.api, this.repository, number, labels, options);
  }
  mergePullRequest(number: number, request?: MergeRequest, options?: CallOptions) {
    return pulls.mergePullRequest(this.api, this.repository, number, request, options);
  }

  setStatus(commit: string, status: CommitStatus, options?: CallOptions) {
    return releases.setStatus(this.api, this.repository, commit, status, options);
  }
  statuses(ref: string, options?: CallOptions) {
    return releases.listStatuses(this.api, this.repository, ref, options);
  }
  releases(options?: CallOptions) {
    return releases.listReleases(this.api, this.repository, options);
  }
  release(tag: string, options?: CallOptions) {
    return releases.findRelease(this.api, this.repository, tag, options);
  }
  createRelease(request: NewRelease, options?: CallOptions) {
    return releases.createRelease(this.api, this.repository, request, options);
  }

  webhooks(options?: CallOptions) {
    return hooks.listWebhooks(this.api, this.repository, options);
  }
  webhook(id: number, options?: CallOptions) {
    return hooks.findWebhook(this.api, this.repository, id, options);
  }
  createWebhook(request: hooks.WebhookRequest, options?: CallOptions) {
    return hooks.createWebhook(this.api, this.repository, request, options);
  }
  updateWebhook(id: number, request: hooks.WebhookRequest, options?: CallOptions) {
    return hooks.updateWebhook(this.api, this.repository, id, request, options);
  }
  deleteWebhook(id: number, options?: CallOptions) {
    return hooks.deleteWebhook(this.api, this.repository, id, options);
  }

  protection(branch: string, options?: CallOptions) {
    return protection.findProtection(this.api, this.repository, branch, options);
  }
  protect(rule: protection.BranchProtection, options?: CallOptions) {
    return protection.protect(this.api, this.repository, rule, options);
  }
  unprotect(branch: string, options?: CallOptions) {
    return protection.unprotect(this.api, this.repository, branch, options);
  }
}
