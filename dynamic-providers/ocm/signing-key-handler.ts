import { createHash, generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';

interface Inputs {
  algorithm: string;
  bits: number;
}

export async function create(
  inputs: Inputs,
): Promise<{ id: string; outs: Inputs & { publicKey: string; privateKey: string } }> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: inputs.bits,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const id = createHash('sha256').update(publicKey).digest('hex').slice(0, 16);
  return { id, outs: { ...inputs, publicKey, privateKey } };
}

export function check(
  _olds: Inputs,
  news: Inputs,
): { inputs: Inputs; failures: { property: string; reason: string }[] } {
  const failures = [];
  if (news.algorithm !== 'RSA')
    failures.push({ property: 'algorithm', reason: `'${news.algorithm}' is not supported; use RSA` });
  if (typeof news.bits === 'number' && (news.bits < 2048 || news.bits > 8192)) {
    failures.push({ property: 'bits', reason: `${news.bits} is outside 2048 to 8192` });
  }
  return { inputs: news, failures };
}

export function diff(_id: string, olds: Inputs, news: Inputs): { changes: boolean; replaces: string[] } {
  const replaces = (['algorithm', 'bits'] as const).filter(key => olds[key] !== news[key]);
  return { changes: replaces.length > 0, replaces };
}
