import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { FileSet } from './file-set';
import { textDigest } from './lock';
import { writeTar } from './tar';

/** One blob of an artifact, bytes and all. */
export interface SnapshotBlob {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly bytes: Uint8Array;
}

/** A rendered pipeline as an OCI artifact with one layer, as Flux reads it. The same files give the same digest, anywhere. */
export interface Snapshot {
  readonly pipeline: string;
  /** `host[:port]`, with prefix. */
  readonly registry: string;
  /** `snapshots/<project>/<instance>/<pipeline>`. */
  readonly repository: string;
  readonly tag: string;
  /** `registry/repository:tag`. */
  readonly reference: string;
  /** Of the manifest. */
  readonly digest: string;
  readonly manifest: SnapshotBlob;
  readonly config: SnapshotBlob;
  readonly layer: SnapshotBlob;
}

export interface SnapshotIdentity {
  readonly registry: string;
  readonly project: string;
  readonly instance: string;
  readonly pipeline: string;
  readonly component: { readonly name: string; readonly version: string; readonly descriptorDigest: string };
  /** Where the component was read, for the source annotation. */
  readonly source: string;
}

export const snapshotLayerType = 'application/vnd.cncf.flux.content.v1.tar+gzip';
export const snapshotConfigType = 'application/vnd.cncf.flux.config.v1+json';

/** Builds the artifact of a rendered pipeline. Nothing is pushed. */
export async function buildSnapshot(files: FileSet, identity: SnapshotIdentity): Promise<Snapshot> {
  const { component } = identity;
  const layer = blob(snapshotLayerType, storedGzip(await writeTar(files)));
  const config = blob(snapshotConfigType, Buffer.from('{}'));
  const manifest = blob(
    'application/vnd.oci.image.manifest.v1+json',
    Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        config: descriptorOf(config),
        layers: [descriptorOf(layer)],
        annotations: {
          'org.opencontainers.image.source': identity.source,
          'org.opencontainers.image.revision': `${component.version}@${component.descriptorDigest}`,
          'org.opencontainers.image.title': `${component.name} ${component.version}, ${identity.instance}/${identity.pipeline}`,
        },
      }),
    ),
  );
  const repository = `snapshots/${identity.project}/${identity.instance}/${identity.pipeline}`.toLowerCase();
  const tag = `${component.version.replaceAll('+', '.build-')}-${manifest.digest.slice(7, 19)}`;
  return {
    pipeline: identity.pipeline,
    registry: identity.registry,
    repository,
    tag,
    reference: `${identity.registry}/${repository}:${tag}`,
    digest: manifest.digest,
    manifest,
    config,
    layer,
  };
}

function blob(mediaType: string, bytes: Uint8Array): SnapshotBlob {
  return { mediaType, digest: textDigest(bytes), size: bytes.length, bytes };
}

function descriptorOf({ mediaType, digest, size }: SnapshotBlob) {
  return { mediaType, digest, size };
}

/**
 * Gzip (RFC 1952) with stored blocks only. Deflate's output differs between zlib versions and processors; a snapshot's digest
 * is compared across machines, and manifests are small.
 */
export function storedGzip(bytes: Uint8Array): Uint8Array {
  const most = 0xffff;
  const parts: Uint8Array[] = [Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff])];
  let at = 0;
  do {
    const block = bytes.subarray(at, at + most);
    at += block.length;
    const head = Buffer.alloc(5);
    head.writeUInt8(at >= bytes.length ? 1 : 0, 0);
    head.writeUInt16LE(block.length, 1);
    head.writeUInt16LE(block.length ^ 0xffff, 3);
    parts.push(head, block);
  } while (at < bytes.length);
  const tail = Buffer.alloc(8);
  tail.writeUInt32LE(crc32(bytes), 0);
  tail.writeUInt32LE(bytes.length >>> 0, 4);
  return Buffer.concat([...parts, tail]);
}

/** Digest of a set of files, whatever their archive: for comparing renderings. */
export function filesDigest(files: FileSet): string {
  const hash = createHash('sha256');
  for (const path of [...files.keys()].sort()) {
    const content = files.get(path) ?? new Uint8Array();
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  return `sha256:${hash.digest('hex')}`;
}
