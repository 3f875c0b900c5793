import { setTimeout as sleep } from 'node:timers/promises';
import { HttpClient, type HttpResponse } from '../../net';
import { AirlockError, messageOf } from '../../report';
import { served, type Handler, type Unchecked } from '../handler';

interface Inputs {
  url: string;
  service: 'gitea' | 'registry' | 'http';
}

const patienceMs = 120_000;
/** One right answer may be luck while rules are being written on several nodes. */
const rightAnswers = 2;

class EndpointHandler implements Handler<Inputs, Inputs> {
  check(_olds: Unchecked<Inputs>, news: Unchecked<Inputs>): Promise<{ inputs: Unchecked<Inputs> }> {
    return Promise.resolve({ inputs: news });
  }

  diff(_id: string, olds: Inputs, news: Unchecked<Inputs>): Promise<{ changes: boolean }> {
    return Promise.resolve({ changes: olds.url !== news.url || olds.service !== news.service });
  }

  async create(inputs: Inputs): Promise<{ id: string; outs: Inputs }> {
    await answers(inputs);
    return { id: inputs.url, outs: inputs };
  }

  async update(_id: string, _olds: Inputs, news: Inputs): Promise<{ outs: Inputs }> {
    await answers(news);
    return { outs: news };
  }

  read(_id: string, props: Inputs): Promise<Inputs> {
    return Promise.resolve(props);
  }

  delete(): Promise<void> {
    return Promise.resolve();
  }
}

async function answers(inputs: Inputs): Promise<void> {
  const client = new HttpClient({ retry: { retries: 0 } });
  const deadline = Date.now() + patienceMs;
  let problem = 'no answer';
  let right = 0;
  try {
    while (right < rightAnswers) {
      try {
        const response = await client.request({ url: inputs.url, answerTimeoutMs: 5000 });
        const wrong = await unexpected(inputs.service, response);
        right = wrong === undefined ? right + 1 : 0;
        problem = wrong ?? problem;
      } catch (error) {
        right = 0;
        problem = messageOf(error);
      }
      if (right < rightAnswers && Date.now() > deadline) {
        throw new AirlockError({
          code: 'host.endpoint-not-ready',
          message: `${inputs.url} does not answer as ${inputs.service} does: ${problem}`,
          remedy: 'Look at the pods behind it, then run the update again',
        });
      }
      await sleep(250);
    }
  } finally {
    await client.close();
  }
}

/** What is wrong with an answer; undefined when it is the service's. */
async function unexpected(service: Inputs['service'], response: HttpResponse): Promise<string | undefined> {
  const { status } = response;
  if (service === 'registry') {
    await response.discard();
    const marked = response.header('docker-distribution-api-version') !== undefined;
    return (status === 200 || status === 401) && marked ? undefined : `status ${status}`;
  }
  const text = await response.text();
  if (status !== 200) return `status ${status}`;
  return service === 'http' || /"version"/.test(text) ? undefined : 'an answer of something else';
}

export const { check, diff, create, update, read, remove } = served(new EndpointHandler());
export { remove as delete };
