import { expect } from 'chai';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Registry } from '../../oci';
import { pushImage, pushIndex } from '../support/artifacts';
import { projectFolder } from '../support/environment';
import { registryBinary, startRegistry, type TestRegistry } from '../support/registry';
import { inTermsOf, readTranscript, run } from '../support/transcript';

const golden = path.join(projectFolder, 'test', 'cli', 'golden');
const main = process.env.AIRLOCK_MAIN ?? path.join(projectFolder, 'dist', 'cli', 'main.js');
const page = path.join(projectFolder, 'docs', 'component-cli.md');
/** How the registry is called in the transcripts. */
const registryName = 'registry.localhost:5000';
const consoleBlock = /(?<=^```console\n)[^]*?(?=^```$)/gm;

/**
 * Transcripts of real processes against a real registry with accounts, and archives. AIRLOCK_UPDATE_GOLDEN=1 writes what was
 * found into the files.
 */
describe('the component command line', function () {
  this.timeout(180_000);
  let registry: TestRegistry;
  let folder: string;

  before(async function () {
    const binary = await registryBinary();
    if (binary === undefined || !existsSync(main)) {
      console.log('      skipped: needs the compiled Airlock (npm run build) and a registry in the cache');
      return this.skip();
    }
    folder = await mkdtemp(path.join(tmpdir(), 'airlock-component-cli-'));
    registry = await startRegistry(binary);
    await mkdir(path.join(folder, 'bin'));
    const program = path.join(folder, 'bin', 'airlock');
    await writeFile(program, `#!/bin/sh\nexec "${process.execPath}" --no-warnings "${main}" "$@"\n`);
    await chmod(program, 0o755);
    const images = new Registry(registry.host, { credentials: registry }).repository('vendor/web');
    for (const version of ['1.0.0', '1.1.0']) {
      const layers = ['base', version].map(text => Buffer.from(`layer ${text}`));
      const amd64 = await pushImage(images, `${version}-amd64`, layers);
      const arm64 = await pushImage(images, `${version}-arm64`, layers);
      await pushIndex(images, version, [
        { ...amd64, platform: { os: 'linux', architecture: 'amd64' } },
        { ...arm64, platform: { os: 'linux', architecture: 'arm64' } },
      ]);
    }
  });
  after(async () => {
    await registry?.stop();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  /** A folder of its own with the project, what the reference command line wrote, and the logins. */
  const prepared = async (name: string): Promise<{ cwd: string; env: NodeJS.ProcessEnv }> => {
    const cwd = path.join(folder, name);
    await cp(path.join(golden, 'project'), cwd, { recursive: true });
    const vectors = path.join(projectFolder, 'test', 'ocm', 'vectors', 'reference-cli');
    for (const file of ['signed-by-value', 'signed-by-value.tgz', 'acme.pub'])
      await cp(path.join(vectors, file), path.join(cwd, 'reference', file), { recursive: true });
    const auth = Buffer.from(`${registry.username}:${registry.password}`).toString('base64');
    await mkdir(path.join(cwd, '.docker'));
    await writeFile(path.join(cwd, '.docker', 'config.json'), JSON.stringify({ auths: { [registry.host]: { auth } } }));
    return {
      cwd,
      env: {
        PATH: `${path.join(folder, 'bin')}:${process.env.PATH ?? ''}`,
        HOME: cwd,
        AIRLOCK_CACHE: path.join(folder, 'cache'),
        SOURCE_DATE_EPOCH: '1767225600',
        REGISTRY: registry.host,
        REGISTRY_PASSWORD: registry.password,
        NO_COLOR: '1',
        LC_ALL: 'C.UTF-8',
      },
    };
  };

  /** The transcript as it is now. */
  const replayed = async (text: string, place: Awaited<ReturnType<typeof prepared>>): Promise<string> => {
    const result: string[] = [];
    for (const { command, lines } of readTranscript(text)) {
      const found = await run(command.replaceAll(registryName, registry.host), place);
      const named = found.map(line => line.replaceAll(registry.host, registryName).replaceAll(place.cwd, '/work'));
      result.push(`$ ${command}`, ...inTermsOf(lines, named));
    }
    return `${result.join('\n')}\n`;
  };

  for (const name of readdirSync(golden).filter(file => file.endsWith('.txt'))) {
    it(`prints what ${name} says`, async () => {
      const file = path.join(golden, name);
      const before = await readFile(file, 'utf8');
      const now = await replayed(before, await prepared(name));
      if (process.env.AIRLOCK_UPDATE_GOLDEN === '1') await writeFile(file, now);
      else expect(now).to.equal(before);
    });
  }

  it('prints what the reference page shows', async () => {
    const before = await readFile(page, 'utf8');
    const place = await prepared('page');
    const blocks: string[] = [];
    for (const [block] of before.matchAll(consoleBlock)) blocks.push(await replayed(block, place));
    const now = before.replace(consoleBlock, () => blocks.shift() ?? '');
    if (process.env.AIRLOCK_UPDATE_GOLDEN === '1') await writeFile(page, now);
    else expect(now).to.equal(before);
  });
});
