import { parseLock } from '../../product';
import { AirlockError } from '../../report';
import { ConsumerPerson } from './consumer';
import type { Environment } from './environment';
import { duration } from '../terminal';
import type { Narrator } from './narrator';
import { askPodinfo, type PodinfoAnswer } from './podinfo';
import { eventually } from './wait';

/** What the consumer changes in step 9, and what must survive the upgrade in step 10. */
const edits = { message: 'Greetings from the other side of the air gap', replicas: 2 } as const;

/** The podinfo that release v1.1.0 brings (examples/podinfo/new-release). */
const upgraded = { podinfo: '6.9.2' } as const;

/** The demo's chapters, from the first release to the upgrade. Each looks first and does only what is not done yet. */
export class Story {
  constructor(
    private readonly environment: Environment,
    private readonly narrator: Narrator,
    private readonly signal: AbortSignal,
  ) {}

  /** Known once the platform stands. */
  private get person(): ConsumerPerson {
    return new ConsumerPerson(this.environment.forge, 'software-consumer', this.narrator, this.signal);
  }

  /** Publishes a release on the forge and waits until its pipeline says that it is done. */
  async release(tag: string, branch: string): Promise<void> {
    const repository = this.environment.forge.repository('software-provider', 'podinfo-component');
    const options = { signal: this.signal };
    const before = await repository.release(tag, options);
    if (before === undefined) {
      const release = await repository.createRelease(
        { tag, target: branch, name: tag, body: `Release ${tag} from branch ${branch}` },
        options,
      );
      this.narrator.done(`published release ${tag} from branch ${branch}`, release.url);
    } else {
      this.narrator.kept(`release ${tag} was published before`, before.url);
    }
    const status = await eventually(
      async () => {
        const all = await repository.statuses(tag, options);
        return all.find(each => each.context.startsWith('airlock/') && each.state !== 'pending');
      },
      {
        seconds: 180,
        what: `the release pipeline of ${tag}`,
        remedy: `Look at the runs: ${this.environment.text('releasesUrl')}`,
        signal: this.signal,
      },
    );
    if (status.state !== 'success') {
      throw new AirlockError({
        code: 'demo.release-failed',
        message: `The release pipeline of ${tag} says ${status.state}: ${status.description}`,
        remedy: `Read its log: ${status.targetUrl ?? this.environment.text('releasesUrl')}`,
      });
    }
    this.narrator.done(`pipeline: ${status.description}`, status.targetUrl);
  }

  /** The first pull request of the consumer: what to subscribe to and to install. */
  async install(): Promise<void> {
    await this.environment.up('consumer');
    await this.person.merge('ocm-applications', 'airlock/install-podinfo');
  }

  /** Replicates, verifies and proposes in one update; the provider's registry is not needed afterwards. */
  async replicateAndPropose(): Promise<void> {
    await this.environment.up('consumer');
    const version = this.environment.consumer('replication', 'version');
    if (version === '') {
      throw new AirlockError({
        code: 'demo.not-replicated',
        message: `Nothing was replicated: ${this.environment.consumer('replication', 'reason')}`,
        remedy: 'Look at the release and the subscription, then run again',
      });
    }
    this.narrator.done(
      `replicated and verified: ${version}, into ${this.environment.text('consumerRegistry', 'consumer')}`,
    );
  }

  async takeProviderRegistry(replicas: 0 | 1): Promise<void> {
    if (this.environment.platform === 'none') return;
    if (replicas === 0 && this.environment.consumer('deployment', 'merged') !== '') {
      this.narrator.kept('shown before: the consumer deployed without it');
      return;
    }
    await this.environment.up('dev', { 'airlock:providerRegistryReplicas': String(replicas) });
    this.narrator.done(
      replicas === 0
        ? "the provider's registry is gone: the consumer has all it needs"
        : "the provider's registry is back",
    );
  }

  /** The first deployment; once a person has edited or upgraded since, only that it runs is shown. */
  async deployFirst(): Promise<void> {
    await this.deploy(() => true);
  }

  /** Merges what is proposed and waits until Flux has rolled it out. */
  private async deploy(expected: (answer: PodinfoAnswer) => boolean, replicas?: number): Promise<void> {
    const merged = await this.person.merge('mpas-ocm-applications', 'airlock/podinfo');
    const begun = Date.now();
    await this.showDeployed(expected, replicas);
    if (merged !== undefined && this.environment.platform !== 'none') {
      this.narrator.measure(`merge of #${merged.number} to rolled-out pod`, duration(Date.now() - begun), '20 s');
    }
  }

  /** The consumer edits the values on main; the next update answers with a commit that renews the lock. */
  async edit(): Promise<void> {
    const path = 'products/podinfo/values.yaml';
    const values = Object.fromEntries(Object.entries(edits).map(([key, value]) => [`podinfo.${key}`, value]));
    const changed = await this.person.edit('mpas-ocm-applications', path, values, 'Greet, and run two of it');
    if (changed) this.narrator.done(`committed to main: message and replicas in ${path}`);
    else this.narrator.kept(`${path} has the consumer's message and replicas`);
    await this.environment.up('consumer');
    await this.showDeployed(answer => answer.message === edits.message, edits.replicas);
  }

  /** Shows what the upgrade would change, and that looking changed nothing. */
  async previewUpgrade(): Promise<void> {
    const text = await this.environment.preview();
    if (text === '') this.narrator.kept('nothing would change');
    else this.narrator.quote(text);
  }

  /** Proposes, merges, and waits for the new version with the consumer's edits. */
  async upgrade(): Promise<void> {
    await this.environment.up('consumer');
    await this.deploy(
      answer => answer.version === upgraded.podinfo && answer.message === edits.message,
      edits.replicas,
    );
    await this.environment.up('consumer');
  }

  private async showDeployed(expected: (answer: PodinfoAnswer) => boolean, replicas?: number): Promise<void> {
    if (this.environment.platform === 'none') {
      await this.showSnapshot();
      return;
    }
    const url = this.environment.text('podinfoUrl');
    const answer = await eventually(
      async () => {
        const said = await askPodinfo(url, this.signal);
        return said !== undefined && expected(said) ? said : undefined;
      },
      {
        seconds: 180,
        what: `podinfo to answer at ${url}`,
        remedy: 'Look at the Flux objects: kubectl get kustomizations -A',
        signal: this.signal,
      },
    );
    if (replicas !== undefined) await this.environment.waitForReplicas(replicas);
    const pods = replicas === undefined ? '' : `, ${replicas} pods`;
    this.narrator.done(`podinfo ${answer.version} answers: "${answer.message}"${pods}`, url);
  }

  /** Without a cluster the story ends at what Flux would deploy. */
  private async showSnapshot(): Promise<void> {
    const path = 'products/podinfo/lock.yaml';
    const lock = parseLock(await this.person.read('mpas-ocm-applications', path), path);
    for (const snapshot of lock.snapshots) {
      this.narrator.done(
        `main pins ${lock.component.name}:${lock.component.version} as ${snapshot.reference}@${snapshot.digest}`,
      );
    }
  }
}
