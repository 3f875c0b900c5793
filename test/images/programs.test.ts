import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { goVersion, platformImages, projectRoot } from '../../images';
import { buildGo, recipeKey } from '../../images/golang';
import { type GoProgram, program, programs } from '../../images/programs';
import { AirlockError } from '../../report';

const goMod = (tool: string) => readFileSync(join(projectRoot(), 'tools', tool, 'go.mod'), 'utf8');

describe('images: the list of programs', () => {
  for (const entry of programs.filter(one => one.tool !== 'runc-wrapper' && one.tool !== 'pause')) {
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
