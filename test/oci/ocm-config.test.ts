import { expect } from 'chai';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describeError } from '../../report';
import { loadOcmConfig, parseOcmConfig, Registry, consumerOf } from '../../oci';
import { FaultyServer } from '../support/faulty-server';
import { codeOf } from '../support/tar';

const secret = 'very-secret-thing';
const direct = (properties: object): object[] => [{ type: 'Credentials/v1', properties }];
const config = (...consumers: object[]): string =>
  JSON.stringify({
    type: 'generic.config.ocm.software/v1',
    configurations: [
      { type: 'attributes.config.ocm.software', attributes: { anything: true } },
      { type: 'credentials.config.ocm.software/v1', consumers },
    ],
  });

describe('oci: credentials of an OCM configuration', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'airlock-test-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const registry = (more: object, properties: object): object => ({
    identity: { type: 'OCIRegistry', hostname: 'ghcr.io', ...more },
    credentials: direct(properties),
  });

  it('fit by host, port and the longest path', async () => {
    const { credentials } = parseOcmConfig(
      config(
        registry({}, { username: 'host', password: secret }),
        registry({ pathprefix: 'acme' }, { username: 'acme', password: secret }),
        registry({ pathprefix: 'acme/private' }, { username: 'private', password: secret }),
        registry({ hostname: 'registry.example', port: 5000 }, { username: 'port', password: secret }),
      ),
      'config',
    );
    const user = async (host: string, repository?: string): Promise<unknown> =>
      ((await credentials(host, repository)) as { username?: string } | undefined)?.username;
    expect(await user('ghcr.io')).to.equal('host');
    expect(await user('ghcr.io', 'other/app')).to.equal('host');
    expect(await user('ghcr.io', 'acme/app')).to.equal('acme');
    expect(await user('ghcr.io', 'acme2/app')).to.equal('host');
    expect(await user('ghcr.io', 'acme/private/app')).to.equal('private');
    expect(await user('registry.example:5000', 'x')).to.equal('port');
    expect(await user('registry.example:5001', 'x')).to.equal(undefined);
    expect(await user('evil-ghcr.io')).to.equal(undefined);
  });

  it('are tokens, certificates, and those of other consumers', async () => {
    const found = parseOcmConfig(
      config(
        registry({}, { identityToken: 'identity' }),
        registry({ hostname: 'bearer.example' }, { registryToken: 'bearer' }),
        registry(
          { hostname: 'mtls.example', port: '5000' },
          { certificateAuthority: 'CA', certificate: 'C', privateKey: 'K' },
        ),
        {
          identity: { type: 'HelmChartRepository', hostname: 'charts.example', pathprefix: 'stable', scheme: 'https' },
          credentials: direct({ username: 'helm', password: secret }),
        },
        { identity: { type: 'Git', hostname: 'git.example' }, credentials: direct({ token: 'git' }) },
        { identity: { type: 'Git' }, credentials: direct({ token: 'for everybody' }) },
        { identity: { type: 'Git', hostname: 'empty.example' }, credentials: [] },
      ),
      'config',
    );
    expect(await found.credentials('ghcr.io')).to.deep.equal({ identityToken: 'identity' });
    expect(await found.credentials('bearer.example')).to.deep.equal({ token: 'bearer' });
    expect(found.trust).to.deep.equal({ 'mtls.example:5000': { ca: 'CA', cert: 'C', key: 'K' } });
    const helm = (url: string): Promise<unknown> => found.consumers(consumerOf('HelmChartRepository', new URL(url)));
    expect(await helm('https://charts.example/stable/')).to.deep.equal({ username: 'helm', password: secret });
    expect(await helm('https://charts.example/')).to.equal(undefined);
    expect(await helm('http://charts.example/stable')).to.equal(undefined);
    expect(await found.consumers(consumerOf('Git', new URL('https://git.example/a/b')))).to.deep.equal({
      token: 'git',
    });
    expect(await found.consumers(consumerOf('Git', new URL('https://other.example/a/b')))).to.equal(undefined);
  });

  it('come from docker configurations: in the file, beside it, by name, and through helpers, which run once', async () => {
    const auths = { 'a.example': { username: 'beside', password: secret } };
    writeFileSync(
      path.join(folder, 'docker.json'),
      JSON.stringify({ auths, credHelpers: { 'h.example': 'counting' } }),
    );
    const calls = path.join(folder, 'calls');
    const helper = path.join(folder, 'docker-credential-counting');
    writeFileSync(helper, `#!/bin/sh\necho >> '${calls}'\necho '{"Username":"helped","Secret":"s"}'\n`);
    chmodSync(helper, 0o755);
    const file = path.join(folder, 'ocmconfig');
    const docker = { type: 'DockerConfig/v1', dockerConfigFile: 'docker.json' };
    writeFileSync(
      file,
      JSON.stringify({
        type: 'credentials.config.ocm.software',
        consumers: [
          {
            identity: { type: 'OCIRegistry', hostname: 'b.example' },
            credentials: [{ ...docker, credentialsName: 'a.example' }],
          },
        ],
        repositories: [
          { repository: { ...docker, propagateConsumerIdentity: true } },
          { repository: { type: 'DockerConfig', dockerConfig: { auths: { 'c.example': { auth: 'dTpw' } } } } },
          { repository: { ...docker, dockerConfigFile: 'nothing', propagateConsumerIdentity: false } },
        ],
      }),
    );
    const before = process.env['PATH'];
    process.env['PATH'] = `${folder}:${before ?? ''}`;
    try {
      const { credentials } = await loadOcmConfig(file);
      expect(await credentials('a.example')).to.include({ username: 'beside' });
      expect(await credentials('b.example')).to.include({ username: 'beside' });
      expect(await credentials('c.example')).to.deep.equal({ username: 'u', password: 'p' });
      for (const repository of ['one', 'two'])
        expect(await credentials('h.example', repository)).to.include({ username: 'helped' });
      expect(readFileSync(calls, 'utf8')).to.equal('\n');
    } finally {
      process.env['PATH'] = before;
    }
  });

  it('log in at each repository with its own account', async () => {
    const server = await FaultyServer.start((request, response) => {
      const sent = request.headers.authorization;
      if (sent === undefined) response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      else response.writeHead(200).end(JSON.stringify({ tags: [Buffer.from(sent.slice(6), 'base64').toString()] }));
    });
    try {
      const at = { hostname: '127.0.0.1', port: String(server.port) };
      const { credentials } = parseOcmConfig(
        config(
          registry({ ...at, pathprefix: 'a' }, { username: 'ua', password: 'pa' }),
          registry(at, { username: 'u', password: 'p' }),
        ),
        'config',
      );
      const client = new Registry(server.host, { credentials });
      expect(await client.repository('a/x').tags()).to.deep.equal(['ua:pa']);
      expect(await client.repository('b/x').tags()).to.deep.equal(['u:p']);
    } finally {
      await server.stop();
    }
  });

  const bad: readonly (readonly [string, string])[] = [
    ['text', 'just text'],
    ['a list', '[]'],
    ['no YAML', `a: [${secret}`],
    ['no type', `{"x": "${secret}"}`],
    ['consumers that are no list', `{"type": "credentials.config.ocm.software", "consumers": {"x": "${secret}"}}`],
    ['a consumer that is text', `{"type": "credentials.config.ocm.software", "consumers": ["${secret}"]}`],
    ['an identity that is a list', config({ identity: [secret], credentials: direct({}) })],
    ['credentials that are text', config({ identity: {}, credentials: [secret] })],
    ['a password that is a list', config({ identity: {}, credentials: direct({ password: [secret] }) })],
    ['a repository that is text', '{"type": "credentials.config.ocm.software", "repositories": [{"repository": "x"}]}'],
    [
      'a docker configuration file that is no text',
      '{"type": "credentials.config.ocm.software", "repositories": [{"repository": {"type": "DockerConfig", "dockerConfigFile": 1}}]}',
    ],
    ['configurations that are no list', '{"type": "generic.config.ocm.software", "configurations": 1}'],
    [
      'configurations without end',
      Array.from({ length: 12 }).reduce<string>(
        inner => `{"type": "generic.config.ocm.software", "configurations": [${inner}]}`,
        '{}',
      ),
    ],
    [
      'aliases that multiply',
      'a: &a [1,1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c]\n',
    ],
  ];
  for (const [what, text] of bad) {
    it(`refuses ${what}, without quoting it`, () => {
      try {
        parseOcmConfig(text, 'the-file');
      } catch (error) {
        expect(describeError(error)).to.contain('the-file').and.not.contain(secret);
        expect((error as { code?: string }).code).to.equal('oci.invalid-ocm-config');
        return;
      }
      throw new Error('it was accepted');
    });
  }

  it('refuses a file that is named and not there, and credential repositories it does not know when they are asked', async () => {
    expect(await codeOf(loadOcmConfig(path.join(folder, 'nothing')))).to.equal('oci.invalid-ocm-config');
    const { credentials } = parseOcmConfig(
      config({
        identity: { type: 'OCIRegistry', hostname: 'v.example' },
        credentials: [{ type: 'HashiCorpVault', token: secret }],
      }),
      'config',
    );
    expect(await credentials('other.example')).to.equal(undefined);
    expect(await codeOf(credentials('v.example'))).to.equal('oci.unknown-credential-repository');
  });
});
