import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { goVersion, languagePrograms, platformImages, programListing, projectRoot, run } from '../../images';
import { buildGo, builtGo, recipeKey } from '../../images/golang';
import { type GoProgram, program, programs } from '../../images/programs';
import { AirlockError } from '../../report';

const goMod = (tool: string) => readFileSync(join(projectRoot(), 'tools', tool, 'go.mod'), 'utf8');

describe('images: the list of programs', () => {
  const own = ['runc-wrapper', 'pause', 'orders'];
  for (const entry of programs.filter(one => !own.includes(one.tool))) {
    it(`${entry.name} ${entry.version} is what tools/${entry.tool} pins`, () => {
      const text = goMod(entry.tool);
      for (const path of Object.values(entry.binaries)) {
        expect(text, `tool line for ${path}`).to.match(new RegExp(`^(tool)?\\s*${path.replaceAll('.', '\\.')}$`, 'm'));
        const required = [...text.matchAll(/^(?:require )?\s*(\S+) v(\S+)/gm)].filter(([, module]) =>
          path.startsWith(module ?? '-'),
        );
        const longest = required.sort((a, b) => (b[1]?.length ?? 0) - (a[1]?.length ?? 0))[0];
        // podinfo's later releases have no module version of their own.
        const pinned = longest?.[2]?.startsWith('1.8.1-0.') ? '6.9.2' : longest?.[2]?.replace('+incompatible', '');
        expect(pinned).to.equal(entry.version);
      }
    });
  }

  it('uses every folder of tools, and every sum file is there', () => {
    const used = new Set(programs.map(one => one.tool));
    for (const folder of readdirSync(join(projectRoot(), 'tools'))) expect([...used]).to.include(folder);
  });

  it('has one reference per image, with its version as tag', () => {
    expect(new Set(platformImages.map(image => image.reference)).size).to.equal(platformImages.length);
    for (const image of platformImages)
      expect(image.reference).to.equal(`airlock.local/${image.name}:${image.version}`);
    expect(platformImages.find(image => image.name === 'gitea')?.version).to.equal(program('gitea').version);
    expect(platformImages.find(image => image.name === 'registry')?.version).to.equal(program('registry').version);
  });

  it('keys a build by sources and flags', async () => {
    const wrapper = program('runc-wrapper');
    expect(await recipeKey(wrapper)).to.equal(await recipeKey({ ...wrapper, minutes: 9 }));
    expect(await recipeKey(wrapper)).not.to.equal(await recipeKey({ ...wrapper, tags: ['x'] }));
  });

  it('keys a build by the sources in folders, too', async () => {
    const folder = join(projectRoot(), 'tools', 'orders');
    expect(readdirSync(folder, { recursive: true })).to.include(join('shop', 'main.go'));
    expect(await recipeKey(program('orders'))).not.to.equal(
      await recipeKey({ ...program('orders'), tool: 'runc-wrapper' }),
    );
  });

  it('asks for the programs of products’ languages only when they are needed', async function () {
    const ready = await Promise.all((['cue', 'opa', 'helm', 'kustomize'] as const).map(name => builtGo(program(name))));
    if (ready.includes(undefined)) {
      console.log('      skipped: not all of cue, opa, helm, kustomize are in the cache');
      return this.skip();
    }
    const { cue, opa, helm, kustomize } = languagePrograms();
    const said = async (path: Promise<string>, ...args: string[]) => (await run(await path, args)).stdout;
    expect(await said(cue(), 'version')).to.match(/cue version .*v0\.17\.0/);
    expect(await said(opa(), 'version')).to.contain('Version: 1.22.0');
    expect(await said(helm(), 'version', '--short')).to.contain('v3.22.0');
    expect(await said(kustomize(), 'version')).to.contain('v5.8.1');
    expect(cue()).to.equal(cue());
  });

  it('lists them with their versions', async () => {
    const rows = await programListing();
    expect(rows.map(({ name, version }) => `${name} ${version}`)).to.deep.equal([
      'cue 0.17.0',
      'helm 3.22.0',
      'kustomize 5.8.1',
      'opa 1.22.0',
    ]);
  });

  it('names the program and the log file when a build fails', async function () {
    if (!(await goVersion())) {
      console.log('      skipped: no Go toolchain');
      return this.skip();
    }
    const broken: GoProgram = {
      ...program('runc-wrapper'),
      name: 'test-broken',
      binaries: { broken: './no-such-package' },
    };
    const error = (await buildGo(broken).catch((thrown: unknown) => thrown)) as AirlockError;
    expect(error.code).to.equal('images.build-failed');
    expect(error.message).to.contain('Building test-broken').and.to.contain('no-such-package');
    expect(error.where).to.match(/logs\/test-broken\.log$/);
    expect(error.remedy).to.contain('the next run continues');
  });
});
