import { AirlockError } from '../../report';

/** Steps from the top of a document to a value. */
export type Path = readonly (string | number)[];

/** Bounds on a document; all of them errors with a position, never a crash. */
export interface ReadLimits {
  /** Bytes of text. Default 32 MiB. */
  readonly bytes?: number;
  /** Bytes of YAML beyond what JSON and plain block style need (flow style, anchors, folded text). Default 4 MiB. */
  readonly richBytes?: number;
  /** Nesting of maps and lists. Default 100. */
  readonly depth?: number;
  /** Values that come into being by expanding aliases. Default 100 000. */
  readonly aliasedValues?: number;
}

export const defaultLimits: Required<ReadLimits> = {
  bytes: 32 * 1024 * 1024,
  richBytes: 4 * 1024 * 1024,
  depth: 100,
  aliasedValues: 100_000,
};

/** Something that no reader accepts, at an offset of the text. */
export class Refused extends Error {
  constructor(
    message: string,
    readonly offset: number,
  ) {
    super(message);
  }
}

/** Says to a quick reader's caller that the text is not of the kind it reads. Not an error of the text. */
export class NotOfThisKind extends Error {}

export function invalid(message: string, where: string, cause?: unknown): AirlockError {
  return new AirlockError({ code: 'ocm.invalid-yaml', message, where, remedy: 'Correct the file', cause });
}

/** `file:line:column` of an offset, counted from 1. */
export function placeOf(file: string, text: string, offset: number): string {
  const before = text.slice(0, offset);
  return `${file}:${before.split('\n').length}:${offset - before.lastIndexOf('\n')}`;
}

/** What YAML 1.1 does not allow in a text, or takes for line breaks where nobody else does. */
export const notText = /[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]/u;
