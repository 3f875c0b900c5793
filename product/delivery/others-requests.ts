import type { PullRequest } from '../../forge';
import { AirlockError, messageOf } from '../../report';
import { instanceDirectory, type ProductInstance } from '../instance';
import { planLockRenewal } from '../lock-renewal';
import type { JudgedRequest, OpenedVersion, Project } from './deployment-inputs';
import { rendering } from './deployment-proposal';
import { filesOf } from './instance-files';
import { checksOf, valid, type Verdict } from './verdict';

/**
 * The open pull requests of people that have no verdict yet and are this product's to judge: those that change its folder, and, for
 * the first product of the project, those that change no product. Writes nothing.
 */
export async function planOthersRequests(
  project: Project,
  instance: ProductInstance,
  { reader }: OpenedVersion,
): Promise<JudgedRequest[]> {
  const { inputs, repository, options } = project;
  const open = (await repository.pullRequests('all', options)).filter(
    each => each.state === 'open' && each.base === 'main' && !/^airlock(-\w+)?\//.test(each.head),
  );
  const judged: JudgedRequest[] = [];
  for (const request of open) {
    const changed = await changedProducts(project, request);
    const own = changed.has(instance.name) || (changed.size === 0 && (await isFirst(project, instance.name)));
    if (!own) continue;
    const said = await repository.statuses(request.headCommit, options);
    if (checksOf(inputs).every(check => said.some(each => each.context === check && each.state !== 'pending')))
      continue;
    const verdict = changed.size === 0 ? valid : await verdictOn(project, instance, reader, request);
    judged.push({ request, verdict });
  }
  return judged;
}

async function verdictOn(
  project: Project,
  instance: ProductInstance,
  reader: OpenedVersion['reader'],
  { headCommit }: PullRequest,
): Promise<Verdict> {
  const directory = instanceDirectory(instance);
  const current = filesOf(await project.repository.readTree(headCommit, directory, project.options), directory);
  // Without a lock nothing is deployed of it: that is the reviewers' to see.
  if (current.lock === undefined) return valid;
  try {
    const answers = { commit: headCommit };
    const { phase, faults } = await planLockRenewal({
      instance,
      reader,
      current: { ...current, lock: current.lock },
      answers,
      ...rendering(project),
    });
    const text = faults.map(each => `${each.where}: ${each.path} ${each.message}`).join('; ');
    return phase === 'blocked' ? { passed: false, text, faults } : valid;
  } catch (error) {
    if (!(error instanceof AirlockError) || !error.code.startsWith('product.')) throw error;
    const fault = { path: error.code, message: messageOf(error), where: error.where ?? directory };
    return { passed: false, text: `${fault.where}: ${fault.message}`, faults: [fault] };
  }
}

/** Names of the products whose files a pull request changes. */
async function changedProducts({ repository, options }: Project, request: PullRequest): Promise<Set<string>> {
  const at = async (ref: string): Promise<ReadonlyMap<string, string>> =>
    new Map((await repository.listTree(ref, 'products', options)).map(each => [each.path, each.sha]));
  const [before, after] = [await at(request.mergeBase), await at(request.headCommit)];
  const paths = [...new Set([...before.keys(), ...after.keys()])].filter(path => before.get(path) !== after.get(path));
  return new Set(paths.map(path => path.split('/')[1] ?? ''));
}

async function isFirst({ repository, options }: Project, name: string): Promise<boolean> {
  const tree = await repository.listTree('main', 'products', options);
  const [first] = tree.filter(each => each.path.endsWith('/lock.yaml')).map(each => each.path.split('/')[1]);
  return first === name;
}
