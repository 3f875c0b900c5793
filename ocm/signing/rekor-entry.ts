import { isObject, type Json, type JsonObject } from '../yaml';

/**
 * The older form of keyless signatures (algorithm `sigstore-v2`) is the answer of a Rekor log: `{uuid: entry}`. This is the
 * sigstore bundle that says the same, so that the library checks it.
 * @throws Error in words for people; among others for `sigstore`, whose entries hold a bare key and so name no signer
 */
export function bundleOfEntry(document: unknown): JsonObject {
  const [entry, ...more] = isObject(document) ? Object.values(document) : [];
  if (!isObject(entry) || more.length > 0) throw new Error('it is not one entry of a transparency log');
  const body = JSON.parse(Buffer.from(text(entry.body), 'base64').toString('utf8')) as Json;
  const signature = at(body, 'spec', 'signature');
  const certificate = Buffer.from(text(at(signature, 'publicKey', 'content')), 'base64').toString('utf8');
  const der = /^\s*-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*$/.exec(certificate)?.[1];
  if (der === undefined) throw new Error('its log entry holds no certificate, which would say who signed');
  const hash = text(at(body, 'spec', 'data', 'hash', 'value'));
  return {
    mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.1',
    verificationMaterial: {
      x509CertificateChain: { certificates: [{ rawBytes: der.replace(/\s/g, '') }] },
      tlogEntries: [logEntry(entry, text(at(body, 'kind')), text(at(body, 'apiVersion')))],
    },
    messageSignature: {
      messageDigest: { algorithm: 'SHA2_256', digest: Buffer.from(hash, 'hex').toString('base64') },
      signature: text(at(signature, 'content')),
    },
  };
}

function logEntry(entry: JsonObject, kind: string, version: string): JsonObject {
  const proof = at(entry, 'verification', 'inclusionProof');
  return {
    logIndex: String(number(entry.logIndex)),
    logId: { keyId: base64OfHex(text(entry.logID)) },
    kindVersion: { kind, version },
    integratedTime: String(number(entry.integratedTime)),
    inclusionPromise: { signedEntryTimestamp: text(at(entry, 'verification', 'signedEntryTimestamp')) },
    ...(isObject(proof)
      ? {
          inclusionProof: {
            logIndex: String(number(proof.logIndex)),
            rootHash: base64OfHex(text(proof.rootHash)),
            treeSize: String(number(proof.treeSize)),
            hashes: Array.isArray(proof.hashes) ? proof.hashes.map(hash => base64OfHex(text(hash))) : [],
            checkpoint: { envelope: text(proof.checkpoint) },
          },
        }
      : {}),
    canonicalizedBody: text(entry.body),
  };
}

function at(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  let found = value;
  for (const step of path) found = isObject(found) ? found[step] : undefined;
  return found;
}

function text(value: Json | undefined): string {
  if (typeof value === 'string') return value;
  throw new Error('its log entry is not complete');
}

function number(value: Json | undefined): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw new Error('its log entry is not complete');
}

function base64OfHex(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64');
}
