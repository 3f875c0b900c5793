import { AirlockError } from '../report';
import type { FileBackend, StackFiles } from './backend';
import {
  checkpointText,
  emptyDeployment,
  featuresOf,
  featuresOfStates,
  newManifest,
  parseCheckpoint,
  parseExport,
  schemaOf,
} from './checkpoint';
import { acquireLock } from './lock';
import { stripSecrets } from './property';
import type { Crypter, SecretsManager } from './passphrase';
import type { StateSink } from './snapshot-manager';
import type { StackSecrets } from './stack-secrets';
import { repairResources } from './state-edits';
import { decodeDeployment, decodeResource, encodeResource, SecretCodec } from './state-codec';
import type { DeploymentJson, Snapshot } from './state-codec';
import { ROOT_STACK_TYPE } from './urn';
import { Secret } from './values';
import type { PropertyMap } from './values';

const isSealed = (text: string): boolean => text.includes('"ciphertext"');

function textOf(stack: string, salt: string | undefined, snapshot: Snapshot, codec: SecretCodec): string {
  const resources = snapshot.resources.map(state => JSON.stringify(encodeResource(state, codec.seal)));
  const pending = snapshot.pending.map(({ resource, type }) =>
    JSON.stringify({ resource: encodeResource(resource, codec.seal), type }),
  );
  return checkpointText(stack, salt, resources, pending, featuresOfStates(snapshot.resources));
}

/** The outputs in a deployment, opening no more than they hold. */
function outputsIn(deployment: DeploymentJson | undefined, open: (ciphertext: string) => Secret): PropertyMap {
  const root = deployment?.resources?.find(r => r['type'] === ROOT_STACK_TYPE && r['delete'] !== true);
  return root ? decodeResource({ ...root, inputs: {} }, open).outputs : {};
}

/** What `stack export` gives: 4 where the state uses features that version 3 has not. */
export interface ExportedState {
  readonly version: 3 | 4;
  readonly features?: readonly string[];
  readonly deployment: DeploymentJson;
}

export interface LoadedState {
  readonly deployment: DeploymentJson | undefined;
  readonly snapshot: Snapshot;
  readonly sink: StateSink;
  /** Seals what is written, and opens what was sealed by it. */
  readonly sealer: Crypter;
}

/** The stored state of one stack. */
export class StackState {
  constructor(
    private readonly backend: FileBackend,
    private readonly files: StackFiles,
    private readonly secrets: StackSecrets,
    private readonly configSalt: () => Promise<string | undefined>,
  ) {}

  private async read(): Promise<{ file: string; text: string }> {
    const read = await this.backend.read(this.files);
    if (read) return read;
    throw new AirlockError({ code: 'engine.unknown-stack', message: `There is no stack ${this.files.name}` });
  }

  /** The salt the state itself records. */
  async salt(): Promise<string | undefined> {
    const { text, file } = await this.read();
    return parseCheckpoint(text, file)?.secrets_providers?.state?.salt;
  }

  /**
   * Loads the state. `writing`: secrets may come to be written, so that a passphrase is needed in any case. Without `decode` nothing
   * is opened, and the snapshot is empty.
   */
  async load(options: { decode?: boolean; writing?: boolean } = {}): Promise<LoadedState> {
    const { text, file } = await this.read();
    const deployment = parseCheckpoint(text, file);
    const decode = options.decode !== false;
    const { opener, sealer, salt } = await this.secrets.forState(deployment, await this.configSalt(), {
      sealed: decode && isSealed(text),
      writing: options.writing === true,
    });
    const codec = new SecretCodec({
      encrypt: plaintext => sealer.encrypt(plaintext),
      decrypt: ciphertext => opener.decrypt(ciphertext),
    });
    // Under another salt, ciphertexts that were kept could not be opened again.
    if (opener !== sealer && salt !== deployment?.secrets_providers?.state?.salt) codec.forget = true;
    const snapshot = deployment && decode ? decodeDeployment(deployment, codec) : { resources: [], pending: [] };
    const write = async (checkpoint: string): Promise<void> => void (await this.backend.write(this.files, checkpoint));
    const append = (lines: string, head: boolean): Promise<void> => this.backend.append(this.files, lines, head);
    return { deployment, snapshot, sealer, sink: { stack: this.files.name, salt, codec, write, append } };
  }

  /** Does `work` while no other run can; `onStale` hears of what a dead run left: its lock, and its journal. */
  async locked<T>(work: () => Promise<T>, onStale: (message: string) => void = () => undefined): Promise<T> {
    const lock = await acquireLock(this.files.locks, this.files.name, onStale);
    try {
      const recovered = await this.backend.recover(this.files);
      if (recovered !== undefined) onStale(recovered);
      return await work();
    } finally {
      await lock.release();
    }
  }

