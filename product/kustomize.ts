import { AirlockError } from '../report';
import { Fields } from './fields';
import type { FileSet } from './file-set';
import { runProgram, type ProgramOptions } from './program-run';

const names = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

/** True where a folder is one for Kustomize. */
export function hasKustomization(files: FileSet): boolean {
  return names.some(name => files.has(name));
}

/**
 * Builds a folder with the real Kustomize; one file, `manifests.yaml`. Everything it names must be in the folder: nothing is
 * fetched. Throws `product.kustomization-remote`, `product.kustomization-invalid` and the bounds of `runProgram`.
 */
export async function buildKustomization(files: FileSet, where: string, options: ProgramOptions): Promise<FileSet> {
  for (const [path, content] of files) {
    if (names.includes(path.slice(path.lastIndexOf('/') + 1))) refuseRemote(path, content, files, where);
  }
  const result = await runProgram(
    { name: 'kustomize', args: ['build', '.'], files, what: 'The kustomization cannot be built', where },
    options,
  );
  if (result.code !== 0) {
    throw new AirlockError({
      code: 'product.kustomization-invalid',
      message: `Kustomize cannot build the manifests: ${result.stderr
        .trim()
        .replace(/^Error: /, '')
        .slice(0, 1000)}`,
      remedy: 'It is the vendor who has to correct the folder; a value of yours may also not fit it',
      where,
    });
  }
  return new Map([['manifests.yaml', Buffer.from(result.stdout)]]);
}

/** Inside an air gap a remote base cannot be fetched, and outside of it, it would not be what was signed. */
function refuseRemote(path: string, content: Uint8Array, files: FileSet, where: string): void {
  const read = Fields.of(Buffer.from(content).toString('utf8'), path, {
    code: 'product.kustomization-invalid',
    message: 'The kustomization is not valid',
    remedy: 'It is the vendor who has to correct it',
  });
  const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
  for (const field of ['resources', 'components', 'bases', 'crds', 'generators', 'transformers', 'validators']) {
    for (const entry of read.list([field])) {
      if (typeof entry !== 'string' || entry.includes('\n')) continue;
      const inside = normalised(`${folder}/${entry}`);
      if ([...files.keys()].some(each => each === inside || inside === '' || each.startsWith(`${inside}/`))) continue;
      throw new AirlockError({
        code: 'product.kustomization-remote',
        message: `${path} names ${entry} under ${field}, which the resource does not hold`,
        remedy: 'Ship everything in the folder: nothing is fetched when a product is built',
        where,
      });
    }
  }
}

function normalised(path: string): string {
  const steps: string[] = [];
  for (const step of path.split('/')) {
    if (step === '..') steps.pop();
    else if (step !== '' && step !== '.') steps.push(step);
  }
  return steps.join('/');
}
