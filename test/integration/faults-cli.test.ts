import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { airlock, projectFolder } from '../support/environment';
import { expectDone, expectRefusal } from '../support/refusal';
import { registryBinary } from '../support/registry';

const exec = promisify(execFile);

/** Faults that need no environment, through the command line. */
describe('bad input: the command line', function () {
  this.timeout(120_000);
  let folder: string;

  before(async function () {
    if (!existsSync(join(projectFolder, 'dist', 'cli', 'main.js'))) {
      console.log('      skipped: Airlock is not compiled (npm run build)');
      return this.skip();
    }
    folder = await mkdtemp(join(tmpdir(), 'airlock-faults-cli-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('names file, line and field of a malformed constructor, and leaves no archive', async () => {
    const file = join(folder, 'constructor.yaml');
    const target = join(folder, 'ctf');
    const build = async (text: string) => {
      await writeFile(file, text);
      return airlock(['component', 'build', '-O', target, file]);
    };
    const head = 'name: example.com/one\nversion: 1.0.0\nprovider: {name: acme}\n';
    expectRefusal(await build(`${head}resources: [\n`), 1, /constructor\.yaml:\d+:\d+/, /Correct the file/);
    expectRefusal(
      await build(`${head}resources:\n- {name: text, type: PlainText, inputt: {type: utf8, text: a}}\n`),
      1,
      /resources\[0\]/,
      /constructor\.yaml:5:\d+/,
    );
    expectRefusal(
      await build(`${head}resources:\n- {name: text, type: PlainText, input: {type: file, path: nowhere}}\n`),
      1,
      /nowhere/,
    );
    expectRefusal(await build(head.replace('1.0.0', 'not-a-version')), 1, /version: must be/, /constructor\.yaml:2:10/);
    expect(existsSync(target)).to.equal(false);
    expectDone(await build(`${head}resources:\n- {name: text, type: PlainText, input: {type: utf8, text: a}}\n`));
    expect(existsSync(target)).to.equal(true);
  });

  it('says what is wrong with the usage, or where there is no project', async () => {
    expectRefusal(await airlock(['frobnicate']), 2, /unknown command 'frobnicate'/);
    expectRefusal(await airlock(['up', '--nonsense']), 2, /unknown option '--nonsense'/);
    expectRefusal(await airlock(['destroy', '--stack', 'dev']), 2, /--yes/);
    expectRefusal(await airlock(['up', '--yes', '--stack', 'dev'], { cwd: folder }), 1, /No Pulumi\.yaml/, /--cwd/);
  });

  it('says what to do when the container engine does not run', async () => {
    const env = { DOCKER_HOST: 'tcp://127.0.0.1:1' };
    const doctor = await airlock(['doctor'], { env });
    expect(doctor.code).to.equal(1);
    expect(doctor.stdout).to.match(/missing\s+Container engine\s+Docker does not answer at tcp:\/\/127\.0\.0\.1:1/);
    expect(doctor.stdout).to.include('--platform none');
    const demo = await airlock(['demo', '--directory', join(folder, 'demo'), '--name', 'no-engine'], { env });
    expectRefusal(demo, 5, /No container engine is running/, /DOCKER_HOST/, /--platform none/);
  });

  it('keeps what an image build made when it fails half-way, and goes on with the next run', async function () {
    if ((await registryBinary()) === undefined) {
      console.log('      skipped: the registry program was never built here (airlock images build registry)');
      return this.skip();
    }
    const cache = join(folder, 'cache');
    const env = { AIRLOCK_CACHE: cache, AIRLOCK_OFFLINE: '1' };
    const modules = join(folder, 'modules');
    const broken = { ...env, GOMODCACHE: modules, GOPROXY: 'http://127.0.0.1:1', GOFLAGS: '-modcacherw' };
    const build = ['images', 'build', 'registry'];
    const failed = await airlock(build, { env: broken });
    expectRefusal(failed, 1, /Building registry 3\.\d+\.\d+ failed/, /logs\/registry\.log/, /the next run continues/);
    expect(await readFile(join(cache, 'logs', 'registry.log'), 'utf8')).to.include('connection refused');
    expect((await readdir(join(cache, 'bin'))).filter(name => name.startsWith('registry'))).to.deep.equal([]);
    expectDone(await airlock(build, { env }), /registry\s+airlock\.local\/registry/);
    const again = await airlock(build, { env });
    expectDone(again);
    expect(again.elapsedMs).to.be.lessThan(5000);
  });

  it('says which disk is full, keeps the state, and goes on once there is space', async function () {
    const disk = join(folder, 'disk');
    await mkdir(disk);
    const mounted = await exec('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk]).then(
      () => true,
      () => false,
    );
    if (!mounted) {
      console.log('      skipped: a small disk can only be mounted by root');
      return this.skip();
    }
    try {
      const cache = { AIRLOCK_CACHE: join(disk, 'cache'), AIRLOCK_OFFLINE: '1' };
      expectRefusal(await airlock(['images', 'build', 'registry'], { env: cache }), 1, /free/, /AIRLOCK_CACHE/);

      const scenario = join(folder, 'scenario.json');
      const things = join(folder, 'things');
      await mkdir(things);
      const env = {
        PULUMI_BACKEND_URL: `file://${disk}`,
        PULUMI_CONFIG_PASSPHRASE: 'correct horse',
        SCENARIO: scenario,
        THINGS: things,
      };
      const up = async (label: string) => {
        await writeFile(scenario, JSON.stringify({ resources: [{ name: 'one', args: { label } }] }));
        const place = [
          '--cwd',
          join(projectFolder, 'test/engine/programs/basic'),
          '--config-file',
          join(folder, 'full.yaml'),
        ];
        return airlock(['up', '--yes', '--stack', 'full', ...place], { env });
      };
      await writeFile(join(folder, 'full.yaml'), 'config: {}\n');
      expectDone(await up('first'), /1 created|2 created/);
      // With no page left, and with so many that it fills up in the middle.
      for (const left of [0, 2, 4]) {
        const { bavail, bsize } = await statfs(disk);
        await writeFile(join(disk, 'filler'), Buffer.alloc((bavail - left) * bsize));
        expectRefusal(await up(`second-${left}`), 1, /the disk is full/, new RegExp(disk), /Free some space/);
        await rm(join(disk, 'filler'));
      }
      expectDone(await up('second'), /1 updated/);
    } finally {
      await exec('umount', [disk]);
    }
  });
});
