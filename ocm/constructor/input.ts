import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { CallOptions } from '../../oci';
import { AirlockError, type Reporter } from '../../report';
import type { SpooledBlob } from '../access';
import type { Registries } from '../repository';
import type { JsonObject } from '../yaml';

/** An `input` of a constructor file, whose fields have been checked. */
export type Input = JsonObject & { readonly type: string };

/** What an input is read in. */
export interface InputContext extends CallOptions {
  /** Folder that paths are relative to. */
  readonly folder: string;
  readonly component: string;
  readonly version: string;
  readonly element: string;
  readonly registries: Registries;
  readonly report?: Reporter;
}

/** The content of an input, as a blob on disk. */
export interface BuiltInput extends SpooledBlob {
  /** For OCI artifacts: what they are to be called where they are unpacked into a registry. */
  readonly referenceName?: string;
}

/** A field that was checked to be text; empty when absent. */
export function text(input: Input, field: string): string {
  const value = input[field];
  return typeof value === 'string' ? value : '';
}

/** The full path of an input. Throws `ocm.input-not-found`, `ocm.invalid-input`. */
export async function existing(
  given: string,
  context: InputContext,
  kind: 'file' | 'directory' | 'chart',
): Promise<string> {
  const full = path.resolve(context.folder, given);
  const found = await stat(full).catch(() => undefined);
  if (found === undefined)
    throw new AirlockError({
      code: 'ocm.input-not-found',
      message: `the input ${full} does not exist`,
      where: context.element,
      remedy: 'Paths are relative to the constructor file',
    });
  if (found.isDirectory() ? kind !== 'file' : found.isFile() && kind !== 'directory') return full;
  throw new AirlockError({
    code: 'ocm.invalid-input',
    message: `the input ${full} is not a ${kind}`,
    where: context.element,
    remedy: 'Inputs of type dir are folders, those of type file are files, charts are either',
  });
}
