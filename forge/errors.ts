import { AirlockError, messageOf } from '../report';

/**
 * Codes of this room:
 * - `forge.unreachable`: no answer, or a gateway's
 * - `forge.unauthorized`: wrong or missing credentials
 * - `forge.forbidden`: the account may not do this
 * - `forge.not-found`: no such organisation, repository, branch, ...
 * - `forge.moved`: it has another name now; the forge only redirects
 * - `forge.conflict`: it exists already, or is not (any more) what the request says
 * - `forge.invalid`: the forge refuses the request as it is
 * - `forge.not-ready`: the forge is not done computing; try again
 * - `forge.failed`: the forge itself failed
 */
export type ForgeErrorCode =
  `forge.${'unreachable' | 'unauthorized' | 'forbidden' | 'not-found' | 'moved' | 'conflict' | 'invalid' | 'not-ready' | 'failed'}`;

/** What a caller was doing, for messages: `create organisation software-provider`. */
export interface Attempt {
  readonly what: string;
  /** The forge's URL. */
  readonly url: string;
}

const remedies: Record<ForgeErrorCode, string> = {
  'forge.unreachable': 'Check that the forge runs and that its address is right, then run again',
  'forge.unauthorized': 'Check the user name and the password or token for this forge',
  'forge.forbidden': 'Give the account the rights for this, or use another account',
  'forge.not-found': 'Check the name, and that the account may see it',
  'forge.moved':
    'Rename it back, or set the new name in the configuration: until then nothing is written there, and what runs stays',
  'forge.conflict': 'Look at what is there now, then run again',
  'forge.invalid': 'Correct what the forge complains about',
  'forge.not-ready': 'Wait a moment and run again',
  'forge.failed': "Look at the forge's log, then run again",
};

/** The forge's answer as an error. `said` is the message in its body, if any. */
export function refused(attempt: Attempt, status: number, said: string): AirlockError {
  const code = codeOf(status, said);
  const reason = said ? `: ${oneLine(said)}` : '';
  return forgeError(code, `Cannot ${attempt.what}: the forge answered ${status}${reason}`, attempt);
}

/**
 * The forge redirects from a name that was given up. Not followed: whoever takes the old name next would get what is meant for the
 * repository, and what is removed under the old name would be gone under the new one.
 */
export function moved(attempt: Attempt, location: string): AirlockError {
  const [, owner, name] = /\/api\/v1\/repos\/([^/]+)\/([^/?]+)/.exec(location) ?? [];
  const now =
    owner !== undefined && name !== undefined ? `${decodeURIComponent(owner)}/${decodeURIComponent(name)}` : '';
  const where = now === '' ? 'it has another name now' : `the repository is called ${now} now`;
  return forgeError('forge.moved', `Cannot ${attempt.what}: ${where}`, attempt);
}

/** No answer at all. */
export function unreachable(attempt: Attempt, cause: unknown): AirlockError {
  return new AirlockError({
    code: 'forge.unreachable',
    message: `Cannot ${attempt.what}: ${oneLine(messageOf(cause))}`,
    // The network knows better what to look at: a name, a certificate, a proxy.
    remedy: (cause instanceof AirlockError ? cause.remedy : undefined) ?? remedies['forge.unreachable'],
    where: attempt.url,
    cause,
  });
}

export function forgeError(code: ForgeErrorCode, message: string, attempt: Attempt, cause?: unknown): AirlockError {
  return new AirlockError({
    code,
    message,
    remedy: remedies[code],
    where: attempt.url,
    ...(cause === undefined ? {} : { cause }),
  });
}

function codeOf(status: number, said: string): ForgeErrorCode {
  if (status === 401) return 'forge.unauthorized';
  if (status === 403) return /already exist/i.test(said) ? 'forge.conflict' : 'forge.forbidden';
  if (status === 404) return 'forge.not-found';
  if (status === 405) return /try again/i.test(said) ? 'forge.not-ready' : 'forge.forbidden';
  if (status === 409) return 'forge.conflict';
  // Gitea answers 422 both for a broken request and for one that lost a race; only its text tells them apart.
  if (status === 422 || status === 400)
    return /already exist|does not match|has been used|not a fast.?forward/i.test(said)
      ? 'forge.conflict'
      : 'forge.invalid';
  if (status === 423) return 'forge.forbidden';
  if (status === 502 || status === 503 || status === 504) return 'forge.unreachable';
  return status >= 500 ? 'forge.failed' : 'forge.invalid';
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 300 ? `${line.slice(0, 300)}...` : line;
}
