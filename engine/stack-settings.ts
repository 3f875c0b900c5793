import { AirlockError } from '../report';
import { configText, hasSecure, isSecure, readConfigValue } from './config-value';
import type { ConfigValue, RawConfig } from './config-value';
import type { Crypter, SecretsManager } from './passphrase';
import { StackConfigFile } from './stack-config';
import type { StackSecrets } from './stack-secrets';

export interface ConfigEdit {
  /** Encrypts the value. */
  readonly secret?: boolean;
  /** The key is a property path into a structured value. */
  readonly path?: boolean;
}

/** The configuration of one stack: `Pulumi.<stack>.yaml`, secrets opened and sealed. */
export class StackConfig {
  private raw: ReadonlyMap<string, RawConfig> = new Map();

  constructor(
    private readonly project: string,
    private readonly stack: string,
    readonly file: string,
    private readonly secrets: StackSecrets,
    /** The state's own salt, for a configuration that has none yet. */
    private readonly stateSalt: () => Promise<string | undefined>,
  ) {}

  private async load(): Promise<StackConfigFile> {
    const file = await StackConfigFile.load(this.file, this.project);
    if (file.secretsProvider !== undefined) {
      throw new AirlockError({
        code: 'engine.secrets-provider',
        message: `The secrets of stack ${this.stack} are kept by "${file.secretsProvider.split(':')[0]}"; the embedded engine opens passphrase secrets only`,
        where: this.file,
        remedy: 'Change it with the Pulumi CLI: pulumi stack change-secrets-provider passphrase',
      });
    }
    this.raw = file.values();
    return file;
  }

  async salt(): Promise<string | undefined> {
    return (await this.load()).encryptionSalt;
  }

  /** Records the salt that values were sealed under outside the configuration, where it has none yet. */
  async keepSalt(salt: string): Promise<void> {
    const file = await this.load();
    if (file.encryptionSalt !== undefined) return;
    file.encryptionSalt = salt;
    await file.save();
  }

  /** The values as the file holds them: what is encrypted stays so. */
  async sealed(): Promise<Record<string, RawConfig>> {
    return Object.fromEntries((await this.load()).values());
  }

  /** Every value in the file, opened and sealed anew; `encryptionsalt` becomes that of `sealer`. */
  async reseal(sealer: SecretsManager): Promise<void> {
    const file = await this.load();
    const opener = await this.crypter(file);
    for (const [key, value] of file.values()) {
      if (opener && hasSecure(value)) file.set(key, resealed(value, opener, sealer));
    }
    file.encryptionSalt = sealer.salt;
    await file.save();
  }

  /** Values of another stack of the project; what is secret there is here. Without `key`, all of them. */
  async copyFrom(other: StackConfig, key?: string, edit: Pick<ConfigEdit, 'path'> = {}): Promise<void> {
    if (key !== undefined) {
      const value = await other.get(key, edit);
      if (!value) {
        throw new AirlockError({
          code: 'engine.config-missing',
          message: `Stack ${other.stack} has no configuration ${key}`,
          where: other.file,
        });
      }
      return this.set(key, value.text, { ...edit, secret: value.secret });
    }
    const source = await other.load();
    const opener = await other.crypter(source);
    const file = await this.load();
    for (const [name, value] of source.values()) {
      file.set(name, opener && hasSecure(value) ? resealed(value, opener, await this.sealer(file)) : value);
    }
    await file.save();
  }

  /** Replaces all values by those of the last deployment, as its history holds them. */
  async restore(values: Readonly<Record<string, RawConfig>>): Promise<void> {
    const file = await this.load();
    for (const key of file.values().keys()) if (!(key in values)) file.remove(key);
    for (const [key, value] of Object.entries(values)) file.set(key, value);
    await file.save();
  }

  private async sealer(file: StackConfigFile): Promise<SecretsManager> {
    const salt = file.encryptionSalt ?? (await this.stateSalt());
    const manager = salt === undefined ? await this.secrets.create() : await this.secrets.open(salt, this.file);
    file.encryptionSalt = manager.salt;
    return manager;
  }

