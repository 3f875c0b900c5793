import type { CallOptions, RepositoryName } from '../forge';
import { pathOf, type GiteaApi } from './api';

export interface BranchProtection {
  /** A branch name or glob. */
  readonly branch: string;
  /** Checks that must have succeeded before a merge. */
  readonly requiredStatuses: readonly string[];
  /** Whether anybody may push past pull requests. */
  readonly allowPush: boolean;
  /** Approvals before a merge. */
  readonly requiredApprovals: number;
}

interface WireProtection {
  rule_name: string;
  enable_push: boolean;
  enable_status_check: boolean;
  status_check_contexts: string[] | null;
  required_approvals: number;
}

export async function findProtection(
  api: GiteaApi,
  name: RepositoryName,
  branch: string,
  options: CallOptions = {},
): Promise<BranchProtection | undefined> {
  const found = await api.find<WireProtection>(
    `look for the protection of ${branch} in ${name.owner}/${name.name}`,
    at(name, branch),
    options,
  );
  return found && protectionOf(found);
}

/** Creates the rule, or makes an existing one so. */
export async function protect(
  api: GiteaApi,
  name: RepositoryName,
  rule: BranchProtection,
  options: CallOptions = {},
): Promise<BranchProtection> {
  const what = `protect ${rule.branch} in ${name.owner}/${name.name}`;
  const settings = {
    enable_push: rule.allowPush,
    enable_status_check: rule.requiredStatuses.length > 0,
    status_check_contexts: [...rule.requiredStatuses],
    required_approvals: rule.requiredApprovals,
  };
  const existing = await findProtection(api, name, rule.branch, options);
  const { body } = existing
    ? await api.request<WireProtection>(what, 'PATCH', at(name, rule.branch), { ...options, body: settings })
    : await api.request<WireProtection>(what, 'POST', at(name), {
        ...options,
        body: { rule_name: rule.branch, ...settings },
      });
  return protectionOf(body);
}

export async function unprotect(
  api: GiteaApi,
  name: RepositoryName,
  branch: string,
  options: CallOptions = {},
): Promise<void> {
  await api.request(`remove the protection of ${branch} in ${name.owner}/${name.name}`, 'DELETE', at(name, branch), {
    ...options,
    accept: [404],
  });
}

function protectionOf(wire: WireProtection): BranchProtection {
  return {
    branch: wire.rule_name,
    requiredStatuses: wire.enable_status_check ? [...(wire.status_check_contexts ?? [])].sort() : [],
    allowPush: wire.enable_push,
    requiredApprovals: wire.required_approvals,
  };
}

function at(name: RepositoryName, ...rest: string[]): string {
  return pathOf('repos', name.owner, name.name, 'branch_protections', ...rest);
}
