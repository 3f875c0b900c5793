import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';

interface Inputs {
  length: number;
  keepers: Record<string, string>;
}

export function create(inputs: Inputs): { id: string; outs: Inputs & { result: string } } {
  const result = randomBytes(inputs.length).toString('base64url').slice(0, inputs.length);
  return { id: 'password', outs: { ...inputs, result } };
}

export function diff(_id: string, olds: Inputs, news: Inputs): { changes: boolean; replaces: string[] } {
  const replaces = (['length', 'keepers'] as const).filter(key => !isDeepStrictEqual(olds[key], news[key]));
  return { changes: replaces.length > 0, replaces };
}
