import { AirlockError, messageOf } from './errors';

const prefix = 'airlock-error:';
/** Characters of a stack that travel along: the way may be a protocol's header of bounded size. */
const longestStack = 2000;
/** Characters of a message or a remedy. */
const longestText = 3000;

/**
 * A failure as one line of text, for the way between processes that carries text only. {@link errorFromLine} reads it, code, place
 * and remedy included.
 */
export function errorToLine(thrown: unknown): string {
  const own = thrown instanceof AirlockError ? thrown : undefined;
  const stack = thrown instanceof Error ? thrown.stack : undefined;
  return `${prefix}${JSON.stringify({
    code: own?.code,
    message: messageOf(thrown).slice(0, longestText),
    where: own?.where,
    remedy: own?.remedy?.slice(0, longestText),
    stack: stack?.slice(0, longestStack),
  })}`;
}

/** True for a line that {@link errorToLine} wrote, whatever follows it. */
export function isErrorLine(line: string): boolean {
  return line
    .trimStart()
    .replace(/^Error: /, '')
    .startsWith(prefix);
}

/** The failure in a line; undefined when it holds none. One without a code was no {@link AirlockError}. */
export function errorFromLine(line: string): Error | undefined {
  if (!line.startsWith(prefix)) return undefined;
  let parts: Partial<Record<'code' | 'message' | 'where' | 'remedy' | 'stack', string>>;
  try {
    parts = JSON.parse(line.slice(prefix.length)) as typeof parts;
  } catch {
    return undefined; // cut off on its way
  }
  const { code, message = '', where, remedy, stack } = parts;
  const error =
    code === undefined
      ? new Error(message)
      : new AirlockError({
          code,
          message,
          ...(where === undefined ? {} : { where }),
          ...(remedy === undefined ? {} : { remedy }),
        });
  if (stack !== undefined) error.stack = stack;
  return error;
}
