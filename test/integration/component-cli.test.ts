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
 * Transcripts of real processes, each against a real registry with accounts, and archives. AIRLOCK_UPDATE_GOLDEN=1 writes what
 * was found into the files. They run side by side: most of the time is the start of processes.
 */
describe('the component command line', function () {
  this.timeout(600_000);
  const files = [...readdirSync(golden).filter(name => name.endsWith('.txt')), page].map(name =>
    path.resolve(golden, name),
  );
  const replays = new Map<string, Promise<string>>();
  let folder: string;

  before(async function () {
    const binary = await registryBinary();
    if (binary === undefined || !existsSync(main)) {
      console.log('      skipped: needs the compiled Airlock (npm run build) and a registry in the cache');
      return this.skip();
    }
    folder = await mkdtemp(path.join(tmpdir(), 'airlock-component-cli-'));
    await mkdir(path.join(folder, 'bin'));
    const program = path.join(folder, 'bin', 'airlock');
    await writeFile(program, `#!/bin/sh\nexec "${process.execPath}" --no-warnings "${main}" "$@"\n`);
    await chmod(program, 0o755);
    for (const file of files) {
      const replay = replayed(file, binary);
      replay.catch(() => undefined); // its test says so
      replays.set(file, replay);
    }
  });
  after(async () => {
    await Promise.allSettled(replays.values());
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  for (const file of files) {
    it(`prints what ${path.basename(file)} says`, async () => {
      const now = (await replays.get(file)) ?? '';
      if (process.env.AIRLOCK_UPDATE_GOLDEN === '1') await writeFile(file, now);
      else expect(now).to.equal(await readFile(file, 'utf8'));
    });
  }

  /** The file as it is now: a transcript, or a page with transcripts in it. */
  async function replayed(file: string, binary: string): Promise<string> {
    const text = await readFile(file, 'utf8');
    const registry = await startRegistry(binary);
    try {
      await pushImages(registry);
      const place = await prepared(path.basename(file), registry);
      if (!file.endsWith('.md')) return await transcript(text, place, registry);
      const blocks: string[] = [];
      for (const [block] of text.matchAll(consoleBlock)) blocks.push(await transcript(block, place, registry));
      return text.replace(consoleBlock, () => blocks.shift() ?? '');
    } finally {
      await registry.stop();
    }
  }

  async function transcript(text: string, place: Place, registry: TestRegistry): Promise<string> {
    const result: string[] = [];
    for (const { command, lines } of readTranscript(text)) {
      const found = await run(command.replaceAll(registryName, registry.host), place);
      const named = found.map(line => line.replaceAll(registry.host, registryName).replaceAll(place.cwd, '/work'));
      result.push(`$ ${command}`, ...inTermsOf(lines, named));
    }
    return `${result.join('\n')}\n`;
  }

  interface Place {
    readonly cwd: string;
    readonly env: NodeJS.ProcessEnv;
  }

  /** A folder of its own with the project, what the reference command line wrote, and the logins. */
  async function prepared(name: string, registry: TestRegistry): Promise<Place> {
    const cwd = path.join(folder, name);
    await cp(path.join(golden, 'fixtures'), cwd, { recursive: true });
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
  }
});

/** The images of the project's versions, each for two platforms. */
async function pushImages(registry: TestRegistry): Promise<void> {
  const { username, password } = registry;
  const images = new Registry(registry.host, { credentials: { username, password } }).repository('vendor/web');
  for (const version of ['1.0.0', '1.1.0']) {
    const layers = ['base', version].map(text => Buffer.from(`layer ${text}`));
    const amd64 = await pushImage(images, `${version}-amd64`, layers);
    const arm64 = await pushImage(images, `${version}-arm64`, layers);
    await pushIndex(images, version, [
      { ...amd64, platform: { os: 'linux', architecture: 'amd64' } },
      { ...arm64, platform: { os: 'linux', architecture: 'arm64' } },
    ]);
  }
}