  private async crypter(file: StackConfigFile): Promise<Crypter | undefined> {
    if (!file.hasSecrets) return undefined;
    if (file.encryptionSalt === undefined) {
      throw new AirlockError({
        code: 'engine.salt-missing',
        message: 'The configuration has encrypted values, but no `encryptionsalt`',
        where: this.file,
        remedy: 'Restore the line, or set the values again with `airlock config set --secret`',
      });
    }
    return this.secrets.open(file.encryptionSalt, this.file);
  }

  /** Every value by namespaced key; asks for the passphrase only when one is encrypted. */
  async all(): Promise<Map<string, ConfigValue>> {
    const file = await this.load();
    const crypter = await this.crypter(file);
    return new Map([...file.values()].map(([key, value]) => [key, readConfigValue(value, crypter)]));
  }

  /** Keys with whether they are secret, and the text of those that are not: needs no passphrase. */
  async masked(): Promise<Map<string, ConfigValue>> {
    const file = await this.load();
    return new Map(
      [...file.values()].map(([key, value]) => [
        key,
        hasSecure(value) ? { text: '[secret]', secret: true } : { text: configText(value), secret: false },
      ]),
    );
  }

  /** With `path`, `key` names a part of a structured value. */
  async get(key: string, edit: Pick<ConfigEdit, 'path'> = {}): Promise<ConfigValue | undefined> {
    const file = await this.load();
    const value = file.get(key, edit.path);
    if (value === undefined) return undefined;
    return readConfigValue(value, hasSecure(value) ? await this.crypter(file) : undefined);
  }

  /** Writes a value, comments and order of the file kept. A first secret also writes `encryptionsalt`. */
  async set(key: string, value: string, edit: ConfigEdit = {}): Promise<void> {
    const file = await this.load();
    let raw: RawConfig = edit.path && !edit.secret ? typed(value) : value;
    if (edit.secret) {
      raw = { secure: (await this.sealer(file)).encrypt(value) };
    }
    file.set(key, raw, edit.path);
    await file.save();
  }

  /** Plain values given with an operation; those already so are left alone. */
  async setAll(values: Readonly<Record<string, string>>, edit: Pick<ConfigEdit, 'path'> = {}): Promise<void> {
    const entries = Object.entries(values);
    if (entries.length === 0) return;
    const file = await this.load();
    for (const [key, value] of entries) {
      const old = file.get(key, edit.path);
      if (old === undefined || hasSecure(old) || configText(old) !== value) {
        file.set(key, edit.path ? typed(value) : value, edit.path);
      }
    }
    await file.save();
  }

  /** True when there was such a value. */
  async remove(key: string, edit: Pick<ConfigEdit, 'path'> = {}): Promise<boolean> {
    const file = await this.load();
    const removed = file.remove(key, edit.path);
    await file.save();
    return removed;
  }

  /** As Pulumi's history keeps it: encrypted values stay so. */
  historyForm(): Record<string, { value: string; secret: boolean }> {
    return Object.fromEntries(
      [...this.raw].map(([key, value]) => [
        key,
        hasSecure(value) ? { value: JSON.stringify(value), secret: true } : { value: configText(value), secret: false },
      ]),
    );
  }
}

function resealed(value: RawConfig, opener: Crypter, sealer: Crypter): RawConfig {
  if (isSecure(value)) return { secure: sealer.encrypt(opener.decrypt(value.secure)) };
  if (Array.isArray(value)) return value.map(item => resealed(item as RawConfig, opener, sealer));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, resealed(item as RawConfig, opener, sealer)]),
  );
}

/** In structured values Pulumi keeps booleans and whole numbers as such. */
function typed(value: string): RawConfig {
  if (value === 'true' || value === 'false') return value === 'true';
  return /^-?(0|[1-9]\d{0,14})$/.test(value) ? Number(value) : value;
}
