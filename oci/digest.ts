import { createHash, type Hash } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';
import { AirlockError } from '../report';
import type { Descriptor } from './content';

export type DigestAlgorithm = 'sha256' | 'sha512';

const HEX_LENGTH: Readonly<Record<DigestAlgorithm, number>> = { sha256: 64, sha512: 128 };

/** True for `sha256:<64 hex>` and `sha512:<128 hex>` in lower case. */
export function isDigest(text: string): boolean {
  return /^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/.test(text);
}

/** Splits a digest. Throws `oci.invalid-digest`, so what it returns is safe in a path. */
export function parseDigest(digest: string): { algorithm: DigestAlgorithm; hex: string } {
  if (!isDigest(digest)) {
    throw new AirlockError({
      code: 'oci.invalid-digest',
      message: `"${shorten(digest)}" is not a digest`,
      remedy: `Write sha256:<${HEX_LENGTH.sha256} lower-case hex digits> or sha512:<${HEX_LENGTH.sha512}>`,
    });
  }
  const [algorithm = '', hex = ''] = digest.split(':');
  return { algorithm: algorithm as DigestAlgorithm, hex };
}

export function digestOf(bytes: Uint8Array | string, algorithm: DigestAlgorithm = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}

/** A descriptor for these bytes. */
export function describe(mediaType: string, bytes: Uint8Array | string, more: Partial<Descriptor> = {}): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: Buffer.byteLength(bytes), ...more };
}

/** Counts and hashes bytes against a descriptor. */
export class Verifier {
  private readonly hash: Hash;
  private readonly algorithm: DigestAlgorithm;
  private count = 0;

  constructor(
    private readonly descriptor: Descriptor,
    /** The name of the content, for messages. */
    private readonly where: string,
  ) {
    this.algorithm = parseDigest(descriptor.digest).algorithm;
    this.hash = createHash(this.algorithm);
  }

  /** Bytes seen so far. */
  get seen(): number {
    return this.count;
  }

  /** Throws `oci.digest-mismatch` as soon as there are more bytes than described. */
  update(chunk: Uint8Array): void {
    this.count += chunk.length;
    if (this.count > this.descriptor.size)
      throw mismatch(this.descriptor, this.where, `is longer than ${this.descriptor.size} bytes`);
    this.hash.update(chunk);
  }

  /** Throws `oci.digest-mismatch` unless exactly the bytes described were seen. */
  finish(): void {
    if (this.count < this.descriptor.size) {
      throw mismatch(this.descriptor, this.where, `ends after ${this.count} of ${this.descriptor.size} bytes`);
    }
    const actual = `${this.algorithm}:${this.hash.digest('hex')}`;
    if (actual !== this.descriptor.digest) throw mismatch(this.descriptor, this.where, `is in fact ${actual}`);
  }
}

/** Passes bytes through and fails at the end, or at the first byte too many, unless they are those described. */
export class VerifyingStream extends Transform {
  private readonly verifier: Verifier;

  constructor(descriptor: Descriptor, where: string) {
    super();
    this.verifier = new Verifier(descriptor, where);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    try {
      this.verifier.update(chunk);
      callback(null, chunk);
    } catch (error) {
      callback(error as Error);
    }
  }

  override _flush(callback: TransformCallback): void {
    try {
      this.verifier.finish();
      callback();
    } catch (error) {
      callback(error as Error);
    }
  }
}

/** Throws `oci.digest-mismatch` unless `bytes` are those described. */
export function assertMatches(descriptor: Descriptor, bytes: Uint8Array, where: string): void {
  const verifier = new Verifier(descriptor, where);
  verifier.update(bytes);
  verifier.finish();
}

function mismatch(descriptor: Descriptor, where: string, what: string): AirlockError {
  return new AirlockError({
    code: 'oci.digest-mismatch',
    message: `content named ${descriptor.digest} ${what}`,
    remedy: 'The content was damaged or exchanged on its way or in its store; fetch it again from where it was made',
    where,
  });
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}...` : text;
}
