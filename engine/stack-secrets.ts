import { AirlockError } from '../report';
import { newSecretsManager, openSecretsManager } from './passphrase';
import type { Crypter, SecretsManager } from './passphrase';
import { findPassphrase } from './passphrase-source';
import type { AskPassphrase } from './passphrase-source';
import type { DeploymentJson } from './state-codec';

/** What opens a stack's state and what seals it: the same, unless the configuration's salt changed since. */
export interface StateSecrets {
  readonly opener: Crypter;
  readonly sealer: Crypter;
  /** To be recorded with the state; undefined while it holds no secret. */
  readonly salt: string | undefined;
}

const noPassphrase = (stack: string): AirlockError =>
  new AirlockError({
    code: 'engine.no-passphrase',
    message: `Stack ${stack} has secrets, and no passphrase was given`,
    remedy: 'Set PULUMI_CONFIG_PASSPHRASE, or PULUMI_CONFIG_PASSPHRASE_FILE to a file that holds it',
  });

/** The passphrase of one stack, asked for once and only when needed. */
export class StackSecrets {
  private passphrase: Promise<string> | undefined;
  private fresh: Promise<SecretsManager> | undefined;

  constructor(
    private readonly stack: string,
    private readonly env: NodeJS.ProcessEnv,
    private readonly ask: AskPassphrase | undefined,
  ) {}

  private phrase(): Promise<string> {
    return (this.passphrase ??= findPassphrase(this.stack, this.env, this.ask));
  }

  async open(salt: string, where: string): Promise<SecretsManager> {
    return openSecretsManager(await this.phrase(), salt, where);
  }

  /** One with a new salt, the same for the life of this object. */
  async create(): Promise<SecretsManager> {
    const phrase = await this.phrase();
    return (this.fresh ??= newSecretsManager(phrase));
  }

  /**
   * For a state that holds secrets (`sealed`), or to which secrets may be written (`writing`). Throws `engine.no-passphrase`,
   * `engine.wrong-passphrase` and `engine.secrets-provider`.
   */
  async forState(
    deployment: DeploymentJson | undefined,
    configSalt: string | undefined,
    how: { sealed: boolean; writing: boolean },
  ): Promise<StateSecrets> {
    const provider = deployment?.secrets_providers;
    if (provider && provider.type !== 'passphrase' && provider.type !== '') {
      throw new AirlockError({
        code: 'engine.secrets-provider',
        message: `The secrets of stack ${this.stack} are kept by "${provider.type}"; the embedded engine opens passphrase secrets only`,
        remedy: 'Change it with the Pulumi CLI: pulumi stack change-secrets-provider passphrase',
      });
    }
    const stateSalt = provider?.state?.salt;
    const missing: Crypter = {
      encrypt: () => {
        throw noPassphrase(this.stack);
      },
      decrypt: () => {
        throw noPassphrase(this.stack);
      },
    };
    const opener = how.sealed && stateSalt !== undefined ? await this.open(stateSalt, 'the state') : missing;
    if (!how.writing) return { opener, sealer: opener, salt: stateSalt };
    const salt = configSalt ?? stateSalt;
    const sealer =
      salt === undefined
        ? await this.create()
        : await this.open(salt, configSalt === undefined ? 'the state' : 'encryptionsalt');
    return { opener, sealer, salt: sealer.salt };
  }
}
