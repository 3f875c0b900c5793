import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { buildComponents, memorySpace, openRegistries, repositoryIn, type JsonObject } from '../../../ocm';
import type { BadCase } from './case';

const head = 'name: example.com/acme/bad\nversion: 1.0.0\nprovider: acme\n';
const withInput = (input: JsonObject, more: JsonObject = {}): string =>
  `${head}resources:\n- ${JSON.stringify({ name: 'aa', type: 'blob', input, ...more })}\n`;
const withResource = (resource: JsonObject): string => `${head}resources:\n- ${JSON.stringify(resource)}\n`;

/** Constructor files, and what they are refused for. */
const files: readonly (readonly [string, string | Buffer, RegExp?])[] = [
  ['nothing', ''],
  ['a list', '[]'],
  ['text', 'hello'],
  ['no component', 'components: []\n'],
  ['components that are a map', 'components: {}\n'],
  ['a component that is text', 'components: [x]\n'],
  ['no name', 'version: 1.0.0\nprovider: a\n'],
  ['a name that is none', 'name: Acme\nversion: 1.0.0\nprovider: a\n'],
  ['a name that leads out', 'name: ../../etc/passwd\nversion: 1.0.0\nprovider: a\n'],
  ['a name that is too long', `name: example.com/${'a'.repeat(300)}\nversion: 1.0.0\nprovider: a\n`],
  ['no version', 'name: example.com/acme/bad\nprovider: a\n'],
  ['a version that is none', 'name: example.com/acme/bad\nversion: newest\nprovider: a\n'],
  ['a version that is a number', 'name: example.com/acme/bad\nversion: 1.10\nprovider: a\n'],
  ['no provider', 'name: example.com/acme/bad\nversion: 1.0.0\n'],
  ['a provider without name', 'name: example.com/acme/bad\nversion: 1.0.0\nprovider: {labels: []}\n'],
  ['a field that nobody knows', `${head}resourses: []\n`],
  ['the same key twice', `${head}provider: other\n`],
  ['resources that are a map', `${head}resources: {}\n`],
  ['a resource that is text', `${head}resources: [x]\n`],
  ['a resource without name', withResource({ type: 't', access: { type: 'none' } })],
  ['a resource with a name that is none', withResource({ name: 'A B', type: 't', access: { type: 'none' } })],
  ['a resource without type', withResource({ name: 'aa', access: { type: 'none' } })],
  [
    'a resource with a relation that is none',
    withResource({ name: 'aa', type: 't', relation: 'near', access: { type: 'none' } }),
  ],
  ['a resource without content', withResource({ name: 'aa', type: 't' })],
  [
    'a resource with two contents',
    withResource({ name: 'aa', type: 't', access: { type: 'none' }, input: { type: 'utf8', text: 'x' } }),
  ],
  ['an access without type', withResource({ name: 'aa', type: 't', access: {} })],
  [
    'an access to a local blob',
    withResource({ name: 'aa', type: 't', access: { type: 'localBlob', localReference: 'x' } }),
  ],
  [
    'an extra identity that is a list',
    withResource({ name: 'aa', type: 't', extraIdentity: [], access: { type: 'none' } }),
  ],
  [
    'two resources of one name',
    `${head}resources:\n- {name: aa, type: t, access: {type: none}}\n- {name: aa, type: t, access: {type: none}}\n`,
  ],
  ['a label without value', `${head}labels: [{name: x}]\n`],
  ['two labels of one name', `${head}labels: [{name: x, value: 1}, {name: x, value: 2}]\n`],
  ['a reference without component', `${head}componentReferences: [{name: aa, version: 1.0.0}]\n`],
  [
    'a reference with a version that is none',
    `${head}componentReferences: [{name: aa, componentName: example.com/acme/other, version: newest}]\n`,
  ],
  ['a creation time that is none', `${head}creationTime: yesterday\n`],
  [
    'a digest that is not that of the content',
    withInput(
      { type: 'utf8', text: 'x' },
      { digest: { hashAlgorithm: 'SHA-256', normalisationAlgorithm: 'genericBlobDigest/v1', value: '0'.repeat(64) } },
    ),
  ],
  ['a tab for indentation', 'name: example.com/acme/bad\n\tversion: 1.0.0\n'],
  ['bad UTF-8', Buffer.concat([Buffer.from('name: "'), Buffer.from([0xc3, 0x28]), Buffer.from('"\n')])],
  [
    'aliases that multiply',
    `a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e]\n`,
  ],
  ['nesting without end', `${head}labels: ${'['.repeat(3000)}${']'.repeat(3000)}\n`],
  ['a setting that is not given', `${head}labels: [{name: x, value: "\${NOT_GIVEN}"}]\n`, /setting-missing/],
  ['an expression that is none', `${head}labels: [{name: x, value: "\${a b}"}]\n`, /invalid-template/],
  ['an expression without end', `${head}labels: [{name: x, value: "\${open]\n`],
  ['an input without type', withInput({})],
  ['an input of a type that nobody knows', withInput({ type: 'magic' })],
  ['an input named like a property of all objects', withInput({ type: 'constructor' })],
  ['an input of spiff', withInput({ type: 'spiff', path: 'x' })],
  ['an input of Maven', withInput({ type: 'maven', repoUrl: 'https://a.example' })],
  ['an input of npm', withInput({ type: 'npm/v1', registry: 'https://a.example' })],
  ['an input of another component', withInput({ type: 'ocm', component: 'example.com/acme/other' })],
  ['an input with a field that nobody knows', withInput({ type: 'file', path: 'x', follow: true })],
  ['a file without path', withInput({ type: 'file' })],
  ['a file that is not there', withInput({ type: 'file', path: 'nothing' }), /input-not-found/],
  ['a file that is a folder', withInput({ type: 'file', path: '.' }), /invalid-input/],
  ['a folder that is a file', withInput({ type: 'dir', path: 'constructor.yaml' }), /invalid-input/],
  ['a folder with a pipe', withInput({ type: 'dir', path: 'pipes' }), /invalid-input/],
  ['a folder in a circle', withInput({ type: 'dir', path: 'circle', followSymlinks: true }), /invalid-input|ELOOP/],
  ['a pattern that is none', withInput({ type: 'dir', path: 'pipes', includeFiles: ['[a'] }), /invalid-input/],
  ['text in two forms', withInput({ type: 'utf8', text: 'a', json: {} }), /invalid-input/],
  ['text in no form', withInput({ type: 'utf8' }), /invalid-input/],
  ['JSON that is none', withInput({ type: 'utf8', json: '{' }), /invalid-input/],
  ['bytes that are not base64', withInput({ type: 'binary', data: '%%%' }), /invalid-input/],
  ['a download without address', withInput({ type: 'wget' })],
  ['a download of a file', withInput({ type: 'wget', url: 'file:///etc/passwd' }), /invalid-access/],
  ['a source tree of a command', withInput({ type: 'git', repository: 'ext::sh -c id' }), /invalid-access/],
  ['an image that is not there', withInput({ type: 'ociImage', path: './nothing:1' }), /input-not-found/],
  ['an image of a container engine', withInput({ type: 'docker', path: 'web:1' }), /input-not-found/],
  ['an image layout without images', withInput({ type: 'ociArtifact', path: 'pipes' }), /invalid-layout|invalid-input/],
  ['an image for a platform that is none', withInput({ type: 'ociImage', path: 'x', platforms: ['linux'] })],
  ['an image for a repository with a tag', withInput({ type: 'ociImage', path: 'x', repository: 'a:1' })],
  ['an index of no images', withInput({ type: 'dockermulti', variants: [''] })],
  ['a chart without Chart.yaml', withInput({ type: 'helm', path: 'pipes' }), /invalid-input/],
  ['a chart that is no archive', withInput({ type: 'helm', path: 'constructor.yaml' }), /invalid-(input|archive)/],
  [
    'a chart of a repository without version',
    withInput({ type: 'helm', path: 'web', helmRepository: 'https://a.example' }),
    /invalid-input/,
  ],
  ['an authority without repository', withInput({ type: 'helm', path: 'pipes', caCert: 'x' }), /invalid-input/],
];

export function constructorCases(): readonly BadCase[] {
  const registries = openRegistries({ credentials: 'anonymous' });
  return files.map(([what, text, code = /invalid-(constructor|yaml|descriptor)|digest-mismatch/]) => ({
    what: `a constructor file with ${what}`,
    run: async folder => {
      const file = path.join(folder, 'constructor.yaml');
      writeFileSync(file, text);
      mkdirSync(path.join(folder, 'pipes'));
      if (what.includes('pipe')) execFileSync('mkfifo', [path.join(folder, 'pipes', 'pipe')]);
      mkdirSync(path.join(folder, 'circle'));
      symlinkSync('.', path.join(folder, 'circle', 'again'));
      await buildComponents(file, repositoryIn(memorySpace()), { registries, settings: {} });
    },
    code,
    where: /constructor\.yaml|example\.com|aa/,
  }));
}
