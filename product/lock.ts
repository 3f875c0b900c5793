import { createHash } from 'node:crypto';
import { stringify } from 'yaml';
import { Fields } from './fields';

export const lockApiVersion = 'airlock.ocm.software/v1alpha1';

/** What a merged product runs: everything named by digest, so that Git alone tells it. */
export interface ProductLock {
  readonly instance: string;
  readonly component: {
    readonly name: string;
    readonly version: string;
    /** `sha256:<hex>` of the descriptor as stored. */
    readonly descriptorDigest: string;
  };
  /** The consumer's component repository. */
  readonly repository: string;
  /** Of the vendor's defaults as a values file; base of the next merge. */
  readonly defaultsDigest: string;
  /** Of the bytes of `values.yaml` that the snapshots were rendered from. */
  readonly valuesDigest: string;
  readonly snapshots: readonly LockedSnapshot[];
}

export interface LockedSnapshot {
  readonly pipeline: string;
  /** `host/repository:tag`, for people; what runs is the digest. */
  readonly reference: string;
  readonly digest: string;
}

/** `sha256:<hex>` of a text. */
export function textDigest(text: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

/** The lock as `lock.yaml`, the same text for the same lock. */
export function serializeLock(lock: ProductLock): string {
  const body = stringify(
    {
      apiVersion: lockApiVersion,
      kind: 'ProductLock',
      metadata: { name: lock.instance },
      spec: {
        component: {
          name: lock.component.name,
          version: lock.component.version,
          descriptorDigest: lock.component.descriptorDigest,
        },
        repository: lock.repository,
        defaultsDigest: lock.defaultsDigest,
        valuesDigest: lock.valuesDigest,
        snapshots: lock.snapshots.map(({ pipeline, reference, digest }) => ({ pipeline, reference, digest })),
      },
    },
    { lineWidth: 0 },
  );
  return `# Written by Airlock; edit values.yaml, and the lock follows.\n${body}`;
}

/** Parses and checks a lock. Throws `product.lock-invalid` with the position. */
export function parseLock(text: string, file = 'lock.yaml'): ProductLock {
  const read = Fields.of(text, file, {
    code: 'product.lock-invalid',
    message: 'The lock is not valid',
    remedy: 'Restore the file from its last commit; Airlock writes it, people edit values.yaml.',
  });
  read.kind('ProductLock', 'airlock.ocm.software');
  const digest = (path: readonly (string | number)[]): string => {
    const value = read.text(path);
    if (!/^sha256:[0-9a-f]{64}$/.test(value)) throw read.fault(path, 'must be sha256: and 64 hexadecimal digits');
    return value;
  };
  return {
    instance: read.text(['metadata', 'name']),
    component: {
      name: read.text(['spec', 'component', 'name']),
      version: read.text(['spec', 'component', 'version']),
      descriptorDigest: digest(['spec', 'component', 'descriptorDigest']),
    },
    repository: read.text(['spec', 'repository']),
    defaultsDigest: digest(['spec', 'defaultsDigest']),
    valuesDigest: digest(['spec', 'valuesDigest']),
    snapshots: read.each(['spec', 'snapshots'], path => ({
      pipeline: read.text([...path, 'pipeline']),
      reference: read.text([...path, 'reference']),
      digest: digest([...path, 'digest']),
    })),
  };
}
