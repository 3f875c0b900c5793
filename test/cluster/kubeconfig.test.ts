import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadAccess, parseAccess } from '../../cluster';
import { hasCode } from '../../report';

const base = `
apiVersion: v1
kind: Config
current-context: one
contexts:
- {name: one, context: {cluster: a, user: ann, namespace: shop}}
- {name: two, context: {cluster: b, user: bob}}
clusters:
- {name: a, cluster: {server: "https://127.0.0.1:6443/", certificate-authority-data: ${Buffer.from('CA').toString('base64')}}}
- {name: b, cluster: {server: "https://b.example", insecure-skip-tls-verify: true, tls-server-name: kube}}
users:
- {name: ann, user: {client-certificate-data: ${Buffer.from('CERT').toString('base64')}, client-key: ann.key}}
- {name: bob, user: {token: s3cret}}
`;

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'none';
  } catch (error) {
    return hasCode(error, 'cluster.') ? error.code : String(error);
  }
}

describe('kubeconfig', () => {
  let dir = '';
  beforeEach(async () => (dir = await mkdtemp(join(tmpdir(), 'kubeconfig-'))));
  afterEach(() => rm(dir, { recursive: true }));

  it('gives server, authority, certificate and namespace of the current context', async () => {
    await writeFile(join(dir, 'ann.key'), 'KEY');
    const access = await parseAccess(base, { baseDir: dir });
    expect(access).to.deep.equal({
      server: 'https://127.0.0.1:6443',
      context: 'one',
      namespace: 'shop',
      ca: 'CA',
      cert: 'CERT',
      key: 'KEY',
    });
  });

  it('gives another context on request', async () => {
    const access = await parseAccess(base, { context: 'two' });
    expect(access).to.include({
      server: 'https://b.example',
      namespace: 'default',
      insecure: true,
      serverName: 'kube',
    });
    expect(await access.authorization?.()).to.equal('Bearer s3cret');
  });

  it('is taken from text or from a path, relative names beside it', async () => {
    await writeFile(join(dir, 'ann.key'), 'KEY');
    await writeFile(join(dir, 'config'), base);
    expect((await loadAccess({ kubeconfig: join(dir, 'config') })).key).to.equal('KEY');
    expect((await loadAccess({ kubeconfig: base, context: 'two' })).context).to.equal('two');
  });

  it('runs a credential plugin, and again when what it gave expires', async () => {
    const script = join(dir, 'plugin.sh');
    const count = join(dir, 'count');
    await writeFile(
      script,
      `echo x >> ${count}\necho "{\\"status\\":{\\"token\\":\\"t$(wc -l < ${count} | tr -d ' ')\\",\\"expirationTimestamp\\":\\"2020-01-01T00:00:00Z\\"}}"`,
    );
    const config = base.replace('{token: s3cret}', `{exec: {command: sh, args: ["${script}"]}}`);
    const access = await parseAccess(config, { context: 'two' });
    expect(await access.authorization?.()).to.equal('Bearer t1');
    expect(await access.authorization?.()).to.equal('Bearer t2');
  });

  it('refuses what cannot be used, with a code', async () => {
    expect(await codeOf(parseAccess('a: [b'))).to.equal('cluster.invalid-kubeconfig');
    expect(await codeOf(parseAccess('{}\n'))).to.equal('cluster.invalid-kubeconfig');
    expect(await codeOf(parseAccess(base, { context: 'three' }))).to.equal('cluster.invalid-kubeconfig');
    expect(await codeOf(loadAccess({ kubeconfig: join(dir, 'none') }))).to.equal('cluster.invalid-kubeconfig');
    expect(await codeOf(parseAccess(base, { baseDir: dir }))).to.equal('cluster.invalid-kubeconfig');
  });
});
