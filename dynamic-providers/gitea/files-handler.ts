import { blobSha, changesTo, type FileChange, type Gitea, type TreeEntry } from '../../forge';
import { isUnknown, served, type Unchecked } from '../handler';
import { ForgeHandler, type ForgeInputs } from './forge-handler';

interface Inputs extends ForgeInputs {
  readonly owner: string;
  readonly repository: string;
  readonly branch: string;
  readonly base?: string;
  readonly files: Readonly<Record<string, string>>;
  readonly message: string;
  readonly overwrite: boolean;
}

interface Outputs {
  readonly commit: string;
  /** Blob by path, as this resource last wrote it: what still has it was not touched by anybody else. */
  readonly seeded: Readonly<Record<string, string>>;
}

interface Found {
  readonly commit: string;
  readonly changes: readonly FileChange[];
  readonly seeded: Readonly<Record<string, string>>;
}

class FilesHandler extends ForgeHandler<Inputs, Found, Outputs> {
  protected readonly identity = ['owner', 'repository', 'branch'] as const;
  protected readonly required = ['owner', 'repository', 'branch'] as const;
  protected override readonly defaults = { branch: 'main', message: 'Add files', overwrite: false };

  protected override refuse({ files }: Unchecked<Inputs>) {
    if (files === undefined) return [{ property: 'files', reason: 'files is missing' }];
    if (typeof files === 'string') return [];
    return Object.entries(files).flatMap(([path, content]) => {
      const reason = isUnknown(content) || typeof content === 'string' ? pathProblem(path) : 'its content must be text';
      return reason ? [{ property: `files["${path}"]`, reason }] : [];
    });
  }

  protected idOf(inputs: Inputs) {
    return `${inputs.owner}/${inputs.repository}/${inputs.branch}`;
  }

  protected async find(forge: Gitea, inputs: Inputs, olds?: Inputs & Outputs): Promise<Found | undefined> {
    const repository = forge.repository(inputs.owner, inputs.repository);
    const branch = await repository.branch(inputs.branch);
    if (!branch) return undefined;
    const head = await repository.commit(branch.commit);
    // A repository that was made anew: nobody's work is in it yet, and what an earlier one had does not count.
    const fresh = head?.parents.length === 0 && head.message.trim() === 'Initial commit';
    const present = await repository.listTree(branch.commit, '');
    return { commit: branch.commit, ...planned(present, inputs, fresh ? undefined : (olds?.seeded ?? {})) };
  }

  protected differs(found: Found) {
    return found.changes.length > 0;
  }

  protected async apply(forge: Gitea, inputs: Inputs, found: Found | undefined): Promise<Found> {
    const repository = forge.repository(inputs.owner, inputs.repository);
    if (found) {
      if (found.changes.length === 0) return found;
      const { commit } = await repository.commitFiles({
        branch: inputs.branch,
        files: found.changes,
        message: inputs.message,
      });
      return { commit, changes: [], seeded: found.seeded };
    }
    const base =
      inputs.base ??
      (await forge.repositories.find({ owner: inputs.owner, name: inputs.repository }))?.defaultBranch ??
      'main';
    // The branch is ours, so what its base has is replaced where the files say so.
    const { changes, seeded } = planned(await repository.listTree(base, ''), inputs, undefined);
    if (changes.length === 0) {
      const branch = await repository.createBranch(inputs.branch, base);
      return { commit: branch.commit, changes, seeded };
    }
    const { commit } = await repository.commitFiles({
      branch: inputs.branch,
      base,
      files: changes,
      message: inputs.message,
    });
    return { commit, changes: [], seeded };
  }

  /** What was committed stays. */
  protected async remove() {}

  protected outputs({ commit, seeded }: Found) {
    return { commit, seeded };
  }
}

/**
 * What to commit. A file is written when it is absent and was never seeded, or when it still is what was seeded; with
 * `overwrite`, or on a branch nobody worked on (`seeded` undefined), whenever it differs.
 */
function planned(
  present: readonly TreeEntry[],
  inputs: Inputs,
  seeded: Readonly<Record<string, string>> | undefined,
): Pick<Found, 'changes' | 'seeded'> {
  const known = new Map(present.map(entry => [entry.path, entry.sha]));
  const wanted: Record<string, string> = {};
  const kept: Record<string, string> = {};
  for (const [path, content] of Object.entries(inputs.files)) {
    const before = seeded?.[path];
    const now = known.get(path);
    const mayWrite = seeded === undefined || inputs.overwrite || now === before;
    if (mayWrite) wanted[path] = content;
    const sha = mayWrite ? blobSha(content) : before;
    if (sha !== undefined) kept[path] = sha;
  }
  return { changes: changesTo(present, wanted), seeded: kept };
}

function pathProblem(path: string): string | undefined {
  const parts = path.split('/');
  if (path === '' || parts.some(part => part === '' || part === '.' || part === '..'))
    return 'its path must be relative, without . and ..';
  return parts[0]?.toLowerCase() === '.git' ? 'its path must not lie in .git' : undefined;
}

export const { check, diff, create, update, read, remove } = served(new FilesHandler());
export { remove as delete };
