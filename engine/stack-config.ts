import { readFile } from 'node:fs/promises';
import * as path from 'node:path';
import { Document, isMap, isNode, parseDocument } from 'yaml';
import { AirlockError } from '../report';
import { writeAtomically } from './atomic-file';
import { hasSecure } from './config-value';
import type { RawConfig } from './config-value';
import { namespacedKey, parseYamlObject } from './project';
import { parsePath } from './property-path';

/** `Pulumi.<stack>.yaml`. Edits keep comments and order. */
export class StackConfigFile {
  private document: Document = new Document({});
  private text = '';

  private constructor(
    readonly file: string,
    private readonly project: string,
  ) {}

  /** An absent file is an empty one. Throws `engine.yaml-invalid`. */
  static async load(file: string, project: string): Promise<StackConfigFile> {
    const config = new StackConfigFile(file, project);
    config.text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw new AirlockError({
        code: 'engine.config-unreadable',
        message: `Cannot read ${path.basename(file)}`,
        where: file,
        cause: error,
      });
    });
    parseYamlObject(config.text, file);
    if (config.text.trim() !== '') config.document = parseDocument(config.text);
    if (!isMap(config.document.contents)) config.document = new Document({});
    return config;
  }

  get encryptionSalt(): string | undefined {
    const value: unknown = this.document.get('encryptionsalt');
    return typeof value === 'string' && value !== '' ? value : undefined;
  }

  set encryptionSalt(salt: string) {
    this.document.set('encryptionsalt', salt);
  }

  /** `secretsprovider`, when it names one other than the passphrase. */
  get secretsProvider(): string | undefined {
    const value: unknown = this.document.get('secretsprovider');
    return typeof value === 'string' && value !== '' && value !== 'default' && value !== 'passphrase'
      ? value
      : undefined;
  }

  /** All values by namespaced key. */
  values(): Map<string, RawConfig> {
    const block: unknown = (this.document.toJS({ maxAliasCount: 100 }) as Record<string, unknown> | null)?.['config'];
    if (block === undefined || block === null) return new Map();
    if (typeof block !== 'object' || Array.isArray(block)) {
      throw new AirlockError({ code: 'engine.config-invalid', message: '`config` must be a map', where: this.file });
    }
    return new Map(Object.entries(block).map(([key, value]) => [namespacedKey(key, this.project), value as RawConfig]));
  }

  get hasSecrets(): boolean {
    return [...this.values().values()].some(hasSecure);
  }

  /** One value; with `asPath`, a part of a structured one. */
  get(key: string, asPath = false): RawConfig {
    const { yamlKey, steps } = this.locate(key, asPath);
    const at = ['config', yamlKey, ...steps];
    const node: unknown = this.document.getIn(at, true);
    return isNode(node) ? (node.toJS(this.document, { maxAliasCount: 100 }) as RawConfig) : node;
  }

  /** With `asPath`, `key` is a property path into a structured value (`airlock:servers[0].name`). */
  set(key: string, value: RawConfig, asPath = false): void {
    const { yamlKey, steps } = this.locate(key, asPath);
    if (!isMap(this.document.get('config'))) this.document.set('config', this.document.createNode({}));
    this.document.setIn(['config', yamlKey, ...steps], this.document.createNode(value));
  }

  /** True when there was such a value. */
  remove(key: string, asPath = false): boolean {
    const { yamlKey, steps } = this.locate(key, asPath);
    const at = ['config', yamlKey, ...steps];
    if (!this.document.hasIn(at)) return false;
    this.document.deleteIn(at);
    const block: unknown = this.document.get('config');
    if (isMap(block) && block.items.length === 0) this.document.delete('config');
    return true;
  }

  private locate(key: string, asPath: boolean): { yamlKey: string; steps: (string | number)[] } {
    const [top, ...steps] = asPath ? (parsePath(key) ?? []) : [key];
    if (top === undefined) {
      throw new AirlockError({
        code: 'engine.config-key-invalid',
        message: `${JSON.stringify(key)} is not a property path`,
      });
    }
    const name = namespacedKey(String(top), this.project);
    // A key may be written in the file without its namespace's long form; edit it where it is.
    const block: unknown = this.document.get('config');
    const written = isMap(block)
      ? block.items.map(item => String(item.key)).find(k => namespacedKey(k, this.project) === name)
      : undefined;
    return { yamlKey: written ?? name, steps };
  }

  /** Writes the file when it changed. */
  async save(): Promise<void> {
    const text = this.document.toString({ lineWidth: 0 });
    if (text === this.text || (text.trim() === '{}' && this.text.trim() === '')) return;
    await writeAtomically(this.file, text);
    this.text = text;
  }
}
