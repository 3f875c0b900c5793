import type { PlannedPullRequest, Project } from './deployment-inputs';
import { applyPullRequest } from './pull-request';
import { checksOf, judge, pending, type Verdict } from './verdict';

/** Opens or refreshes a pull request, and says on its head whether it may be merged. */
export async function propose(project: Project, planned: PlannedPullRequest, verdict: Verdict): Promise<string> {
  const { inputs, repository, options } = project;
  const checks = checksOf(inputs);
  let head = planned.observed.head;
  const opened = await applyPullRequest(repository, planned.desire, planned.observed, options, {
    committed: async commit => {
      head = commit;
      await pending(project, checks, commit);
    },
  });
  await judge(project, checks, { ...opened, headCommit: head ?? opened.headCommit }, verdict);
  return opened.url;
}
