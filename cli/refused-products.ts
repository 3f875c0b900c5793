import { urnName, type UpdateResult } from '../engine';
import { errorOfRefusal, type Refusal } from '../product';
import type { AirlockError } from '../report';
import { plainMap } from './plain-value';

/**
 * The failure that an operation ends with although it is done: a product that did not go on, because its vendor's release or the
 * consumer's own files are refused, while everything else did. The first of several; each was warned of. Undefined: none.
 */
export function refusedProduct({ preview, changes }: UpdateResult): AirlockError | undefined {
  for (const { urn, new: state } of changes) {
    const refusal = state && refusalIn(plainMap(preview ? state.inputs : state.outputs)['refusal']);
    if (refusal !== undefined) return errorOfRefusal(refusal, urnName(urn));
  }
  return undefined;
}

function refusalIn(value: unknown): Refusal | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { code, message, where, remedy } = value as Partial<Record<keyof Refusal, unknown>>;
  const text = (part: unknown): string => (typeof part === 'string' ? part : '');
  return typeof code === 'string'
    ? { code, message: text(message), where: text(where), remedy: text(remedy) }
    : undefined;
}
