import { textDigest } from '../lock';
import type { Proposal } from '../proposal';
import { deploymentReaders } from './reader';
import { planDeployment } from './deployment';
import type { DeploymentInputs, DeploymentPlan, PlanOptions } from './deployment-inputs';

/** What an update would do to a product instance, in full: for a person's eyes, never for state. Reads only. */
export async function describeDeployment(inputs: DeploymentInputs, options: PlanOptions = {}): Promise<string> {
  const readers = deploymentReaders(inputs, options);
  try {
    return deploymentText(inputs.instance, await planDeployment(inputs, readers.open, options));
  } finally {
    await readers.close();
  }
}

/** Name of the file in which a preview finds the text of a product's plan. */
export function proposalFile({ repository, instance }: Pick<DeploymentInputs, 'repository' | 'instance'>): string {
  return `${textDigest(`${repository.owner}/${repository.name}/${instance}`).slice(7, 39)}.txt`;
}

/** A plan as text: versions, values difference, manifest difference. */
export function deploymentText(instance: string, plan: DeploymentPlan): string {
  const lines: string[] = [];
  if (plan.renewal?.phase === 'renewed') lines.push(plan.renewal.commitMessage.trim(), '');
  const { proposal } = plan;
  if (proposal !== undefined && plan.phase !== 'skipped') lines.push(...proposalLines(instance, proposal));
  else
    lines.push(
      `${instance}: ${plan.phase}${plan.merged === '' ? '' : ` ${plan.merged}`}${plan.reason === '' ? '' : ` (${plan.reason})`}`,
    );
  return `${lines.join('\n').trimEnd()}\n`;
}

function proposalLines(instance: string, proposal: Proposal): string[] {
  const version = proposal.from === undefined ? proposal.version : `${proposal.from} -> ${proposal.version}`;
  const objects = proposal.manifestDiff.flatMap(diff => [`${diff.object} (${diff.kind})`, diff.text, '']);
  return [
    `${instance}: ${version} (${proposal.phase})`,
    ...proposal.faults.map(fault => `  ${fault.where}: ${fault.path} ${fault.message}`),
    ...proposal.conflicts.map(conflict => `  conflict at ${conflict.path}: your value stays until you choose`),
    '',
    ...(proposal.valuesDiff === '' ? ['values.yaml: unchanged'] : [proposal.valuesDiff]),
    '',
    ...(objects.length === 0 ? ['Nothing that is deployed changes.'] : objects),
  ];
}