  /** Without `showSecrets` no passphrase is needed: secrets stay closed. */
  async outputs(options: { showSecrets?: boolean }): Promise<PropertyMap> {
    const { text, file } = await this.read();
    const deployment = parseCheckpoint(text, file);
    if (!options.showSecrets) return outputsIn(deployment, () => new Secret('[secret]'));
    return stripSecrets(outputsIn(deployment, await this.opener(deployment, text)));
  }

  private async opener(deployment: DeploymentJson | undefined, text: string): Promise<(ciphertext: string) => Secret> {
    const how = { sealed: isSealed(text), writing: false };
    return new SecretCodec((await this.secrets.forState(deployment, undefined, how)).opener).open;
  }

  async export(options: { showSecrets?: boolean }): Promise<ExportedState> {
    const { deployment, snapshot } = await this.load({ decode: options.showSecrets === true });
    const stored = deployment ?? emptyDeployment();
    const schema = schemaOf(featuresOf(stored.resources ?? []));
    if (!options.showSecrets) return { ...schema, deployment: stored };
    const codec = new SecretCodec({ encrypt: text => text, decrypt: text => text }, true);
    const resources = snapshot.resources.map(state => encodeResource(state, codec.seal));
    return { ...schema, deployment: { ...stored, resources } };
  }

  async import(text: string): Promise<void> {
    const deployment = parseExport(text, 'the imported deployment');
    await this.locked(async () => {
      await this.read();
      const { opener, sealer, salt } = await this.secrets.forState(deployment, await this.configSalt(), {
        sealed: isSealed(text),
        writing: isSealed(text) || text.includes('"plaintext"'),
      });
      const snapshot = decodeDeployment(deployment, new SecretCodec(opener));
      await this.backend.write(this.files, textOf(this.files.name, salt, snapshot, new SecretCodec(sealer)));
    });
  }

  async edit(edit: (snapshot: Snapshot) => Snapshot): Promise<void> {
    await this.locked(async () => {
      const loaded = await this.load({ writing: true });
      await this.replace(edit(loaded.snapshot), loaded);
    });
  }

  /** Writes what was made of a loaded state, which must be locked. Throws `engine.state-invalid`. */
  async replace(snapshot: Snapshot, { sink }: Pick<LoadedState, 'sink'>): Promise<void> {
    const text = textOf(sink.stack, sink.salt, snapshot, sink.codec);
    parseCheckpoint(text, 'the edited state');
    await this.backend.write(this.files, text);
  }

  /** Writes a loaded state, which must be locked, with its secrets sealed by another key. */
  async reseal(snapshot: Snapshot, sealer: SecretsManager): Promise<void> {
    await this.backend.write(this.files, textOf(this.files.name, sealer.salt, snapshot, new SecretCodec(sealer)));
  }

  /** Puts an unsound list of resources right, as far as that can be done without them. Answers what was done. */
  async repair(): Promise<string[]> {
    return this.locked(async () => {
      const { text, file } = await this.read();
      const deployment = parseCheckpoint(text, file, { verify: false });
      const { resources, changes } = repairResources(deployment?.resources ?? []);
      if (!deployment || changes.length === 0) return [];
      const repaired = { ...deployment, manifest: newManifest(), resources };
      const json = { ...schemaOf(featuresOf(resources)), checkpoint: { stack: this.files.name, latest: repaired } };
      const written = `${JSON.stringify(json)}\n`;
      parseCheckpoint(written, 'the repaired state');
      await this.backend.write(this.files, written);
      return changes;
    });
  }

  /** Another stack's outputs, for a StackReference. Throws `engine.unknown-stack-reference`. */
  async outputsOf(reference: string): Promise<PropertyMap> {
    const parts = reference.split('/');
    const name = parts[parts.length - 1] ?? '';
    const project = parts.length === 3 ? (parts[1] ?? '') : this.files.project;
    const read = await this.backend.read(this.backend.files(project, name));
    if (!read) {
      throw new AirlockError({
        code: 'engine.unknown-stack-reference',
        message: `The stack ${reference}, which the program refers to, does not exist`,
        where: this.backend.root,
        remedy: `Deploy it first: airlock up --stack ${name}`,
      });
    }
    const deployment = parseCheckpoint(read.text, read.file);
    return outputsIn(deployment, await this.opener(deployment, read.text));
  }
}
