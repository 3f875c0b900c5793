import { openRegistries, memorySpace, repositoryIn, type JsonObject } from '../../../ocm';
import { openAccess } from '../../../ocm/access';
import type { BadCase } from './case';

const commit = '0'.repeat(40);
const digest = `sha256:${'0'.repeat(64)}`;

/** Accesses that say too little, or something that must not be followed. */
const accesses: readonly (readonly [string, JsonObject & { readonly type: string }])[] = [
  ['a local blob without reference', { type: 'localBlob/v1' }],
  ['an older local blob without digest', { type: 'localOciBlob' }],
  ['a file without name', { type: 'localFilesystemBlob' }],
  ['an image without reference', { type: 'ociArtifact' }],
  ['an image whose reference is a number', { type: 'ociRegistry', imageReference: 1 }],
  ['an image of the file system', { type: 'ociImage', imageReference: '../../etc/passwd' }],
  ['an image with a digest that is none', { type: 'OCIImage/v1', imageReference: 'a.example/b@sha256:abc' }],
  [
    'an image at an address with a password',
    { type: 'ociArtifact', imageReference: 'https://user:secret@a.example/b:1' },
  ],
  ['a relative image without reference', { type: 'relativeOciReference/v1' }],
  ['a relative image that leads up', { type: 'relativeOciReference', reference: '../other:1' }],
  ['a blob without repository', { type: 'ociBlob', digest, size: 1 }],
  ['a blob without digest', { type: 'ociBlob', ref: 'a.example/b', size: 1 }],
  ['a blob without size', { type: 'ociBlob', ref: 'a.example/b', digest }],
  ['a blob with a negative size', { type: 'OCIImageLayer', ref: 'a.example/b', digest, size: -1 }],
  ['a blob with a digest that leads out', { type: 'ociBlob', ref: 'a.example/b', digest: 'sha256:../../x', size: 1 }],
  ['a download without address', { type: 'wget' }],
  ['a download of a file', { type: 'wget', url: 'file:///etc/passwd' }],
  ['a download by a verb that nobody knows', { type: 'wget', url: 'https://a.example', verb: 'CONNECT' }],
  ['a chart without repository', { type: 'helm', helmChart: 'a:1' }],
  ['a chart of a file', { type: 'helm', helmRepository: 'file:///etc', helmChart: 'a:1' }],
  ['a chart without name', { type: 'helm', helmRepository: 'https://a.example', helmChart: ':1' }],
  ['a chart without version', { type: 'Helm/v1', helmRepository: 'https://a.example', helmChart: 'a' }],
  ['a source tree without repository', { type: 'git/v1alpha1', commit }],
  ['a source tree of a command', { type: 'git', repository: 'ext::sh -c id' }],
  ['a source tree of an option', { type: 'git', repository: '--upload-pack=id', commit }],
  [
    'a source tree with an option for a ref',
    { type: 'git', repository: 'https://a.example/b', ref: '--upload-pack=id' },
  ],
  ['a source tree of a commit that is none', { type: 'git', repository: 'https://a.example/b', commit: 'HEAD' }],
  ['a source tree of GitHub without commit', { type: 'gitHub', repoUrl: 'github.com/a/b' }],
  ['a source tree of GitHub without repository', { type: 'github', repoUrl: 'github.com', commit }],
  ['a source tree of GitHub that leads up', { type: 'GitHub/v1', repoUrl: 'github.com/a/b/../../c', commit: 'x' }],
  ['no content', { type: 'none' }],
  ['something in S3', { type: 's3/v2', bucketName: 'a', objectKey: 'b' }],
  ['a package of npm', { type: 'npm', registry: 'https://a.example', package: 'b', version: '1' }],
  ['a package of Maven', { type: 'maven', repoUrl: 'https://a.example', groupId: 'b', artifactId: 'c', version: '1' }],
  ['a type that nobody knows', { type: 'carrierPigeon/v7' }],
];

export function accessCases(): readonly BadCase[] {
  const registries = openRegistries({ credentials: 'anonymous' });
  return accesses.map(([what, access]) => ({
    what: `an access to ${what}`,
    run: async () => {
      const opened = await openAccess(access, {
        reference: 'the component',
        location: repositoryIn(memorySpace()).location,
        registries,
        localBlob: () => Promise.reject(new Error('asked for a local blob')),
      });
      await opened.stream();
    },
    code: /^(ocm\.(invalid-access|access-not-supported|no-content)|oci\.(invalid-reference|invalid-digest|not-found))$/,
  }));
}
