import { createHmac, timingSafeEqual } from 'node:crypto';
import { AirlockError } from '../../report';

/** What is read from a Gitea release event; the pipeline takes the rest of it through its bindings. */
export interface ReleaseEvent {
  readonly action: string;
  readonly owner: string;
  readonly repository: string;
  readonly tag: string;
  readonly releaseId: number;
}

/** HMAC-SHA256 of the body in hex, compared in constant time. */
export function signatureHolds(body: Buffer, signature: string | undefined, secret: string): boolean {
  if (signature === undefined || secret === '') return false;
  const expected = createHmac('sha256', secret).update(body).digest();
  const given = Buffer.from(/^[0-9a-f]{64}$/i.test(signature) ? signature : '', 'hex');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** Throws `release.invalid-event` when the body is not a release event. */
export function releaseEventOf(body: unknown): ReleaseEvent {
  const event = record(body);
  const release = record(event['release']);
  const repository = record(event['repository']);
  const found = {
    action: event['action'],
    owner: record(repository['owner'])['login'] ?? record(repository['owner'])['username'],
    repository: repository['name'],
    tag: release['tag_name'],
    releaseId: release['id'],
  };
  for (const key of ['action', 'owner', 'repository', 'tag'] as const) {
    if (typeof found[key] !== 'string' || found[key] === '') throw invalid(key);
  }
  if (typeof found.releaseId !== 'number') throw invalid('releaseId');
  return found as ReleaseEvent;
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function invalid(key: string): AirlockError {
  return new AirlockError({
    code: 'release.invalid-event',
    message: `The event names no ${key}`,
    remedy: 'Send release events of a Gitea webhook here, as JSON',
  });
}
