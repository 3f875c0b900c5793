import { expect } from 'chai';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HttpClient } from '../../net';
import { Outages } from '../../net/outage';

describe('a service that is down', () => {
  it('is waited for once, and not again for each thing asked', async () => {
    const server = createServer((_, response) => response.end('there'));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    const ask = async () => {
      let repeated = 0;
      const client = new HttpClient({ retry: { retries: 2, firstWaitMs: 5 }, onRetry: () => (repeated += 1) });
      const status = await client.request({ url: `http://127.0.0.1:${port}/` }).then(
        response => response.discard().then(() => response.status),
        (error: { code?: string }) => error.code,
      );
      await client.close();
      return { repeated, status };
    };
    expect(await ask()).to.deep.equal({ repeated: 2, status: 'net.unreachable' });
    expect(await ask()).to.deep.equal({ repeated: 0, status: 'net.unreachable' });
    await once(server.listen(port, '127.0.0.1'), 'listening');
    expect(await ask()).to.deep.equal({ repeated: 0, status: 200 });
    server.close();
    await once(server, 'close');
    expect(await ask()).to.deep.equal({ repeated: 2, status: 'net.unreachable' });
  });

  it('counts as down for a while', () => {
    const outages = new Outages();
    outages.failed('http://a', 0);
    expect(outages.isDown('http://a', 9_999)).to.equal(true);
    expect(outages.isDown('http://b', 0)).to.equal(false);
    expect(outages.isDown('http://a', 10_000)).to.equal(false);
  });
});
