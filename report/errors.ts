/** What every failure a user can meet carries: what failed, on what, and what to do. */
export interface ErrorDetails {
  /** Machine-readable kind, `room.kind` in kebab case, e.g. `oci.unauthorized`. */
  readonly code: string;
  /** What failed, on what: one sentence, no trailing period, no secret. */
  readonly message: string;
  /** What the reader can do about it. */
  readonly remedy?: string;
  /** Where: a file, `file:line:column`, a resource name or URN, a reference. */
  readonly where?: string;
  /** The failure underneath, if any. */
  readonly cause?: unknown;
}

/** A failure with a remedy. Anything else that is thrown is a defect of Airlock itself. */
export class AirlockError extends Error {
  readonly code: string;
  readonly remedy: string | undefined;
  readonly where: string | undefined;

  constructor(details: ErrorDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'AirlockError';
    this.code = details.code;
    this.remedy = details.remedy;
    this.where = details.where;
  }
}

/** The message of anything thrown, without a stack. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** True when `thrown` is an {@link AirlockError} with this code, or with a code of this room (`oci.`). */
export function hasCode(thrown: unknown, code: string): thrown is AirlockError {
  return (
    thrown instanceof AirlockError && (thrown.code === code || (code.endsWith('.') && thrown.code.startsWith(code)))
  );
}

/** `message (where). remedy`, in the form printed for people and put into Pulumi diagnostics. */
export function describeError(thrown: unknown): string {
  if (!(thrown instanceof AirlockError)) return messageOf(thrown);
  const where = thrown.where ? ` (${thrown.where})` : '';
  return `${thrown.message}${where}${thrown.remedy ? `. ${thrown.remedy}` : ''}`;
}
