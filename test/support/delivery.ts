import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GiteaRepository, PullRequest } from '../../forge';
import {
  buildComponents,
  generateRsaKey,
  openComponentRepository,
  openRegistries,
  signComponentVersion,
  transferComponentVersion,
  type Registries,
  type RsaKeyPair,
} from '../../ocm';
import {
  deploymentReaders,
  installationFiles,
  isReplicated,
  planDeployment,
  replicate,
  resolveReplication,
  settleDeployment,
  type DeploymentInputs,
  type DeploymentPlan,
  type InstallationInputs,
  type ReplicationInputs,
  type ResolvedVersion,
} from '../../product';
import { silent } from '../../report';
import { pushImage } from './artifacts';
import { controlPlanePrograms, startControlPlane, type RunningControlPlane } from './control-plane';
import { projectFolder } from './environment';
import { giteaProgram, startGitea, type RunningGitea } from './gitea';
import { programs } from './programs';
import { registryBinary, startRegistry, type TestRegistry } from './registry';

export const component = 'ocm.software/demos/podinfo';
const signature = 'ocm-signing';

/** Why deliveries cannot be tested here; undefined when they can. */
export async function deliveryLacks(): Promise<string | undefined> {
  const there = (await giteaProgram()) !== undefined && (await registryBinary()) !== undefined;
  return there ? undefined : 'no Gitea or registry in the cache (airlock images build gitea registry)';
}

/** For a `before` hook: a scene, or the reason told and the suite skipped. `further`: what else the suite lacks. */
export async function sceneFor(context: Mocha.Context, further?: string): Promise<DeliveryScene> {
  const lacks = further ?? (await deliveryLacks());
  if (lacks === undefined) return DeliveryScene.begin();
  console.log(`      skipped: ${lacks}`);
  return context.skip();
}

/** The same, with a cluster. */
export async function sceneWithCluster(context: Mocha.Context): Promise<[DeliveryScene, RunningControlPlane]> {
  const found = await controlPlanePrograms();
  const lacks = found === undefined ? 'no control plane in the cache (airlock images build)' : undefined;
  const scene = await sceneFor(context, lacks);
  try {
    return found === undefined ? context.skip() : [scene, await startControlPlane(found)];
  } catch (error) {
    await scene.end();
    throw error;
  }
}

export interface Updated {
  readonly resolved: ResolvedVersion;
  readonly plan: DeploymentPlan;
  /** Page of the pull request. */
  readonly url: string;
}

/** A vendor and a consumer on a real forge and a real registry: what an update of one product does, without the engine. */
export class DeliveryScene {
  private resolved = new Map<string, ResolvedVersion>();

  private constructor(
    readonly gitea: RunningGitea,
    readonly registry: TestRegistry,
    private readonly keys: RsaKeyPair,
    private readonly folder: string,
    private readonly registries: Registries,
  ) {}

  static async begin(): Promise<DeliveryScene> {
    const [program, binary] = [await giteaProgram(), await registryBinary()];
    if (program === undefined || binary === undefined) throw new Error(await deliveryLacks());
    const [gitea, registry, keys] = await Promise.all([
      startGitea(program),
      startRegistry(binary),
      generateRsaKey(2048),
    ]);
    const registries = openRegistries({
      credentials: () => Promise.resolve({ username: registry.username, password: registry.password }),
    });
    const folder = await mkdtemp(join(tmpdir(), 'airlock-delivery-'));
    await pushImage(registries(registry.host).content('vendor/podinfo'), '6.9.2');
    const scene = new DeliveryScene(gitea, registry, keys, folder, registries);
    await gitea.forge.organizations.create({ name: 'consumer' });
    for (const name of ['management', 'project'])
      await gitea.forge.repositories.create({ owner: 'consumer', name, private: true });
    return scene;
  }

  async end(): Promise<void> {
    await Promise.all([this.gitea.stop(), this.registry.stop()]);
    await rm(this.folder, { recursive: true, force: true });
  }

  get project(): GiteaRepository {
    return this.gitea.forge.repository('consumer', 'project');
  }

  get management(): GiteaRepository {
    return this.gitea.forge.repository('consumer', 'management');
  }

  /** Publishes a version of the example's branch, as the vendor's pipeline does. */
  async release(version: string, branch = 'main', options: { sign?: boolean; name?: string } = {}): Promise<void> {
    await this.publish(
      join(projectFolder, 'examples', 'podinfo', branch, 'component-constructor.yaml'),
      version,
      options,
    );
  }

  /** Builds a constructor file's component as this version, signs it, and brings it to the vendor's registry. */
  async publish(
    file: string,
    version: string,
    options: {
      readonly sign?: boolean;
      readonly name?: string;
      /** Constructor files of the components that it references, with their versions. */
      readonly references?: readonly { readonly file: string; readonly version: string }[];
    } = {},
  ): Promise<void> {
    const { name = component, sign = true, references = [] } = options;
    const ctf = await openComponentRepository(join(this.folder, `ctf-${version}-${Date.now()}`), {
      mode: 'update',
      registries: this.registries,
    });
    const settings = { VERSION: version, REGISTRY: `${this.registry.host}/vendor`, PODINFO_VERSION: '6.9.2' };
    for (const each of [...references, { file, version }])
      await buildComponents(each.file, ctf, { settings, version: each.version, epoch: 0, registries: this.registries });
    if (sign)
      await signComponentVersion(ctf, name, version, { signature, privateKey: this.keys.privateKey, recursive: true });
    const target = await openComponentRepository(`${this.registry.host}/vendor`, { registries: this.registries });
    await transferComponentVersion(await ctf.open(name, version), target, { overwrite: true, recursive: true });
    await ctf.close();
    await target.close();
  }

