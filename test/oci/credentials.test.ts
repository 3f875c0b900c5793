import { expect } from 'chai';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  anonymous,
  dockerConfigCredentials,
  dockerConfigText,
  firstOf,
  fixedCredentials,
  openRepository,
  type Credentials,
} from '../../oci';
import { parseChallenges } from '../../oci/challenge';
import { AirlockError, describeError } from '../../report';
import { FaultyServer, reply } from '../support/faulty-server';

const thrownBy = async (work: Promise<unknown>): Promise<AirlockError> => {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).to.be.instanceOf(AirlockError);
  return error as AirlockError;
};

describe('challenges', () => {
  it('are read in all their forms', () => {
    expect(parseChallenges('Basic realm="a, \\"b\\"", Bearer realm="https://x/y",service=z , Negotiate')).to.deep.equal(
      [
        { scheme: 'basic', parameters: { realm: 'a, "b"' } },
        { scheme: 'bearer', parameters: { realm: 'https://x/y', service: 'z' } },
        { scheme: 'negotiate', parameters: {} },
      ].map(one => ({ ...one, parameters: Object.assign(Object.create(null) as object, one.parameters) })),
    );
    for (const odd of ['', ',,,', '=', '"', 'Basic realm="open', `Bearer ${'a=b,'.repeat(5000)}`])
      expect(parseChallenges(odd)).to.be.an('array');
  });
});

describe('credentials', () => {
  let folder: string;
  before(async () => (folder = await mkdtemp(join(tmpdir(), 'airlock-docker-'))));
  after(() => rm(folder, { recursive: true, force: true }));
  const basic = (text: string): { auth: string } => ({ auth: Buffer.from(text).toString('base64') });
  const from = (config: unknown, host: string): Promise<Credentials | undefined> =>
    dockerConfigCredentials({ text: JSON.stringify(config) })(host);

  it('are found under the exact host, in all the ways docker writes it', async () => {
    const config = {
      auths: {
        'a.example:5000': basic('u:p:q'),
        'https://b.example/v2/': { username: 'b', password: 'x' },
        'https://index.docker.io/v1/': basic('hub:h'),
        'c.example': { identitytoken: 'i' },
        'd.example': { registrytoken: 'r' },
      },
    };
    expect(await from(config, 'a.example:5000')).to.deep.equal({ username: 'u', password: 'p:q' });
    expect(await from(config, 'a.example')).to.equal(undefined);
    expect(await from(config, 'b.example')).to.deep.equal({ username: 'b', password: 'x' });
    expect(await from(config, 'docker.io')).to.deep.equal({ username: 'hub', password: 'h' });
    expect(await from(config, 'c.example')).to.deep.equal({ identityToken: 'i' });
    expect(await from(config, 'd.example')).to.deep.equal({ token: 'r' });
    expect(await from(config, '__proto__')).to.equal(undefined);
    expect(await from({}, 'x')).to.equal(undefined);
    expect(
      await dockerConfigCredentials({
        text: dockerConfigText({ 'r.localhost:8080': { username: 'a', password: 'ü' } }),
      })('r.localhost:8080'),
    ).to.deep.equal({ username: 'a', password: 'ü' });
  });

  it('are missing where the file is, and an error where it is damaged, without showing it', async () => {
    expect(await dockerConfigCredentials({ path: join(folder, 'none.json') })('x')).to.equal(undefined);
    await writeFile(join(folder, 'config.json'), '{"auths": {"x": {"auth": "c2VjcmV0"');
    for (const source of [
      dockerConfigCredentials({ path: join(folder, 'config.json') }),
      dockerConfigCredentials({ text: '[]' }),
      dockerConfigCredentials({ text: '{"auths":{"x":{"auth":"c2VjcmV0"}}}' }),
    ]) {
      const error = await thrownBy(source('x'));
      expect(error.code).to.equal('oci.invalid-docker-config');
      expect(describeError(error)).not.to.match(/c2VjcmV0|secret/);
    }
  });

  it('come from helpers', async () => {
    const program = join(folder, 'docker-credential-test');
    await writeFile(
      program,
      '#!/bin/sh\nread host\ncase $host in\nknown) echo \'{"Username":"u","Secret":"s"}\';;\ntoken) echo \'{"Username":"<token>","Secret":"i"}\';;\nunknown) echo "credentials not found in native keychain"; exit 1;;\n*) echo secret-in-output; exit 2;;\nesac\n',
    );
    await chmod(program, 0o755);
    await writeFile(
      join(folder, 'helpers.json'),
      JSON.stringify({ credsStore: 'test', credHelpers: { other: 'missing' }, auths: { unknown: basic('file:f') } }),
    );
    const source = dockerConfigCredentials({
      path: join(folder, 'helpers.json'),
      env: { PATH: `${folder}:${process.env['PATH']}` },
    });
    expect(await source('known')).to.deep.equal({ username: 'u', password: 's' });
    expect(await source('token')).to.deep.equal({ identityToken: 'i' });
    expect(await source('unknown')).to.deep.equal({ username: 'file', password: 'f' });
    expect(describeError(await thrownBy(source('broken'))))
      .to.contain('docker-credential-test')
      .and.not.contain('secret-in-output');
    expect((await thrownBy(source('other'))).code).to.equal('oci.credential-helper');
  });

  it('are taken from the first source that has some', async () => {
    const source = firstOf(
      anonymous,
      fixedCredentials({ a: { token: '1' } }),
      fixedCredentials({ a: { token: '2' }, b: { token: '3' } }),
    );
    expect(await source('a')).to.deep.equal({ token: '1' });
    expect(await source('b')).to.deep.equal({ token: '3' });
    expect(await source('c')).to.equal(undefined);
  });

  it('refuse user names that basic authentication cannot carry', async () => {
    const server = await FaultyServer.start(reply(401, '', { 'www-authenticate': 'Basic realm="x"' }));
    const { repository } = openRepository(`${server.host}/a/b:v1`, { credentials: { username: 'a:b', password: 'p' } });
    expect((await thrownBy(repository.tags())).code).to.equal('oci.invalid-credentials');
    await server.stop();
  });
});
