import { expect } from 'chai';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import type { CommitStatus, ForgeRepository, PullRequest } from '../../forge';
import { parseLock, type ProductLock } from '../../product';
import { TestEnvironment, type Said } from './environment';

export type ProductName = 'podinfo' | 'orders';

/** What `airlock stack output` says of a product. */
export interface ProductState {
  readonly installation: { readonly phase: string; readonly pullRequest: string };
  readonly replication: { readonly phase: string; readonly version: string; readonly reason: string };
  readonly deployment: {
    readonly phase: string;
    readonly merged: string;
    readonly proposed: string;
    readonly pullRequest: string;
    readonly reason: string;
  };
}

const consumer = 'software-consumer';
const orders = { name: 'orders', component: 'ocm.software/demos/orders' };

/** A vendor with two products and a consumer of both, stood up through the command line; what people do is done on the forge. */
export class ProductsEnvironment {
  private constructor(readonly environment: TestEnvironment) {}

  /** Stands up the platform and the vendor; nothing is released yet. The settings are of both stacks, or the consumer's alone. */
  static async begin(
    name: string,
    settings: Readonly<Record<string, string>> = {},
    ofConsumer: Readonly<Record<string, string>> = {},
  ): Promise<ProductsEnvironment> {
    const environment = await TestEnvironment.begin(name, { ...settings, targetNamespace: 'apps' });
    await writeFile(environment.passphraseFile, randomBytes(16).toString('hex'), { mode: 0o600 });
    await environment.configure('dev', { role: 'provider', examples: 'podinfo,orders' });
    const made = new ProductsEnvironment(environment);
    await environment.configure('consumer', {
      role: 'consumer',
      platformStack: environment.stacks.dev,
      moreProducts: JSON.stringify([orders]),
      ...ofConsumer,
    });
    try {
      await made.up('dev');
      return made;
    } catch (error) {
      await made.destroy();
      throw error;
    }
  }

  /** Says that podinfo is the consumer's only product. */
  async withoutOrders(): Promise<void> {
    const said = await this.environment.on('consumer', ['config', 'set', 'airlock:moreProducts', '[]']);
    expect(said.code, said.stderr).to.equal(0);
  }

  get management(): ForgeRepository {
    return this.environment.forge.repository(consumer, 'ocm-applications');
  }

  get project(): ForgeRepository {
    return this.environment.forge.repository(consumer, 'mpas-ocm-applications');
  }

  /** Updates a stack, which must succeed; previews are for people. */
  async up(side: 'dev' | 'consumer'): Promise<Said> {
    const said = await this.environment.on(side, ['up', '--yes', '--skip-preview'], { timeoutMs: 1_200_000 });
    expect(said.code, `${said.stdout}\n${said.stderr}`).to.equal(0);
    return said;
  }

  /** Publishes a release and waits for its pipeline, which must succeed. */
  async release(product: ProductName, tag: string, branch: string, notes?: string): Promise<void> {
    const verdict = await this.environment.release(tag, branch, product, notes);
    expect(verdict, `pipeline of ${product} ${tag}`).to.equal('success');
  }

  async states(): Promise<Record<ProductName, ProductState>> {
    const { products } = await this.environment.outputs('consumer');
    return products as Record<ProductName, ProductState>;
  }

  async state(product: ProductName): Promise<ProductState['deployment']> {
    return (await this.states())[product].deployment;
  }

  /** The pull request that proposes a version of the product; undefined where none is open. */
  async open(product: ProductName): Promise<PullRequest | undefined> {
    const all = await this.project.pullRequestsFrom(`airlock/${product}`);
    return all.find(each => each.state === 'open');
  }

  /** The pull request that must be open. */
  async proposal(product: ProductName, title: string): Promise<PullRequest> {
    const found = await this.open(product);
    expect(found?.title).to.equal(title);
    if (found === undefined) throw new Error(`no pull request ${title}`);
    return found;
  }

  /** What the required check says of a pull request's head. */
  async verdict(pull: PullRequest): Promise<CommitStatus | undefined> {
    const { headCommit } = (await this.project.pullRequest(pull.number)) ?? pull;
    const all = await this.project.statuses(headCommit);
    return all.find(each => each.context === 'airlock/validation');
  }

  async merge(pull: PullRequest): Promise<void> {
    const now = await this.project.pullRequest(pull.number);
    await this.project.mergePullRequest(pull.number, { headCommit: now?.headCommit ?? pull.headCommit });
  }

  /** Merges the pull requests that install the products. */
  async install(): Promise<void> {
    for (const product of ['podinfo', 'orders'] as const) {
      const [pull] = await this.management.pullRequestsFrom(`airlock/install-${product}`);
      if (pull === undefined) throw new Error(`no pull request installs ${product}`);
      await this.management.mergePullRequest(pull.number, { headCommit: pull.headCommit });
    }
  }

  async read(product: ProductName, file: string, ref = 'main'): Promise<string> {
    const found = await this.project.readFile(`products/${product}/${file}`, ref);
    return found?.content.toString('utf8') ?? '';
  }

  async lock(product: ProductName): Promise<ProductLock> {
    return parseLock(await this.read(product, 'lock.yaml'), 'lock.yaml');
  }

  /** Main names this version, and what it pins is in the consumer's registry. */
  async pinned(product: ProductName, version: string): Promise<void> {
    const lock = await this.lock(product);
    expect(lock.component.version).to.equal(version);
    const { registry } = await this.environment.registry('consumer');
    for (const { reference, digest } of lock.snapshots) {
      const [, name = ''] = /^[^/]+\/(.+?)(?::[^/:]+)?$/.exec(reference) ?? [];
      expect((await registry.repository(name).resolve(digest)).digest).to.equal(digest);
    }
  }

  /** A person's commit: each text of the product's values is replaced, and must be there. */
  async edit(product: ProductName, changes: Readonly<Record<string, string>>, branch = 'main'): Promise<void> {
    const path = `products/${product}/values.yaml`;
    const file = await this.project.readFile(path, branch);
    let text = file?.content.toString('utf8') ?? '';
    for (const [from, to] of Object.entries(changes)) {
      expect(text).to.include(from);
      text = text.replace(from, to);
    }
    await this.project.commitFiles({
      branch,
      message: `Set ${Object.values(changes).join(', ')}`,
      files: [{ operation: 'update', path, content: text, sha: file?.sha ?? '' }],
    });
  }

  destroy(): Promise<Said> {
    return this.environment.destroy();
  }
}
