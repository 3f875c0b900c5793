import { expect } from 'chai';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { changesTo } from '../../forge';
import { run } from '../../images';
import { giteaProgram, startGitea, type RunningGitea } from '../support/gitea';
import { objectsIn, pipelineFolder } from '../support/tekton';

const cli = join(__dirname, '..', '..', 'cli', 'forge.ts');

describe('the pipeline’s own report, as it runs under Tekton', function () {
  this.timeout(60_000);
  let gitea: RunningGitea;
  let folder: string;
  let program: string;

  before(async function () {
    const found = await giteaProgram();
    if (!found) {
      console.log('      skipped: Gitea is not in the cache (airlock images build gitea)');
      return this.skip();
    }
    gitea = await startGitea(found);
    await gitea.forge.organizations.create({ name: 'software-provider' });
    await gitea.forge.repositories.create({ owner: 'software-provider', name: 'podinfo-component', private: true });
    const repository = gitea.forge.repository('software-provider', 'podinfo-component');
    const files = changesTo(await repository.listTree('main', ''), { 'release.env': 'PODINFO_VERSION=1.8.0\n' });
    await repository.commitFiles({ branch: 'main', files, message: 'Podinfo' });
    await repository.createRelease({ tag: 'v1.0.0', target: 'main' });
    folder = await mkdtemp(join(tmpdir(), 'airlock-status-'));
    await writeFile(
      join(folder, 'airlock.cjs'),
      `const { Command } = require(${JSON.stringify(require.resolve('commander'))});
new Command('airlock').addCommand(require(${JSON.stringify(cli)}).forgeCommand()).parseAsync()
  .catch(error => { console.error('error: ' + error.code + ' ' + error.message); process.exit(1); });
`,
    );
    await writeFile(
      join(folder, 'airlock'),
      `#!/bin/sh\nexec "${process.execPath}" --require "${require.resolve('tsx/cjs')}" "${join(folder, 'airlock.cjs')}" "$@"\n`,
    );
    await chmod(join(folder, 'airlock'), 0o755);
    const task = objectsIn(pipelineFolder).find(object => object.metadata.name === 'release-report');
    program = (task?.['spec'] as { steps: { script: string }[] }).steps[0]?.script ?? '';
  });
  after(async () => {
    await gitea?.stop();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  const report = (values: Record<string, string>) =>
    run('sh', ['-c', program], {
      allow: [1],
      env: {
        PATH: [folder, process.env['PATH']].join(delimiter),
        URL: gitea.forge.repository('software-provider', 'podinfo-component').cloneUrl,
        TAG: 'v1.0.0',
        RUN: 'podinfo-release-abcde',
        AIRLOCK_FORGE_USERNAME: gitea.admin.username,
        AIRLOCK_FORGE_PASSWORD: gitea.admin.password,
        ...values,
      },
    });

  it('sets the status of the commit that the release’s tag names', async () => {
    const statuses = () => gitea.forge.repository('software-provider', 'podinfo-component').statuses('v1.0.0');
    expect(await report({ STATUS: 'Failed' })).to.include({ code: 0 });
    expect((await statuses())[0]).to.include({ state: 'failure', context: 'airlock/release' });
    expect(await report({ STATUS: 'Completed' })).to.include({ code: 0 });
    expect(await statuses()).to.have.length(1);
    expect((await statuses())[0]).to.include({
      state: 'success',
      description: 'Built, signed, published and verified (PipelineRun podinfo-release-abcde)',
    });
  });

  it('fails with a clear word where the tag is gone, or nobody is told in whose name to speak', async () => {
    const gone = await report({ STATUS: 'Failed', TAG: 'v9.9.9' });
    expect(gone.code).to.equal(1);
    expect(gone.stderr).to.contain('forge.commit-missing software-provider/podinfo-component has no commit v9.9.9');
    const nobody = await report({ STATUS: 'Failed', AIRLOCK_FORGE_PASSWORD: '' });
    expect(nobody.stderr).to.contain('forge.credentials-missing');
  });
});
