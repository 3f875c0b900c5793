import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import { entriesFromDirectory } from '../../../oci';
import { matchSegment } from '../../../services/source/glob';
import { isIgnored, keptEntries, parsePatterns } from '../../../services/source/source-ignore';

function ignored(patterns: string, ...paths: string[]): boolean[] {
  return paths.map(path => isIgnored(path, parsePatterns(patterns)));
}

describe('.sourceignore', () => {
  it('matches a name without a slash anywhere', () => {
    expect(ignored('*.md', 'README.md', 'docs/a.md', 'a.mdx')).to.deep.equal([true, true, false]);
  });

  it('anchors a pattern with a slash', () => {
    expect(ignored('docs/*.md', 'docs/a.md', 'x/docs/a.md', 'docs/b/a.md')).to.deep.equal([true, false, false]);
    expect(ignored('/a', 'a', 'b/a')).to.deep.equal([true, false]);
  });

  it('leaves out all that is in a folder', () => {
    expect(ignored('build/', 'build/x/y', 'a/build/z', 'build')).to.deep.equal([true, true, false]);
  });

  it('lets ** stand for any depth', () => {
    expect(ignored('**/x', 'x', 'a/b/x')).to.deep.equal([true, true]);
    expect(ignored('a/**/x', 'a/x', 'a/b/c/x', 'b/a/x')).to.deep.equal([true, true, false]);
    expect(ignored('a/**', 'a/b', 'a/b/c', 'a')).to.deep.equal([true, true, false]);
  });

  it('lets the last pattern that matches decide, also below an excluded folder', () => {
    expect(ignored('/*\n!/deploy', 'deploy/app.yaml', 'src/main.go')).to.deep.equal([false, true]);
    expect(ignored('!a\na', 'a')).to.deep.equal([true]);
  });

  it('knows comments, blank lines, classes and escapes', () => {
    expect(ignored('# all\n\n[a-c].txt\n\\!x\n', 'b.txt', 'd.txt', '!x', '# all')).to.deep.equal([
      true,
      false,
      true,
      false,
    ]);
  });

  it('is answered in time whatever the pattern', () => {
    const begun = Date.now();
    expect(
      ignored(`${'*a'.repeat(200)}b\n${'**/'.repeat(200)}x`, 'a'.repeat(2000), 'y/'.repeat(200) + 'z'),
    ).to.deep.equal([false, false]);
    expect(Date.now() - begun).to.be.lessThan(1000);
  });

  it('agrees with git check-ignore where nothing is included again', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'ignore-'));
    try {
      await promisify(execFile)('git', ['init', '-q'], { cwd: dir });
      const name = fc.stringMatching(/^[ab.]{0,1}[ab]{1,2}$/);
      const path = fc.array(name, { minLength: 1, maxLength: 3 }).map(parts => parts.join('/'));
      const element = fc.oneof(name, fc.constantFrom('*', 'a*', '?', '[ab]', '**'));
      const pattern = fc
        .tuple(fc.constantFrom('', '/'), fc.array(element, { minLength: 1, maxLength: 3 }), fc.constantFrom('', '/'))
        .map(([start, parts, end]) => start + parts.join('/') + end)
        // go-git and git differ on what ** alone in a segment of one means.
        .filter(text => !/^\/?\*\*\/?$/.test(text) && !text.includes('**/**'));
      await fc.assert(
        fc.asyncProperty(
          fc.array(pattern, { minLength: 1, maxLength: 4 }),
          fc.uniqueArray(path, { minLength: 1, maxLength: 8 }),
          async (patterns, paths) => {
            // A path is a file here: none may lie below another.
            const files = paths.filter(file => !paths.some(other => other !== file && other.startsWith(`${file}/`)));
            await writeFile(join(dir, '.gitignore'), patterns.join('\n'));
            const found = await new Promise<string>(done =>
              execFile('git', ['check-ignore', '--no-index', ...files], { cwd: dir }, (_error, stdout) => done(stdout)),
            );
            const expected = found.split('\n').filter(Boolean).sort();
            const actual = files.filter(file => isIgnored(file, parsePatterns(patterns.join('\n')))).sort();
            expect(actual, JSON.stringify({ patterns, files })).to.deep.equal(expected);
          },
        ),
        { numRuns: 60 },
      );
    } finally {
      await rm(dir, { recursive: true });
    }
  });

  it('matches any text against itself, quoted', () => {
    fc.assert(fc.property(fc.string(), text => matchSegment(text.replace(/[*?[\\]/g, '\\$&'), text)));
  });

  describe('in a folder', () => {
    let dir = '';
    beforeEach(async () => {
      dir = await mkdtemp(join(tmpdir(), 'ignore-'));
      const files = {
        'app.yaml': 'a',
        'logo.png': 'p',
        '.gitignore': 'x',
        '.github/workflows/ci.yml': 'c',
        'docs/.sourceignore': '*.txt\n!keep.txt',
        'docs/a.txt': '1',
        'docs/keep.txt': '2',
        'other/a.txt': '3',
      };
      for (const [path, text] of Object.entries(files)) {
        await mkdir(dirname(join(dir, path)), { recursive: true });
        await writeFile(join(dir, path), text);
      }
    });
    afterEach(() => rm(dir, { recursive: true }));

    const kept = async (ignore?: string): Promise<string[]> =>
      (await keptEntries(dir, await entriesFromDirectory(dir), ignore)).map(entry => entry.path);

    it('is valid below its own folder, on top of what Flux always leaves out', async () => {
      expect(await kept()).to.deep.equal(['app.yaml', 'docs/.sourceignore', 'docs/keep.txt', 'other/a.txt']);
    });

    it('yields to spec.ignore', async () => {
      expect(await kept('/*\n!logo.png')).to.deep.equal(['logo.png']);
    });
  });
});
