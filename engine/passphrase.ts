import { createCipheriv, createDecipheriv, pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { AirlockError } from '../report';

const ITERATIONS = 1_000_000;
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const SALT_BYTES = 8;
const CHECK_TEXT = 'pulumi';
const derive = promisify(pbkdf2);

/** Seals and opens single values; the text forms are Pulumi's. */
export interface Crypter {
  /** `v1:<base64 nonce>:<base64 ciphertext and tag>`. */
  encrypt(plaintext: string): string;
  /** Throws `engine.ciphertext-invalid`. */
  decrypt(ciphertext: string): string;
}

/** A passphrase together with the salt that state and stack configuration record. */
export interface SecretsManager extends Crypter {
  /** `v1:<base64 salt>:<encrypted check text>`, as `encryptionsalt` and `secrets_providers.state.salt` hold it. */
  readonly salt: string;
}

class AesCrypter implements Crypter {
  constructor(private readonly key: Buffer) {}

  encrypt(plaintext: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.key, nonce);
    const sealed = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `v1:${nonce.toString('base64')}:${sealed.toString('base64')}`;
  }

  decrypt(ciphertext: string): string {
    const [version, nonceText, sealedText] = ciphertext.split(':');
    const nonce = Buffer.from(nonceText ?? '', 'base64');
    const sealed = Buffer.from(sealedText ?? '', 'base64');
    try {
      if (version !== 'v1' || nonce.length !== NONCE_BYTES || sealed.length < TAG_BYTES) throw new Error('malformed');
      const decipher = createDecipheriv('aes-256-gcm', this.key, nonce);
      decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
      const opened = decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES));
      return Buffer.concat([opened, decipher.final()]).toString('utf8');
    } catch (cause) {
      throw new AirlockError({
        code: 'engine.ciphertext-invalid',
        message: 'A secret cannot be decrypted: it was encrypted with another passphrase, or altered',
        remedy: 'Set it again with `airlock config set --secret`, or restore the file it came from',
        cause,
      });
    }
  }
}

// Derivation costs 0.4 s; one process opens the same stack many times.
const derived = new Map<string, Promise<Buffer>>();

function keyOf(passphrase: string, salt: Buffer): Promise<Buffer> {
  const name = `${salt.toString('base64')}\0${passphrase}`;
  const known = derived.get(name);
  if (known) return known;
  const key = derive(passphrase, salt, ITERATIONS, KEY_BYTES, 'sha256');
  derived.set(name, key);
  return key;
}

/** A manager with a fresh salt. */
export async function newSecretsManager(passphrase: string): Promise<SecretsManager> {
  const salt = randomBytes(SALT_BYTES);
  const crypter = new AesCrypter(await keyOf(passphrase, salt));
  return manager(`v1:${salt.toString('base64')}:${crypter.encrypt(CHECK_TEXT)}`, crypter);
}

/**
 * Opens what was sealed under `salt` (`v1:<salt>:<check>`). Throws `engine.wrong-passphrase`, or `engine.salt-malformed`.
 * `where` names the file the salt came from.
 */
export async function openSecretsManager(passphrase: string, salt: string, where?: string): Promise<SecretsManager> {
  const [version, saltText, ...check] = salt.split(':');
  const bytes = Buffer.from(saltText ?? '', 'base64');
  if (version !== 'v1' || bytes.length === 0 || check.length === 0) {
    throw new AirlockError({
      code: 'engine.salt-malformed',
      message: 'The encryption salt is malformed',
      remedy: 'Restore it from a backup or from version control',
      ...(where === undefined ? {} : { where }),
    });
  }
  const crypter = new AesCrypter(await keyOf(passphrase, bytes));
  let opened: string | undefined;
  try {
    opened = crypter.decrypt(check.join(':'));
  } catch {
    // Told below.
  }
  if (opened !== CHECK_TEXT) {
    throw new AirlockError({
      code: 'engine.wrong-passphrase',
      message: 'The passphrase is not the one this stack was encrypted with',
      remedy: 'Set PULUMI_CONFIG_PASSPHRASE, or PULUMI_CONFIG_PASSPHRASE_FILE, to the right one',
      ...(where === undefined ? {} : { where }),
    });
  }
  return manager(salt, crypter);
}

function manager(salt: string, crypter: Crypter): SecretsManager {
  return { salt, encrypt: text => crypter.encrypt(text), decrypt: text => crypter.decrypt(text) };
}
