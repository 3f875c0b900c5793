import { HttpClient } from '../../net';

/** The parts of podinfo's answer that the demo shows. */
export interface PodinfoAnswer {
  readonly hostname: string;
  readonly version: string;
  readonly message: string;
  readonly logo: string;
}

/** Asks podinfo at its canonical address; undefined while it does not answer as podinfo does. */
export async function askPodinfo(url: string, signal: AbortSignal): Promise<PodinfoAnswer | undefined> {
  const client = new HttpClient({ retry: { retries: 0 } });
  try {
    const response = await client.request({ url: `${url}/api/info`, signal, answerTimeoutMs: 5000 });
    const text = await response.text();
    if (response.status !== 200) return undefined;
    return JSON.parse(text) as PodinfoAnswer;
  } finally {
    await client.close();
  }
}
