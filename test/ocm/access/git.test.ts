import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import {
  buildComponents,
  generateRsaKey,
  memorySpace,
  openRegistries,
  repositoryIn,
  signComponentVersion,
  transferComponentVersion,
  verifyComponentVersion,
} from '../../../ocm';
import { openAccess, type AccessContext } from '../../../ocm/access';
import { readTar } from '../../../ocm/archive';
import { digestOf, streamOfBytes } from '../../../oci';
import { giteaProgram, startGitea, type RunningGitea } from '../../support/gitea';
import { codeOf } from '../../support/tar';

describe('ocm/access: source trees by git', () => {
  let folder: string;
  let work: string;
  let commit: string;
  const git = (...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
      cwd: work,
      encoding: 'utf8',
      env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' },
    }).trim();
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'airlock-test-'));
    work = path.join(folder, 'work');
    mkdirSync(path.join(work, 'deploy'), { recursive: true });
    git('init', '--quiet', '--initial-branch=main');
    writeFileSync(path.join(work, 'readme.md'), 'first\r\n$Id$\n');
    writeFileSync(path.join(work, '.gitattributes'), '*.md text eol=crlf ident export-subst\nhidden export-ignore\n');
    writeFileSync(path.join(work, 'hidden'), 'not in archives of git itself\n');
    writeFileSync(path.join(work, 'run.sh'), '#!/bin/sh\n', { mode: 0o755 });
    symlinkSync('../readme.md', path.join(work, 'deploy', 'link'));
    git('add', '.');
    git('commit', '--quiet', '-m', 'one');
    git('tag', 'v1');
    commit = git('rev-parse', 'HEAD');
    writeFileSync(path.join(work, 'readme.md'), 'second\n');
    git('commit', '--quiet', '-am', 'two');
  });
  after(() => rmSync(folder, { recursive: true }));

  const context = (registries = openRegistries({ credentials: 'anonymous' })): AccessContext => ({
    reference: 'example.com/acme/one:1.0.0',
    location: repositoryIn(memorySpace()).location,
    registries,
    localBlob: () => Promise.reject(new Error('none')),
  });
  const fetched = async (
    access: object,
    registries = openRegistries({ credentials: 'anonymous' }),
  ): Promise<Buffer> => {
    const opened = await openAccess(access as never, context(registries));
    expect(opened.mediaType).to.equal('application/x-tgz');
    const parts: Buffer[] = [];
    for await (const part of await opened.stream()) parts.push(part as Buffer);
    return Buffer.concat(parts);
  };
  const names = async (archive: Buffer): Promise<string[]> => {
    const found: string[] = [];
    try {
      for await (const entry of readTar(streamOfBytes(archive), 'archive')) found.push(entry.name);
    } catch {
      found.push('(a link)');
    }
    return found;
  };

  it('packs a commit, always to the same bytes, as it is in the repository and not as it would be checked out', async () => {
    const repository = `file://${work}`;
    const byCommit = await fetched({ type: 'git/v1alpha1', repository, commit });
    const byTag = await fetched({ type: 'Git', repository, ref: 'refs/tags/v1' });
    expect(digestOf(byTag)).to.equal(digestOf(byCommit));
    expect(await names(byCommit)).to.deep.equal(['.gitattributes', 'deploy', '(a link)']);
    const plain = gunzipSync(byCommit).toString('latin1');
    expect(plain).to.contain('first\n$Id$\n').and.to.contain('hidden').and.not.to.contain('second');
    const head = await fetched({ type: 'git', repository });
    expect(gunzipSync(head).toString('latin1')).to.contain('second');
  });

  it('finds a commit whose server does not give it out by name', async () => {
    const bare = path.join(folder, 'strict.git');
    execFileSync('git', ['clone', '--quiet', '--bare', work, bare]);
    execFileSync('git', ['-C', bare, 'config', 'uploadpack.allowAnySHA1InWant', 'false']);
    const old = await fetched({ type: 'git', repository: `file://${bare}`, ref: 'refs/heads/main', commit });
    expect(gunzipSync(old).toString('latin1')).to.contain('first\n');
  });

  const refused: readonly (readonly [string, object, string])[] = [
    ['no repository', { type: 'git' }, 'ocm.invalid-access'],
    ['an option for a repository', { type: 'git', repository: '--upload-pack=touch /tmp/x' }, 'ocm.invalid-access'],
    ['a command for a repository', { type: 'git', repository: 'ext::sh -c touch% /tmp/x' }, 'ocm.invalid-access'],
    ['a password in the address', { type: 'git', repository: 'https://a:b@example.com/x' }, 'ocm.invalid-access'],
    ['an option for a ref', { type: 'git', repository: 'file:///x', ref: '--all' }, 'ocm.invalid-access'],
    ['a refspec for a ref', { type: 'git', repository: 'file:///x', ref: 'a:refs/heads/b' }, 'ocm.invalid-access'],
    ['a short commit', { type: 'git', repository: 'file:///x', commit: 'abc' }, 'ocm.invalid-access'],
    ['a repository that is not there', { type: 'git', repository: 'file:///nowhere/at/all' }, 'oci.not-found'],
    [
      'a commit for GitHub that is none',
      { type: 'gitHub', repoUrl: 'github.com/a/b', commit: 'main' },
      'ocm.invalid-access',
    ],
    [
      'an address for GitHub that is none',
      { type: 'github/v1', repoUrl: 'github.com/a', commit: '0'.repeat(40) },
      'ocm.invalid-access',
    ],
  ];
  for (const [what, access, code] of refused)
    it(`refuses ${what}`, async () => expect(await codeOf(fetched(access))).to.equal(code));

  it('refuses a commit that is not there', async () => {
    const access = { type: 'git', repository: `file://${work}`, commit: '1'.repeat(40) };
    expect(await codeOf(fetched(access))).to.equal('oci.not-found');
  });

  it('takes what the API of GitHub packs, with the token for it', async () => {
    const seen: string[] = [];
    const server: Server = createServer((request, response) => {
      seen.push(`${request.url ?? ''} ${request.headers.authorization ?? ''}`);
      response.end('packed');
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    try {
      const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
      const registries = openRegistries({
        credentials: 'anonymous',
        consumers: wanted => Promise.resolve(wanted.type === 'Github' ? { token: 'secret' } : undefined),
      });
      const access = { type: 'GitHub/v1', repoUrl: `http://${host}/acme/app`, commit };
      expect((await fetched(access, registries)).toString()).to.equal('packed');
      expect(seen).to.deep.equal([`/api/v3/repos/acme/app/tarball/${commit} Bearer secret`]);
    } finally {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    }
  });

  describe('from Gitea', () => {
    let gitea: RunningGitea;
    before(async function () {
      this.timeout(120_000);
      const program = await giteaProgram();
      if (program === undefined) {
        process.stderr.write('skipped: there is no Gitea in the cache\n');
        this.skip();
      }
      gitea = await startGitea(program);
      const { username, password } = gitea.admin;
      const basic = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
      const made = await fetch(`http://127.0.0.1:${gitea.port}/api/v1/user/repos`, {
        method: 'POST',
        headers: { authorization: basic, 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'app', private: true }),
      });
      expect(made.status).to.equal(201);
      git(
        '-c',
        `http.extraHeader=Authorization: ${basic}`,
        'push',
        '--quiet',
        '--mirror',
        `${gitea.url}/${username}/app`,
      );
    });
    after(() => gitea?.stop());

    it('is digested, signed, carried over by value and verified, for a private repository too', async () => {
      const { username, password } = gitea.admin;
      const registries = openRegistries({
        credentials: 'anonymous',
        consumers: ({ type, hostname }) =>
          Promise.resolve(type === 'Git' && hostname === 'gitea.localhost' ? { username, password } : undefined),
      });
      const file = path.join(folder, 'constructor.yaml');
      const repoUrl = `${gitea.url}/${username}/app`;
      writeFileSync(
        file,
        JSON.stringify({
          name: 'example.com/acme/app',
          version: '1.0.0',
          provider: 'acme',
          resources: [
            { name: 'by-git', type: 'directoryTree', access: { type: 'git', repository: repoUrl, commit } },
            { name: 'by-github', type: 'directoryTree', access: { type: 'gitHub', repoUrl, commit } },
            { name: 'input', type: 'directoryTree', input: { type: 'git', repository: repoUrl, commit } },
          ],
          sources: [{ name: 'source', type: 'git', access: { type: 'gitHub', repoUrl, commit } }],
        }),
      );
      const source = repositoryIn(memorySpace('source'), { registries });
      await buildComponents(file, source, { registries });
      const { privateKey, publicKey } = await generateRsaKey(2048);
      await signComponentVersion(source, 'example.com/acme/app', '1.0.0', { signature: 'acme', privateKey });
      const verify = { keys: [{ publicKey }] };
      const opened = await source.open('example.com/acme/app', '1.0.0');
      const values = opened.descriptor.component.resources.map(each => each.digest?.value);
      expect(new Set(values)).to.have.property('size', 1);
      const target = repositoryIn(memorySpace('target'));
      await transferComponentVersion(opened, target, { copyResources: true, copySources: true, verify });
      const stored = (await target.open('example.com/acme/app', '1.0.0')).descriptor.component;
      expect([...stored.resources, ...stored.sources].map(each => each.access.type)).to.deep.equal(
        Array(4).fill('localBlob'),
      );
      await verifyComponentVersion(target, 'example.com/acme/app', '1.0.0', verify);
    }).timeout(60_000);
  });
});
