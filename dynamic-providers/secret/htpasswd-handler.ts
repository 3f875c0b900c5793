import { hash } from 'bcryptjs';
import { isDeepStrictEqual } from 'node:util';

interface Inputs {
  users: Record<string, string>;
}

/**
 * The registry computes the hash on every request. The passwords are random and long, so a slow hash protects nothing that
 * guessing could find; the cheapest that the registry takes keeps it fast.
 */
const cost = 4;

async function contentOf(inputs: Inputs): Promise<string> {
  const lines = Object.entries(inputs.users).map(async ([user, password]) => `${user}:${await hash(password, cost)}\n`);
  return (await Promise.all(lines)).join('');
}

export async function create(inputs: Inputs): Promise<{ id: string; outs: Inputs & { content: string } }> {
  return { id: 'htpasswd', outs: { ...inputs, content: await contentOf(inputs) } };
}

export function diff(_id: string, olds: Inputs, news: Inputs): { changes: boolean } {
  return { changes: !isDeepStrictEqual(olds.users, news.users) };
}

export async function update(
  _id: string,
  _olds: Inputs,
  news: Inputs,
): Promise<{ outs: Inputs & { content: string } }> {
  return { outs: { ...news, content: await contentOf(news) } };
}