  /** An image of this name and tag in the vendor's registry. */
  async vendorImage(name: string, tag: string): Promise<void> {
    await pushImage(this.registries(this.registry.host).content(`vendor/${name}`), tag);
  }

  private get account() {
    return { username: this.registry.username, password: this.registry.password };
  }

  inputs(instance = 'podinfo', over: Partial<DeploymentInputs> = {}): DeploymentInputs {
    return {
      forge: { url: this.gitea.url, ...this.gitea.admin },
      installation: { owner: 'consumer', name: 'management' },
      repository: { owner: 'consumer', name: 'project' },
      project: 'apps',
      instance,
      component,
      version: '',
      digest: '',
      registry: { host: `${this.registry.host}/consumer`, ...this.account },
      source: { host: `${this.registry.host}/vendor`, ...this.account },
      trustedKeys: { [signature]: this.keys.publicKey },
      ...over,
    };
  }

  replication(instance = 'podinfo'): ReplicationInputs {
    const { forge, installation, source, registry, trustedKeys } = this.inputs(instance);
    const subscription = { ...installation, path: `subscriptions/${instance}.yaml` };
    return { forge, subscription, source, destination: registry, trustedKeys };
  }

  installation(instance = 'podinfo', over: Partial<InstallationInputs> = {}): InstallationInputs {
    const { forge, installation, repository, project, source, registry } = this.inputs(instance);
    return {
      forge,
      repository: installation,
      projectRepository: repository,
      project,
      instance,
      component,
      semver: '>=1.0.0',
      source: source.host,
      destination: registry.host,
      signature,
      targetNamespace: instance,
      ...over,
    };
  }

  /** What the merged installation pull request would leave on main. */
  async install(instance = 'podinfo', over: Partial<InstallationInputs> = {}): Promise<void> {
    const there = new Set((await this.management.listTree('main', '')).map(each => each.path));
    const files = [...installationFiles(this.installation(instance, over))].filter(([path]) => !there.has(path));
    await this.management.commitFiles({
      branch: 'main',
      message: `Install ${instance}`,
      files: files.map(([path, content]) => ({ operation: 'create', path, content })),
    });
  }

  private async replicate(instance: string): Promise<ResolvedVersion> {
    const replication = this.replication(instance);
    const resolved = await resolveReplication(replication, this.resolved.get(instance) ?? {});
    this.resolved.set(instance, resolved);
    if (resolved.version !== '' && !(await isReplicated(replication, resolved)))
      await replicate(replication, resolved, silent);
    return resolved;
  }

  /** Looks, replicates and plans, as the preview of an update does after its replication. */
  async plan(instance = 'podinfo', over: Partial<DeploymentInputs> = {}): Promise<Omit<Updated, 'url'>> {
    const resolved = await this.replicate(instance);
    const inputs = this.inputs(instance, { version: resolved.version, digest: resolved.digest, ...over });
    const readers = deploymentReaders(inputs);
    try {
      return { resolved, plan: await planDeployment(inputs, readers.open, { programs }) };
    } finally {
      await readers.close();
    }
  }

  /** One update of one product. */
  async update(instance = 'podinfo', over: Partial<DeploymentInputs> = {}): Promise<Updated> {
    const resolved = await this.replicate(instance);
    const { version, digest } = resolved;
    const { plan, pullRequest } = await settleDeployment(this.inputs(instance, { version, digest, ...over }), {
      programs,
    });
    return { resolved, plan, url: pullRequest };
  }

  /** The one open pull request of the project; there must not be more. */
  async open(): Promise<PullRequest | undefined> {
    const all = await this.project.pullRequests('open');
    if (all.length > 1) throw new Error(`${all.length} pull requests are open: ${all.map(each => each.title).join()}`);
    return all[0];
  }

  async merge(): Promise<PullRequest> {
    const open = await this.open();
    if (open === undefined) throw new Error('no pull request is open');
    return this.project.mergePullRequest(open.number);
  }

  async read(path: string, ref = 'main'): Promise<string> {
    return (await this.project.readFile(path, ref))?.content.toString('utf8') ?? '';
  }

  /** Replaces text in a file by a commit, as a person does. */
  async edit(path: string, from: string | RegExp, to: string, branch = 'main'): Promise<string> {
    const file = await this.project.readFile(path, branch);
    const before = file?.content.toString('utf8') ?? '';
    const content = before.replace(from, to);
    if (content === before) throw new Error(`${path} has no ${String(from)}`);
    const files = [{ operation: 'update', path, sha: file?.sha ?? '', content }] as const;
    return (await this.project.commitFiles({ branch, message: 'Edit', files })).commit;
  }
}
