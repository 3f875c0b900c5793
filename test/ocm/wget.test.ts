import { expect } from 'chai';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  buildComponents,
  generateRsaKey,
  memorySpace,
  repositoryIn,
  signComponentVersion,
  transferComponentVersion,
  verifyComponentVersion,
} from '../../ocm';
import { hasCode } from '../../report';

describe('ocm/access: content behind a URL', () => {
  let server: Server;
  let folder: string;
  let body = 'release notes';
  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'airlock-test-'));
    server = createServer((request, response) => {
      response.statusCode = request.url === '/notes' ? 200 : 404;
      response.end(body);
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    rmSync(folder, { recursive: true });
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  });

  it('is digested, verified, and becomes a local blob by value', async () => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const file = path.join(folder, 'constructor.yaml');
    writeFileSync(
      file,
      `name: example.com/acme/one\nversion: 1.0.0\nprovider: acme\nresources:\n- {name: notes, type: PlainText, access: {type: wget/v1, url: '${url}/notes', mediaType: text/plain}}\n`,
    );
    const source = repositoryIn(memorySpace('source'));
    await buildComponents(file, source);
    const { privateKey, publicKey } = await generateRsaKey(2048);
    await signComponentVersion(source, 'example.com/acme/one', '1.0.0', { signature: 'acme', privateKey });
    const verify = { keys: [{ publicKey }] };
    const target = repositoryIn(memorySpace('target'));
    await transferComponentVersion(await source.open('example.com/acme/one', '1.0.0'), target, {
      copyResources: true,
      verify,
    });
    expect(
      (await target.open('example.com/acme/one', '1.0.0')).descriptor.component.resources[0]?.access.type,
    ).to.equal('localBlob');

    body = 'other notes';
    const changed = await verifyComponentVersion(source, 'example.com/acme/one', '1.0.0', verify).catch(
      (error: unknown) => error,
    );
    expect(hasCode(changed, 'ocm.not-verified'), String(changed)).to.equal(true);
    await verifyComponentVersion(target, 'example.com/acme/one', '1.0.0', verify);

    writeFileSync(
      file,
      `name: example.com/acme/two\nversion: 1.0.0\nprovider: acme\nresources:\n- {name: notes, type: PlainText, access: {type: wget, url: '${url}/gone'}}\n`,
    );
    const gone = await buildComponents(file, source).catch((error: unknown) => error);
    expect(hasCode(gone, 'oci.not-found'), String(gone)).to.equal(true);
    if (hasCode(gone, 'oci.not-found')) expect(gone.where).to.contain('constructor.yaml:5:3');
  });
});
